"""Running checks: examples by Hypothesis, the smallest counter-example, and exemptions."""

from __future__ import annotations

import difflib
import sys
import time
import traceback
import warnings
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from textwrap import shorten
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable, UnsatisfiedAssumption

from phys import checked
from phys.checked import InputError
from phys.checks.code import counter_example, origin_of
from phys.checks.registry import Check, NotApplicable, checks
from phys.checks.report import Report, Result, Status
from phys.checks.subject import CAPABILITIES, Subject, as_device
from phys.crossbar import Crossbar
from phys.functions.kernel import UncompiledDeviceWarning

MAX_EXAMPLES = 25
LONGEST_MESSAGE = 400
UNMET = "no drawn example meets the conditions of the statement"
QUIET = settings(
    deadline=None,
    database=None,
    derandomize=False,
    verbosity=Verbosity.quiet,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=tuple(HealthCheck),
    report_multiple_bugs=False,
)


def check_device(
    law_or_device: Any,
    *,
    max_examples: int = MAX_EXAMPLES,
    seed: int = 0,
    skip: Mapping[str, str] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    crossbar: Callable[..., Crossbar] = Crossbar,
    origin: str | None = None,
    progress: Callable[[str, int, int], Any] | None = None,
) -> Report:
    """Look for a counter-example to every statement of the toolkit about a device.

    Parameters
    ----------
    law_or_device : DeviceLaw, Device or StepFunctions
        A bare law or pair of functions is given a nominal step of a hundredth of its range.
    max_examples : int
        Examples for each check, at most; some checks take fewer.
    seed : int
        The same seed draws the same examples, whichever checks run.
    skip : dict of id to reason, optional
        Checks not to run.
    expected_failures : dict of id to reason, optional
        Checks that fail for a known reason. One that passes is a failure: the reason is gone.
    crossbar : callable, optional
        ``crossbar(rows, cols, device, seed)`` makes the arrays; another engine to be judged.
    origin : str, optional
        Python code that defines ``device``, for the counter-examples.
    progress : callable, optional
        Called with the id of the next check, how many are done, and how many there are.

    Returns
    -------
    Report

    Raises
    ------
    InputError
        No device, an unknown id, an exemption without a reason.

    Examples
    --------
    >>> from theory import laws
    >>> law = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)
    >>> check_device(law, max_examples=1).passed
    True
    """
    exempt = exemptions(skip, expected_failures)
    examples = checked.whole("max_examples", max_examples, 1, 100_000)
    number = checked.whole("seed", seed, 0, 2**64 - 1)
    given = origin_of(law_or_device, sys._getframe(1)) if origin is None else origin
    subject = Subject(as_device(law_or_device), crossbar, given)
    every, results = checks(), []
    for done, one in enumerate(every.values()):
        if progress is not None:
            progress(one.id, done, len(every))
        results.append(run_check(one, subject, examples, number, exempt.get(one.id)))
    return Report(describe(subject), number, examples, tuple(results))


def describe(subject: Subject) -> str:
    """Return what is checked, in a few words."""
    device, (low, high) = subject.device, subject.bounds
    parts = [f"{device.law.name!r}, bounds {low:g} to {high:g}, dw_min {device.dw_min:g}"]
    spread = device.spread
    if spread.any:
        parts.append("devices differ")
    parts += [
        f"{name.replace('_', ' ')} {value:g}"
        for name in ("cycle_noise", "additive_noise")
        if (value := getattr(device, name))
    ]
    if subject.crossbar is not Crossbar:
        parts.append(f"arrays by {getattr(subject.crossbar, '__name__', subject.crossbar)}")
    return ", ".join(parts)


def recheck(
    id: str,  # noqa: A002 - the word of the report
    law_or_device: Any,
    *,
    crossbar: Callable[..., Crossbar] = Crossbar,
    **drawn: Any,
) -> None:
    """Examine one check on one example, such as a counter-example from a report.

    Raises
    ------
    AssertionError
        The statement does not hold.
    NotApplicable
        It does not speak about this device.
    InputError
        No device, or an unknown id.

    Examples
    --------
    >>> from theory import laws
    >>> law = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)
    >>> recheck("bounds.clamped", law, start=0.99, pulses=[1, 1], seed=0)
    """
    one = find(id)
    subject = Subject(as_device(law_or_device), crossbar)
    require_capabilities(one, subject)
    if one.draws is not None:
        one.draws(subject)
    with suppress(UnsatisfiedAssumption):
        one.examine(subject, **drawn)


def find(id: str) -> Check:  # noqa: A002 - the word of the report
    """Return the check of that id, or raise with those that read alike."""
    every = checks()
    if id in every:
        return every[id]
    near = difflib.get_close_matches(id, every, 3, 0.4) or list(every)
    raise InputError(f"there is no check {id!r}; did you mean {' or '.join(near)}?")


def exemptions(
    skip: Mapping[str, str] | None, expected_failures: Mapping[str, str] | None
) -> dict[str, tuple[Status, str]]:
    """Return status and reason of each exempted check, or raise `InputError`."""
    found: dict[str, tuple[Status, str]] = {}
    for argument, given, status in (
        ("skip", skip, Status.SKIPPED),
        ("expected_failures", expected_failures, Status.EXPECTED_FAILURE),
    ):
        for name, reason in (given or {}).items():
            find(name)
            text = str(reason or "").strip()
            if not text:
                raise InputError(f"{argument}[{name!r}] = {reason!r}; give the reason in words")
            if name in found:
                raise InputError(f"{name!r} is both skipped and expected to fail; choose one")
            found[name] = (status, text)
    return found


def require_capabilities(one: Check, subject: Subject) -> None:
    """Raise `NotApplicable` if the subject lacks something that the check needs."""
    for need in one.needs:
        has, otherwise = CAPABILITIES[need]
        if not has(subject):
            raise NotApplicable(otherwise)


def run_check(
    one: Check,
    subject: Subject,
    max_examples: int = MAX_EXAMPLES,
    seed: int = 0,
    exempt: tuple[Status, str] | None = None,
) -> Result:
    """Run one check on one device."""
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UncompiledDeviceWarning)
        result = _examined(one, subject, max_examples, seed, exempt)
    seconds = time.perf_counter() - began
    return Result(**{**vars(result), "seconds": seconds})


def _examined(
    one: Check,
    subject: Subject,
    max_examples: int,
    seed: int,
    exempt: tuple[Status, str] | None,
) -> Result:
    def result(status: Status, message: str = "", **more: Any) -> Result:
        return Result(one.id, one.statement, status, message, **more)

    try:
        require_capabilities(one, subject)
        strategies = dict(one.draws(subject)) if one.draws is not None else {}
        if exempt is not None and exempt[0] is Status.SKIPPED:
            return result(Status.SKIPPED, exempt[1])
        examples, failure = search(one, subject, strategies, max_examples, seed)
    except NotApplicable as reason:
        if exempt is not None:
            return result(
                Status.FAILED,
                f"dead exemption ({exempt[1]}): the check is not applicable anyway, since "
                f"{reason}; take it out",
            )
        return result(Status.NOT_APPLICABLE, str(reason))
    if failure is None:
        if exempt is not None:
            return result(
                Status.FAILED,
                f"dead exemption ({exempt[1]}): the check passes; take it out of expected_failures",
                examples=examples,
            )
        return result(Status.PASSED, examples=examples)
    drawn, error = failure
    message = _said(error)
    code = counter_example(one.id, subject.origin, drawn, subject.crossbar)
    if exempt is not None:
        return result(
            Status.EXPECTED_FAILURE,
            f"{exempt[1]} ({message})",
            examples=examples,
            counter_example=code,
        )
    return result(Status.FAILED, message, examples=examples, counter_example=code)


def search(
    one: Check,
    subject: Subject,
    strategies: Mapping[str, Any],
    max_examples: int,
    seed: int,
) -> tuple[int, tuple[dict[str, Any], Exception] | None]:
    """Return how many examples were examined, and the smallest that fails with its error."""
    examples = 0
    failure: tuple[dict[str, Any], Exception] | None = None

    def examine(drawn: dict[str, Any]) -> None:
        nonlocal examples, failure
        try:
            one.examine(subject, **drawn)
        except (NotApplicable, UnsatisfiedAssumption):
            raise
        except Exception as error:
            examples += 1
            failure = drawn, error
            raise
        examples += 1

    if not strategies:
        try:
            examine({})
        except NotApplicable:
            raise
        except UnsatisfiedAssumption:
            raise NotApplicable(UNMET) from None
        except Exception:
            assert failure is not None
        return examples, failure
    limit = min(max_examples, one.most or max_examples)
    own_seed = zlib.crc32(one.id.encode(), seed & 0xFFFFFFFF) ^ (seed >> 32)
    test = hypothesis.seed(own_seed)(
        settings(QUIET, max_examples=limit)(
            hypothesis.given(st.fixed_dictionaries(dict(strategies)))(examine)
        )
    )
    try:
        test()
    except NotApplicable:
        raise
    except Unsatisfiable:
        raise NotApplicable(UNMET) from None
    except Exception:
        if failure is None:
            raise
    return examples, failure


def _said(error: Exception) -> str:
    if isinstance(error, AssertionError):
        return str(error) or "an assertion does not hold"
    last = traceback.extract_tb(error.__traceback__)[-1]
    text = shorten(str(error), LONGEST_MESSAGE)
    return f"{type(error).__name__}: {text} (line {last.lineno} of {last.filename})"
