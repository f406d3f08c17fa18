"""Learning rates from theory: what the pulse trains can carry, and a wanted damping."""

from __future__ import annotations

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
    Then

    * the rate that acts on the gradient is the largest at which the pulse trains still deliver half
      of the wanted change in the layer that asks for most;
    * :math:`\mathrm{lr_C} = \kappa_l\,\mathrm{transfer\_every}\,\mathrm{columns}_l` in the layer
      that allows least, with :math:`\kappa_l = \eta \sum (E|g|G')^2/(4\zeta^2\sum E[g^2]F)`;
    * `transfer_every` is the largest at which a typical reading of A still fits into a pulse train.

    Parameters
    ----------
    algorithm : PulsedSGD, ZeroShiftedSGD, SHD or TikiTaka
        Its number of pulses is kept.
    device : Device
        With a formula; the law's symmetry point is where the array is taken to stand.
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
        Theory has no rates for the algorithm, or none for the device.

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
    lr, layer = _deliverable(measured, taken_up.dw_min, algorithm.pulses)
    share = delivered_share(measured[layer].product, lr, taken_up.dw_min, algorithm.pulses)
    peak = float(np.quantile(measured[layer].product, 0.9))
    name = "lr_a" if hasattr(algorithm, "lr_a") else "lr"
    reason = (
        f"{name} = {lr:.3g}: the largest at which trains of {algorithm.pulses} pulses of "
        f"{taken_up.dw_min:g} deliver {share:.0%} of what layer {layer + 1} wants, where a tenth "
        f"of the samples have max|x| max|d| above {peak:.2g}"
    )
    if isinstance(algorithm, PulsedSGD):
        return SuggestedRates(replace(algorithm, lr=lr), (reason,))
    found, reasons = _transfer(algorithm, measured, lr, damping, taken_up, device.dw_min)
    return SuggestedRates(found, (reason, *reasons))


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


def _transfer(
    algorithm: Any,
    measured: list[_Measured],
    lr: float,
    damping: float,
    device: Device,
    core_step: float,
) -> tuple[Any, tuple[str, ...]]:
    if not isinstance(device.law, DeviceLaw):
        raise InputError(
            f"rates = 'theory': device {device.law.name!r} has no formula, from which its damping "
            f"could follow; give lr_c and transfer_every"
        )
    population = draw_population(replace(device, device_spread=0.0), 1, 0)
    star = device_symmetry_points(population)
    if not np.isfinite(star).all():
        raise InputError(
            f"rates = 'theory': law {device.law.name!r} has no stable symmetry point, so that "
            f"nothing damps SHD on it; choose another device, or give the rates"
        )
    slope = float(antisymmetric_slope(population, star)[0])
    f = float(symmetric_part(population, star)[0])
    rates = []
    for layer in measured:
        size = float(np.sum((layer.absolute * slope) ** 2))
        kappa = lr * size / (4 * damping**2 * float(np.sum(layer.square * f)))
        rates.append(kappa * layer.columns)
    tightest = int(np.argmin(rates))
    per_sample, layer = rates[tightest], measured[tightest]
    noise = 1 + max(device.cycle_noise, device.additive_noise) ** 2
    used = layer.absolute > 0
    deviation = float(
        np.sqrt(
            np.mean(
                predicted_variance(
                    lr, layer.absolute[used], layer.square[used], f, slope, device.dw_min * noise
                )
            )
        )
    )
    room = core_step * algorithm.pulses / deviation
    every = max(int(room / per_sample), 1)
    lr_c = per_sample * every
    limited = (
        f"lr_c = {lr_c:.3g}: the largest at which no layer's damping ratio is below {damping:g}; "
        f"layer {tightest + 1} limits it, with E|g| = {layer.absolute.mean():.2g}, curvature "
        f"{layer.square.mean():.2g}, G' = {slope:.2g}, F = {f:.2g} and {layer.columns} columns"
    )
    asked = lr_c * deviation / core_step
    fit = (
        f"asks for {asked:.1f} pulses of {core_step:g} of C, and a train has {algorithm.pulses}; "
        f"a reading of A is taken at its predicted size, {deviation:.2g}"
    )
    fitting = (
        f"transfer_every = {every}: the largest at which a transfer fits into its train; it {fit}"
        if asked <= algorithm.pulses
        else f"transfer_every = 1: a transfer {fit}"
    )
    reasons = (limited, fitting)
    return replace(algorithm, lr_a=lr, lr_c=lr_c, transfer_every=every), reasons
