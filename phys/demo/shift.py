"""Zero-shifting beside its theory: where real pulses leave real arrays, and where they should."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from phys.crossbar import Crossbar
from phys.device import Device
from phys.spread import Spread
from phys.symmetry import antisymmetric_slope, cycle_multiplier, per_device, symmetric_part
from phys.zero_shifting import zero_shift
from theory import DeviceLaw, w

SIZE = 48


@dataclass(frozen=True)
class ShiftTest:
    """A noise-free array of devices that differ, and an array of equal, noisy devices.

    Attributes
    ----------
    step : float
        Nominal step; distances below are in weight units.
    pairs, pulses : int
        What the noise-free array took, as computed from the law.
    at : list of int
        Pairs after which the entries of `distance` and the traces were taken.
    distance, predicted : list of float
        Root mean square distance to the devices' own symmetry points: measured, and from theory.
    weights, predicted_weights : (len(at), k)
        Some devices.
    targets : (k,)
        Their symmetry points.
    cycle_error : float
        Root mean square difference between the ends and the predicted cycle, after the last down
        pulse.
    within : float
        Share of the devices that end as near to w* as theory bounds it,
        ``dw_min F(w*) + |w0 - w*| multiplier^pairs``.
    noise : float
        Cycle noise of the second array.
    noisy_pairs : int
    ends : (n,)
        Where its devices end.
    centre, scatter : float
        Predicted mean and standard deviation of the ends.
    """

    step: float
    pairs: int
    pulses: int
    at: list[int]
    distance: list[float]
    predicted: list[float]
    weights: np.ndarray = field(repr=False)
    predicted_weights: np.ndarray = field(repr=False)
    targets: np.ndarray = field(repr=False)
    cycle_error: float
    within: float
    noise: float
    noisy_pairs: int
    ends: np.ndarray = field(repr=False)
    centre: float
    scatter: float

    @property
    def measured_scatter(self) -> float:
        """Standard deviation of the ends."""
        return float(np.std(self.ends, ddof=1))

    @property
    def scatter_error(self) -> float:
        """Standard error of `measured_scatter`."""
        return self.measured_scatter / float(np.sqrt(2 * (self.ends.size - 1)))

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers in JSON types, without the arrays."""
        return {
            "step": self.step,
            "pairs": self.pairs,
            "pulses": self.pulses,
            "at": self.at,
            "distance": self.distance,
            "predicted_distance": self.predicted,
            "cycle_error": self.cycle_error,
            "within_bound": self.within,
            "cycle_noise": self.noise,
            "noisy_pairs": self.noisy_pairs,
            "noisy_devices": self.ends.size,
            "predicted_mean": self.centre,
            "measured_mean": float(np.mean(self.ends)),
            "predicted_scatter": self.scatter,
            "measured_scatter": self.measured_scatter,
        }


def shift_test(
    law: DeviceLaw, dw_min: float, seed: int, spread: Spread, noise: float = 0.3
) -> ShiftTest:
    """Zero-shift two arrays and compare their ends with theory.

    Parameters
    ----------
    law : DeviceLaw
        With numbers, and a stable symmetry point.
    dw_min : float
    seed : int
    spread : Spread
        How the devices of the noise-free array differ.
    noise : float
        Cycle noise of the devices of the other one.

    Examples
    --------
    >>> from theory import laws
    >>> law = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)
    >>> test = shift_test(law, 0.01, 0, Spread(step=0.1, bounds=0.1))
    >>> test.within > 0.99, abs(test.measured_scatter / test.scatter - 1) < 0.1
    (True, True)
    """
    quiet = Crossbar(SIZE, SIZE, Device(law, dw_min, spread), seed)
    points, cycle, shrink = _theory(quiet)
    history = zero_shift(quiet)
    pairs = np.array(history.at)[:, None]
    path = cycle * (1 - shrink**pairs)
    some = np.unique(np.linspace(0, points.size - 1, history.trace.shape[1]).astype(int))
    ends = quiet.columns.reshape(-1)
    bound = quiet.population.step * symmetric_part(quiet.population, points)
    bound += np.abs(points) * shrink**history.pairs

    noisy = Crossbar(SIZE, SIZE, Device(law, dw_min, cycle_noise=noise), seed)
    point, centre, _ = (float(values[0]) for values in _theory(noisy))
    first = zero_shift(noisy)
    # Once more as many pairs: nothing of the start is left, and what scatters is noise alone.
    zero_shift(noisy, pairs=first.pairs)
    force = float(_at(law.F, point))
    scatter = noise * force * float(np.sqrt(dw_min / (2 * _at(law.G.diff(w), point))))
    return ShiftTest(
        step=dw_min,
        pairs=history.pairs,
        pulses=history.pulses,
        at=history.at,
        distance=list(history.distance or []),
        predicted=[float(x) for x in np.sqrt(np.mean((path - points) ** 2, axis=1))],
        weights=history.trace,
        predicted_weights=path[:, some],
        targets=points[some],
        cycle_error=float(np.sqrt(np.mean((ends - path[-1]) ** 2))),
        within=float(np.mean(np.abs(ends - points) <= bound)),
        noise=noise,
        noisy_pairs=2 * first.pairs,
        ends=noisy.columns.reshape(-1).astype(float),
        centre=centre,
        scatter=scatter,
    )


def _at(expression: Any, point: float) -> float:
    return float(expression.subs(w, point))


def _theory(xbar: Crossbar) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, per device, w*, the cycle's weight after the down pulse, and the multiplier."""
    population = xbar.population
    points = np.broadcast_to(xbar.symmetry_points().T.reshape(-1), xbar.columns.size)
    force = symmetric_part(population, points)
    slope = antisymmetric_slope(population, points)
    bend = per_device(population, xbar.device.form.F.diff(w))(points)
    cycle = points - np.asarray(population.step) / 2 * force * (1 + bend / slope)
    return points, cycle, cycle_multiplier(population, points)
