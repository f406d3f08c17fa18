"""The conformance kit: the toolkit's statements about devices, put to the test on one.

>>> from theory import laws
>>> from phys.checks import check_device
>>> report = check_device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3), max_examples=1)
>>> report.passed, report["bounds.clamped"].status.value
(True, 'passed')

How to add a check
------------------
1. Write it in the module of its topic in this package (a new module goes to
   `phys.checks.registry.MODULES`)::

       @check(
           "topic.name",
           "One sentence with its formula: w_min <= w <= w_max.",
           needs=("formula",),                  # keys of phys.checks.subject.CAPABILITIES
           draws=lambda subject: {"start": draws.weights(subject)},
       )
       def name(subject, start):
           xbar = subject.array(2, 3, device=subject.quiet, weights=start)
           xbar.pulse_all([1])
           require(xbar.weights.max() <= 1, f"w = {xbar.weights.max():.9g} exceeds 1")

   * ``subject.device`` is the device as given, ``subject.quiet`` the same without noise,
     ``subject.nominal`` also without spread. Make arrays with ``subject.array``, never with
     `Crossbar` itself: the user may want another engine judged.
   * ``draws(subject)`` returns a Hypothesis strategy for each argument. Draw plain values (numbers,
     text, lists, tuples, dicts) or NumPy arrays, because they are written into the
     counter-example; build objects from them inside the check. Without `draws` it runs once.
   * Raise `NotApplicable` with the reason, in `draws` or in the check, where the statement does
     not speak about the device. ``hypothesis.assume`` drops a single example.
   * Fail through `require`, with a message that holds the numbers. The same arguments must fail
     again: take all randomness from a drawn seed. Keep arrays small; `most` limits the examples of
     a slow check.
2. Write a saboteur in ``tests/phys/saboteurs/``: a small, plausible, wrong device (or engine) that
   this check and, as far as possible, only this one catches::

       @saboteur("topic.name", "exceeds 1")
       def what_is_wrong() -> Sabotage:
           return Sabotage(device, crossbar=BrokenCrossbar)

   A check without one fails the suite.
3. Renew the list in the documentation: ``python -m phys.checks docs/conformance.md``.
"""

from __future__ import annotations

from phys.checks.pytest_support import parametrize_with_checks
from phys.checks.registry import Check, NotApplicable, check, checks, require
from phys.checks.report import Report, Result, Status
from phys.checks.runner import check_device, recheck
from phys.checks.subject import Subject

__all__ = [
    "Check",
    "NotApplicable",
    "Report",
    "Result",
    "Status",
    "Subject",
    "check",
    "check_device",
    "checks",
    "parametrize_with_checks",
    "recheck",
    "require",
]
