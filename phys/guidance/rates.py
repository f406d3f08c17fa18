"""Learning rates from theory: what pulse trains can carry, how far arrays scatter, a damping."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from phys import checked
from phys.algorithms import PulsedSGD
from phys.checked import InputError
from phys.data import Dataset
from phys.device import Device
from phys.gradients import probe_gradients
from phys.guidance.equilibrium import ALGORITHMS, delivered_share, predicted_variance
from phys.network import Network
from phys.population import draw_population
from phys.symmetry import antisymmetric_slope, device_symmetry_points, symmetric_part
from theory import DeviceLaw

DELIVERED = 0.5
DEVIATIONS = 4.0
THERMAL_SHARE = 0.25
ROUND_SHARE = 0.1
PROBE = 2000
HALVINGS = 40
LARGEST_RATE = 100.0


@dataclass(frozen=True)
class SuggestedRates:
    """An algorithm with the learning rates that theory suggests, and why.

    Attributes
    ----------
    algorithm : Algorithm
    reasons : tuple of str
        One sentence for each rate, with the numbers that it follows from.
    """

    algorithm: Any
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.reasons)


@dataclass(frozen=True)
class _Measured:
    """Gradient statistics of one layer: largest products per sample, E|g|, E[g^2], and its size."""

    product: np.ndarray
    absolute: np.ndarray
    square: np.ndarray
    columns: int

    @property
    def devices(self) -> int:
        """Devices of an array of the layer."""
        return int(self.absolute.size)


@dataclass(frozen=True)
class _Friction:
    """An array about its symmetry point: F, G', dw_min (1 + sigma^2), and how near a bound is."""

    f: float
    slope: float
    step: float
    distance: float

    def variance(self, layer: _Measured, lr: float) -> float:
        """Return the stationary variance in a layer, mean over the devices with a gradient."""
        used = layer.absolute > 0
        absolute, square = layer.absolute[used], layer.square[used]
        if not used.any():
            absolute, square = np.ones(1), np.zeros(1)
        found = predicted_variance(lr, absolute, square, self.f, self.slope, self.step)
        return float(np.mean(found))

    def memory(self, layer: _Measured, lr: float) -> float:
        """Return the samples after which the array has forgotten a gradient."""
        return 1 / max(lr * float(layer.absolute.mean()) * self.slope, 1e-30)


def suggest_rates(
    algorithm: Any,
    device: Device,
    data: Dataset,
    *,
    layers: tuple[int, ...] | None = None,
    activation: str = "sigmoid",
    samples: int | None = None,
    seed: int = 0,
    damping: float = 1.0,
    device_a: Device | None = None,
) -> SuggestedRates:
    r"""Return the algorithm with learning rates from theory.

    A floating-point network of the same shape learns for one epoch, and its gradients are measured.
    Then the rate that acts on the gradient, :math:`\eta`, is the largest at which

    * the pulse trains still deliver half of the wanted change in the layer that asks for most;
    * four standard deviations of the array that takes it up, A where there are two, fit between
      its symmetry point and the nearest bound, at the distance b, in every layer:
      :math:`4\sqrt{\langle V\rangle} \le b` with the variance of noise against friction,
      :math:`V = (\eta\,E[g^2]F^2/E|g| + dw_{min}F(1+\sigma^2))/(2G')`.

    The rate of the transfer, :math:`\kappa_l\,\mathrm{columns}_l =
    \mathrm{lr_C}/\mathrm{transfer\_every}`, is the largest at which

    * no layer is damped less than wanted:
      :math:`\kappa_l \le \eta \sum (E|g|G')^2/(4\zeta^2\sum E[g^2]F)`;
    * the loss that the scatter of A keeps up through C, half a temperature
      :math:`T = \kappa V/(\eta F)` for each device, is at most a quarter of that of guessing among
      K classes: :math:`\sum T/2 \le \tfrac14\ln K`.

    And `transfer_every` is the largest at which a typical reading of A still fits into a pulse
    train, and all columns are transferred within a tenth of A's memory, :math:`1/(\eta E|g|G')`.

    Parameters
    ----------
    algorithm : PulsedSGD, ZeroShiftedSGD, SHD or TikiTaka
        Its number of pulses is kept.
    device : Device
        With a formula; the law's symmetry point is where the array is taken to stand. An array
        alone may do without: then pulse trains alone limit its rate.
    data : Dataset
    layers, activation, samples, seed
        See `phys.train`.
    damping : float
        Wanted damping ratio (symbol zeta); 1 is critical.
    device_a : Device, optional
        Another device for array A.

    Returns
    -------
    SuggestedRates

    Raises
    ------
    InputError
        Theory has no rates for the algorithm, or none for the device: it has no stable symmetry
        point, or its steps alone scatter it over more than a quarter of the way to its bound.

    Examples
    --------
    >>> from phys.algorithms import SHD
    >>> from phys.data import load
    >>> from theory import laws
    >>> device = Device(laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3), dw_min=0.001)
    >>> found = suggest_rates(SHD(), device, load("digits"), samples=500)
    >>> 0 < found.algorithm.lr_a < 1, found.reasons[0].startswith("lr_a = ")
    (True, True)
    """
    if not isinstance(algorithm, ALGORITHMS):
        names = ", ".join(str(a.name) for a in ALGORITHMS)
        raise InputError(
            f"rates = 'theory': theory has no rates for algorithm "
            f"{getattr(algorithm, 'name', algorithm)!r}, only for {names}; give the rates"
        )
    checked.real("damping", damping, 0.0, 100.0, open_low=True)
    measured = _pilot(data, layers, activation, samples, seed)
    taken_up = device if device_a is None or not hasattr(algorithm, "lr_a") else device_a
    friction = _friction(taken_up)
    name = "lr_a" if hasattr(algorithm, "lr_a") else "lr"
    lr, reason = _gradient_rate(name, measured, friction, taken_up.dw_min, algorithm.pulses)
    if isinstance(algorithm, PulsedSGD):
        return SuggestedRates(replace(algorithm, lr=lr), (reason,))
    if friction is None:
        raise InputError(_nothing_damps(taken_up))
    classes = int(data.train_labels.max()) + 1
    per_sample, limited = _transfer_rate(measured, friction, lr, damping, classes)
    every, fitting = _interval(measured, friction, lr, per_sample, device.dw_min, algorithm.pulses)
    lr_c = per_sample * every
    found = replace(algorithm, lr_a=lr, lr_c=lr_c, transfer_every=every)
    return SuggestedRates(found, (reason, f"lr_c = {lr_c:.3g}: {limited}", fitting))


def _pilot(
    data: Dataset,
    layers: tuple[int, ...] | None,
    activation: str,
    samples: int | None,
    seed: int,
) -> list[_Measured]:
    from phys.training import train

    history = train(
        data, "float", epochs=1, seed=seed, samples=samples, layers=layers, activation=activation
    )
    network = history.network
    assert isinstance(network, Network)
    count = min(PROBE, samples or PROBE, len(data.train_labels))
    _, probes = probe_gradients(network, data.train_images[:count], data.train_labels[:count])
    return [
        _Measured(
            np.abs(x).max(axis=1) * np.abs(d).max(axis=1),
            (np.abs(x).T @ np.abs(d)).reshape(-1).astype(float) / len(x),
            ((x**2).T @ d**2).reshape(-1).astype(float) / len(x),
            x.shape[1],
        )
        for x, d in probes
    ]


def _deliverable(measured: list[_Measured], dw_min: float, pulses: int) -> tuple[float, int]:
    """Return the largest rate that every layer delivers half of, and the layer that limits it."""
    limits = []
    for layer in measured:
        low, high = 0.0, LARGEST_RATE
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            enough = delivered_share(layer.product, middle, dw_min, pulses) >= DELIVERED
            low, high = (middle, high) if enough else (low, middle)
        limits.append(low)
    tightest = int(np.argmin(limits))
    if not limits[tightest]:
        raise InputError(
            f"dw_min = {dw_min:g} with {pulses} pulses carries no rate that would deliver half of "
            f"the wanted change; give the rates"
        )
    return limits[tightest], tightest


def _friction(device: Device) -> _Friction | None:
    """Return what holds an array at its symmetry point; None without a formula or such a point."""
    if not isinstance(device.law, DeviceLaw):
        return None
    population = draw_population(replace(device, device_spread=0.0), 1, 0)
    star = device_symmetry_points(population)
    if not np.isfinite(star).all():
        return None
    low, high = device.bounds
    return _Friction(
        f=float(symmetric_part(population, star)[0]),
        slope=float(antisymmetric_slope(population, star)[0]),
        step=device.dw_min * (1 + max(device.cycle_noise, device.additive_noise) ** 2),
        distance=float(min(star[0] - low, high - star[0])),
    )


def _nothing_damps(device: Device) -> str:
    if not isinstance(device.law, DeviceLaw):
        return (
            f"rates = 'theory': device {device.law.name!r} has no formula, from which its damping "
            f"could follow; give lr_c and transfer_every"
        )
    return (
        f"rates = 'theory': law {device.law.name!r} has no stable symmetry point, so that "
        f"nothing damps SHD on it; choose another device, or give the rates"
    )


def _gradient_rate(
    name: str, measured: list[_Measured], friction: _Friction | None, dw_min: float, pulses: int
) -> tuple[float, str]:
    """Return the rate that acts on the gradient, and what limits it."""
    lr, depth = _deliverable(measured, dw_min, pulses)
    if friction is not None:
        calm, widest = _calm(measured, friction, dw_min)
        if calm < lr:
            whole, least = (math.sqrt(friction.variance(measured[widest], r)) for r in (calm, 0))
            return calm, (
                f"{name} = {calm:.3g}: the largest at which {DEVIATIONS:g} standard deviations fit "
                f"into the {friction.distance:.2g} between symmetry point and nearest bound; one "
                f"is {whole:.2g} in layer {widest + 1}, and {least:.2g} with finite pulses alone"
            )
    layer = measured[depth]
    share = delivered_share(layer.product, lr, dw_min, pulses)
    peak = float(np.quantile(layer.product, 0.9))
    return lr, (
        f"{name} = {lr:.3g}: the largest at which trains of {pulses} pulses of {dw_min:g} deliver "
        f"{share:.0%} of what layer {depth + 1} wants, where a tenth of the samples have "
        f"max|x| max|d| above {peak:.2g}"
    )


def _calm(measured: list[_Measured], friction: _Friction, dw_min: float) -> tuple[float, int]:
    """Return the largest rate at which an array keeps off its bounds, and the layer that limits."""
    allowed = (friction.distance / DEVIATIONS) ** 2
    of_pulses = friction.variance(measured[0], 0)
    if of_pulses >= allowed:
        raise InputError(
            f"rates = 'theory': dw_min = {dw_min:g} is too coarse: finite pulses alone scatter an "
            f"array by {math.sqrt(of_pulses):.2g} (rms), and {DEVIATIONS:g} times that do not fit "
            f"into the {friction.distance:.2g} between symmetry point and nearest bound; take a "
            f"dw_min below {dw_min * allowed / of_pulses:.2g}, or give the rates"
        )
    limits = [
        (allowed - of_pulses) / max(friction.variance(layer, 1) - of_pulses, 1e-30)
        for layer in measured
    ]
    widest = int(np.argmin(limits))
    return limits[widest], widest


def _transfer_rate(
    measured: list[_Measured], friction: _Friction, lr: float, damping: float, classes: int
) -> tuple[float, str]:
    """Return lr_C / transfer_every, and what limits it."""
    f, slope = friction.f, friction.slope
    rates = []
    for layer in measured:
        size = float(np.sum((layer.absolute * slope) ** 2))
        kappa = lr * size / (4 * damping**2 * float(np.sum(layer.square * f)))
        rates.append(kappa * layer.columns)
    tightest = int(np.argmin(rates))
    per_sample, layer = rates[tightest], measured[tightest]
    thermal = sum(
        friction.variance(each, lr) * each.devices / each.columns / (2 * lr * f)
        for each in measured
    )
    allowed = THERMAL_SHARE * math.log(classes)
    if per_sample * thermal > allowed:
        return allowed / thermal, (
            f"the largest at which the scatter of A keeps the loss up by no more than "
            f"{allowed:.2g}, {THERMAL_SHARE:.0%} of what guessing costs; a damping ratio of "
            f"{damping:g} alone would let it be {per_sample * thermal:.2g}"
        )
    return per_sample, (
        f"the largest at which no layer's damping ratio is below {damping:g}; "
        f"layer {tightest + 1} limits it, with E|g| = {layer.absolute.mean():.2g}, curvature "
        f"{layer.square.mean():.2g}, G' = {slope:.2g}, F = {f:.2g} and {layer.columns} columns"
    )


def _interval(
    measured: list[_Measured],
    friction: _Friction,
    lr: float,
    per_sample: float,
    core_step: float,
    pulses: int,
) -> tuple[int, str]:
    """Return transfer_every, and what limits it."""
    deviation = math.sqrt(max(friction.variance(layer, lr) for layer in measured))
    fits = core_step * pulses / (deviation * per_sample)
    rounds = [ROUND_SHARE * friction.memory(layer, lr) / layer.columns for layer in measured]
    shortest = int(np.argmin(rounds))
    every = max(int(min(fits, rounds[shortest])), 1)
    asked = per_sample * every * deviation / core_step
    fit = (
        f"asks for {asked:.1f} pulses of {core_step:g} of C, and a train has {pulses}; "
        f"a reading of A is taken at its predicted size, {deviation:.2g}"
    )
    if fits <= rounds[shortest]:
        largest = "the largest at which a transfer fits into its train; it " if fits >= 1 else ""
        return every, f"transfer_every = {every}: {largest or 'a transfer '}{fit}"
    layer = measured[shortest]
    memory, columns = friction.memory(layer, lr), layer.columns
    where = f"the {columns} columns of layer {shortest + 1}"
    if rounds[shortest] >= 1:
        taken = (
            f"the largest at which {where} are transferred within {ROUND_SHARE:.0%} of A's "
            f"memory, {memory:,.0f} samples"
        )
    else:
        taken = f"{where} take {columns} samples, and A remembers {memory:,.0f}"
    return every, f"transfer_every = {every}: {taken}; a transfer {fit}"
