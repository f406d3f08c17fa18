"""From measured pulse trains to a device law: least squares, model choice, uncertainty.

Every law of the catalogue is fitted to the increments by maximum likelihood (least squares with
the weights that cycle noise and read noise ask for, see `phys.fitting.likelihood`), the law is
chosen by the Bayesian information criterion, and its numbers get intervals by the bootstrap
(`phys.fitting.bootstrap`). Devices may differ in their step and in their bounds, as the devices of
an array do (`phys.Spread`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from threadpoolctl import threadpool_limits

from phys import checked
from phys.checked import InputError
from phys.fitting.bootstrap import bootstrap
from phys.fitting.families import LEFT_OUT, Family, Rough, chosen_families
from phys.fitting.first_look import look
from phys.fitting.intervals import intervals, spread, symmetry_point
from phys.fitting.law_fit import fit_law
from phys.fitting.optimise import NoFitError
from phys.fitting.pulse_data import PulseData
from phys.fitting.result import FitResult, LawFit
from theory.errors import TheoryError


@dataclass(frozen=True)
class Progress:
    """Where a fit stands: laws done, of how many, and the one at hand."""

    done: int
    total: int
    law: str


def fit(
    data: PulseData,
    laws: str | Iterable[str] | None = None,
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> FitResult:
    """Fit device laws to measured pulse trains and choose one.

    Parameters
    ----------
    data : PulseData
        From `phys.fitting.read_pulses` or `phys.fitting.from_arrays`.
    laws : str or iterable of str, optional
        Names of the catalogue; all of them where left out.
    confidence : float
        Of the intervals, 0.5 to 0.999.
    resamples : int
        Bootstrap resamples, 100 to 100000.
    seed : int
        Of the resampling.
    progress : callable, optional
        Called with a `Progress` before each law and at the end.

    Returns
    -------
    FitResult

    Raises
    ------
    InputError
        Too few pulses, pulses in one direction only, or no law that the data decide.

    Examples
    --------
    >>> from phys.fitting import fit, load_example
    >>> result = fit(load_example("soft_bounds"), laws=["soft_bounds", "constant_step"])
    >>> result.best.name, 0.3 in result.intervals["imbalance"]
    ('soft_bounds', True)
    """
    confidence = checked.real("confidence", confidence, 0.5, 0.999)
    resamples = checked.whole("resamples", resamples, 100, 100_000)
    seed = checked.whole("seed", seed, 0, 2**64 - 1)
    families = chosen_families(laws)
    rough = look(data)
    tell = progress or (lambda now: None)
    # The matrices are small: threads of the linear algebra would cost more than they bring.
    with threadpool_limits(1, "blas"):
        fits, failed = _fit_all(families, data, rough, tell)
    if laws is None:
        failed = LEFT_OUT | failed
    fits.sort(key=lambda one: one.bic)
    decided = [one for one in fits if not one.undecided and one.optimum.settled]
    if not decided:
        open_numbers = "; ".join(
            f"{f.name} leaves {', '.join(f.undecided) or 'its best numbers'} open" for f in fits
        )
        reasons = open_numbers or "; ".join(f"{n}: {reason}" for n, reason in failed.items())
        raise InputError(
            f"{data.source}: {data.pulses} pulses do not identify a law: {reasons}; measure trains "
            f"that reach both ends of the range, or fit a law with fewer numbers"
        )
    best = decided[0]
    with threadpool_limits(1, "blas"):
        drawn = bootstrap(best.optimum, resamples, seed)
    return FitResult(
        data,
        tuple(fits),
        failed,
        best,
        intervals(best.optimum, drawn, confidence),
        symmetry_point(best.optimum, drawn, confidence),
        spread(best.optimum),
        confidence,
        drawn.kind,
        seed,
    )


def _fit_all(
    families: tuple[Family, ...],
    data: PulseData,
    rough: Rough,
    tell: Callable[[Progress], None],
) -> tuple[list[LawFit], dict[str, str]]:
    """Fit every law; return the fits, and for the others the reason why there is none."""
    fits: list[LawFit] = []
    failed: dict[str, str] = {}
    for k, family in enumerate(families):
        now = Progress(k, len(families), family.name)
        tell(now)
        try:
            fits.append(fit_law(family, data, rough, partial(tell, now)))
        except (NoFitError, TheoryError, InputError) as error:
            failed[family.name] = str(error)
    tell(Progress(len(families), len(families), ""))
    return fits, failed
