"""The checks as tests of pytest, one for each device and check."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from phys.checked import InputError
from phys.checks.code import origin_of
from phys.checks.registry import Check, checks
from phys.checks.report import Result, Status
from phys.checks.runner import MAX_EXAMPLES, exemptions, run_check
from phys.checks.subject import Subject, as_device
from phys.crossbar import Crossbar


def parametrize_with_checks(
    devices: Iterable[Any],
    *,
    max_examples: int = MAX_EXAMPLES,
    seed: int = 0,
    skip: Mapping[str, str] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    crossbar: Callable[..., Crossbar] = Crossbar,
) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that runs a test once for each device and check.

    Parameters
    ----------
    devices : list of DeviceLaw, Device or StepFunctions
    max_examples, seed, skip, expected_failures, crossbar
        As in `check_device`. Expected failures are marked ``xfail(strict=True)``; checks that are
        skipped or not applicable are skipped with the reason.

    Notes
    -----
    The test takes ``device`` and ``check`` and calls ``check(device)``::

        @parametrize_with_checks([MY_DEVICE])
        def test_my_device(device, check):
            check(device)

    Raises
    ------
    InputError
        pytest is not installed, no device, an unknown id, an exemption without a reason.
    """
    try:
        import pytest
    except ImportError:
        raise InputError(
            "parametrize_with_checks needs pytest; install it with: pip install pytest"
        ) from None
    exempt = exemptions(skip, expected_failures)
    frame = sys._getframe(1)
    cases, names = [], set[str]()
    for given in devices:
        device = as_device(given)
        subject = Subject(device, crossbar, origin_of(given, frame))
        name = base = str(device.law.name).replace(" ", "_")
        count = 1
        while name in names:
            count += 1
            name = f"{base}_{count}"
        names.add(name)
        for one in checks().values():
            status, reason = exempt.get(one.id, (None, ""))
            marks = []
            if status is Status.EXPECTED_FAILURE:
                marks.append(pytest.mark.xfail(reason=reason, strict=True))
            elif status is Status.SKIPPED:
                marks.append(pytest.mark.skip(reason=reason))
            case = BoundCheck(one, subject, max_examples, seed)
            cases.append(pytest.param(given, case, id=f"{name}-{one.id}", marks=marks))
    return pytest.mark.parametrize(("device", "check"), cases)


class BoundCheck:
    """One check of one device, to be called by a test."""

    def __init__(self, one: Check, subject: Subject, max_examples: int, seed: int) -> None:
        self.check, self.subject = one, subject
        self.max_examples, self.seed = max_examples, seed

    def __repr__(self) -> str:
        return self.check.id

    def __call__(self, device: Any) -> Result:
        """Run the check; fail or skip the test as it comes out."""
        import pytest

        result = run_check(self.check, self.subject, self.max_examples, self.seed)
        if result.status is Status.NOT_APPLICABLE:
            pytest.skip(f"not applicable: {result.message}")
        if result.status is Status.FAILED:
            pytest.fail(
                f"{result.statement}\n{result.message}\n\n{result.counter_example}", pytrace=False
            )
        return result
