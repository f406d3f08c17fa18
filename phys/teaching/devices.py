"""Answers that are devices: they have to meet a specification, and the conformance kit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from phys.device import Device
from phys.functions.hidden_state import HiddenStateFunctions
from phys.functions.steps import StepFunctions
from phys.teaching.verdict import Verdict, kind_of, missing
from theory import DeviceLaw
from theory.errors import TheoryError

EXAMPLES = 10
EXAMPLE = '`DeviceLaw("mine", up=..., down=..., bounds=(-1, 1))`.'


@dataclass(frozen=True)
class DeviceAnswer:
    """A judge of device laws.

    Parameters
    ----------
    because : str
        Said after a right answer.
    demands : mapping of sentence to callable
        Each takes the law and returns whether it is met, or a sentence that says what the law does
        instead; that sentence, or else the one of the mapping, is said where it is not met.
    conformance : bool
        Whether the law must also pass `phys.checks.check_device`.

    Examples
    --------
    >>> from theory import laws
    >>> judge = DeviceAnswer(
    ...     "It rests at zero.",
    ...     {"its symmetry point is not at 0.": lambda law: float(law.symmetry_point()) == 0},
    ...     conformance=False,
    ... )
    >>> judge.judge(laws.soft_bounds(1, -1, 0)).passed
    True
    >>> judge.judge(laws.soft_bounds(1, -1, 0.3)).message
    'its symmetry point is not at 0.'
    """

    because: str
    demands: Mapping[str, Callable[[DeviceLaw], bool | str]] = field(default_factory=dict)
    conformance: bool = True

    def judge(self, answer: Any) -> Verdict:
        """Return the verdict on `answer`."""
        if sentence := missing(answer):
            return Verdict(False, sentence)
        law = answer.law if isinstance(answer, Device) else answer
        if isinstance(law, StepFunctions | HiddenStateFunctions):
            return Verdict(
                False,
                "the steps of this device are Python functions; here they have to be formulas in "
                "`w`: " + EXAMPLE,
            )
        if not isinstance(law, DeviceLaw):
            return Verdict(
                False,
                f"the answer is {kind_of(answer)}; a device is asked for: {EXAMPLE}",
            )
        if not law.is_numeric:
            names = ", ".join(p.name for p in law.parameters if p.value is None)
            return Verdict(False, f"{names} have no values: use `law.with_values(...)`.")
        for sentence, met in self.demands.items():
            try:
                found = met(law)
                if found is not True:
                    return Verdict(False, found or sentence)
            except TheoryError as reason:
                return Verdict(False, f"{reason}.")
        return self._conforms(answer) if self.conformance else Verdict(True, self.because)

    def _conforms(self, answer: DeviceLaw | Device) -> Verdict:
        from phys.checks import check_device

        report = check_device(answer, max_examples=EXAMPLES)
        if report.passed:
            return Verdict(True, self.because)
        first = report.failures[0]
        shown = f"\n\n```python\n{first.counter_example}\n```" if first.counter_example else ""
        return Verdict(
            False,
            f"the conformance kit is not content. {first.id}: {first.statement} {first.message}."
            f"{shown}",
        )
