"""Spread: every drawn device is one, and they differ as much as stated."""

from __future__ import annotations

import numpy as np

from phys.checks import draws
from phys.checks.exercise import SIGMAS
from phys.checks.registry import NotApplicable, check, require
from phys.checks.subject import Subject
from phys.crossbar import Crossbar
from phys.spread import Spread
from phys.symmetry import per_device

SIDE = 64
ROUNDING = 1e-6


def _flat(values: object) -> np.ndarray:
    return np.broadcast_to(np.asarray(values, float), SIDE * SIDE)


@check(
    "spread.valid",
    "Every drawn device is a device: dw_min > 0, w_min < 0 < w_max, and by the formula with its "
    "own numbers q_up, q_down > 0 strictly between its bounds.",
    needs=("spread",),
    draws=lambda subject: {"seed": draws.seeds()},
    most=10,
)
def valid(subject: Subject, seed: int) -> None:
    """Draw 4096 devices, and evaluate their steps at 21 weights between their bounds."""
    xbar: Crossbar = subject.array(SIDE, SIDE, seed=seed)
    population = xbar.population
    step, low, high = (_flat(v) for v in (population.step, population.low, population.high))
    for holds, said in (
        (step > 0, "dw_min > 0"),
        (low < 0, "w_min < 0"),
        (high > 0, "w_max > 0"),
    ):
        k = int(np.argmin(holds))
        require(
            holds.all(),
            f"device {k} has dw_min = {step[k]:.6g}, w_min = {low[k]:.6g}, w_max = {high[k]:.6g}: "
            f"not {said}",
        )
    if subject.law is None:
        return
    share = np.linspace(0, 1, 23)[1:-1, None]
    places = low + share * (high - low)
    form = population.device.form
    for name, expression in (("q_up", form.up), ("q_down", form.down)):
        q = per_device(population, expression)(places)
        bad = np.argwhere(~(np.isfinite(q) & (q > 0)))
        if bad.size:
            n, k = (int(v) for v in bad[0])
            numbers = ", ".join(
                f"{symbol} = {float(_flat(value)[k]):.6g}"
                for symbol, value in population.values.items()
            )
            require(
                False,
                f"device {k} ({numbers}) has {name} = {q[n, k]:.6g} at w = {places[n, k]:.6g}",
            )


@check(
    "spread.size",
    "Devices differ as much as stated: ln(step/dw_min) and bound/nominal - 1 have the median 0 and "
    f"the upper quartile 0.6745 s, s the spread, within {SIGMAS} standard deviations of these.",
    needs=("spread",),
    draws=lambda subject: {"seed": draws.seeds()},
    most=10,
)
def size(subject: Subject, seed: int) -> None:
    """Draw 4096 devices. Quartiles, since bounds are cut off at a tenth of the nominal ones."""
    given = subject.device.device_spread
    spread = given if isinstance(given, Spread) else Spread(step=given, bounds=given)
    if not (spread.step or spread.bounds):
        raise NotApplicable("only parameters of the law differ, neither steps nor bounds")
    xbar: Crossbar = subject.array(SIDE, SIDE, seed=seed)
    step = _flat(xbar.population.step)
    low, high = (
        _flat(xbar.coefficients[:, place])
        for place in (xbar.kernel.low_place, xbar.kernel.high_place)
    )
    for name, values, sd in (
        ("ln(step/dw_min)", np.log(np.abs(step) / subject.device.dw_min), spread.step),
        ("w_min/nominal - 1", low / subject.bounds[0] - 1, spread.bounds),
        ("w_max/nominal - 1", high / subject.bounds[1] - 1, spread.bounds),
    ):
        for quantile, wanted, factor, said in (
            (0.5, 0.0, 1.2533, "median"),
            (0.75, 0.67449 * sd, 1.3626, "upper quartile"),
        ):
            found = float(np.quantile(values, quantile))
            allowed = SIGMAS * factor * sd / SIDE + ROUNDING
            require(
                abs(found - wanted) <= allowed,
                f"{name} of {values.size} devices has the {said} {found:.5g} instead of "
                f"{wanted:.5g} +- {factor * sd / SIDE:.2g}",
            )
