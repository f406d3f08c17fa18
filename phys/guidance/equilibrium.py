r"""Where theory puts the arrays of a layer, from the gradients measured on probe images.

One sample is the unit of time, g = dloss/dw of one device, and its curvature is taken as
k = E[g^2], as for a loss that is a log-likelihood. With the parts F and G of a device's law at its
symmetry point and psi = G/F:

* an array that takes up gradients alone drifts until :math:`E[g] = -E|g|\,\psi(w)`;
* the auxiliary array of SHD scatters about its reference with the variance
  :math:`(\eta\,E[g^2]F^2 + dw_{min} E|g| F(1+\sigma^2)) / (2 E|g| G')`, of which the first part is
  the temperature of its gradient noise and the second that of its finite pulses;
* a layer is damped with :math:`\zeta^2 = \eta \sum (E|g| G')^2 / (4\kappa \sum kF)`;
* finite pulses alone keep the loss :math:`\tfrac12\sum k\,\mathrm{Var}(w)` above its minimum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from phys.algorithms import SHD, PulsedSGD, TikiTaka
from phys.crossbar import Crossbar
from phys.guidance.measured import MeasuredGradients, measure
from phys.network import Layer, Network
from phys.pulses import update_gain
from phys.symmetry import antisymmetric_slope, device_symmetry_points, per_device, symmetric_part
from theory import DeviceLaw

BOUND_SHARE = 0.05
BLOCK = 2**12
"""Devices whose numbers are held at once, beside which a network may be as large as it likes."""

ALGORITHMS = (PulsedSGD, SHD, TikiTaka)

_erfc = np.vectorize(math.erfc, otypes=[float])


@dataclass(frozen=True)
class LayerEquilibrium:
    """Measured gradients of one layer and what follows from them for the array that takes them up.

    Attributes
    ----------
    layer : int
        From 1.
    array : str
        The array that takes up the gradient: "a" for two arrays, else "c".
    absolute_gradient : float
        E|g|, mean over the devices that get any.
    pull : float
        Root mean square of psi, weighted with E|g|: at A's reference, where it tilts the loss (0 if
        that is the symmetry point), or at the weights of the one array.
    drift_slope : float
        Measured E[g]/E|g| over the predicted ``-psi``, least squares over the devices: 1 where the
        asymmetry balances the gradient, about 0 away from it. NaN where psi is 0 everywhere.
    drift : float
        Root mean square of E[g]/E|g|, weighted with E|g|.
    rms : float
        Measured root mean square of the array against its reference.
    predicted_rms : float
        The same in equilibrium.
    at_bounds, predicted_at_bounds : float
        Share of the devices within a twentieth of their range of a bound.
    delivered : float
        Predicted part of the wanted change that pulse trains can deliver.
    damping : float
        Damping ratio zeta; NaN for one array.
    memory : float
        Samples after which the array has forgotten a gradient, 1/(eta E|g| G').
    round : float
        Samples between two transfers of a column; NaN for one array.
    pulse_loss : float
        Loss that finite pulses keep above the minimum.
    """

    layer: int
    array: str
    absolute_gradient: float
    pull: float
    drift_slope: float
    drift: float
    rms: float
    predicted_rms: float
    at_bounds: float
    predicted_at_bounds: float
    delivered: float
    damping: float
    memory: float
    round: float
    pulse_loss: float


def has_prediction(network: Network, algorithm: Any) -> bool:
    """Whether theory speaks of a training: of its algorithm, and of devices with a formula."""
    return isinstance(algorithm, ALGORITHMS) and all(
        type(array) is Crossbar and isinstance(array.device.law, DeviceLaw)
        for layer in network.layers
        for array in layer.arrays.values()
    )


def equilibria(
    network: Network, algorithm: Any, images: np.ndarray, labels: np.ndarray
) -> list[LayerEquilibrium]:
    """Measure gradients on probe images and predict the equilibrium of every layer.

    Parameters
    ----------
    network : Network
    algorithm : Algorithm
    images, labels : the probe

    Returns
    -------
    list of LayerEquilibrium
        One per layer; empty where `has_prediction` says that theory has none.

    Examples
    --------
    >>> from phys import train
    >>> from phys.data import load
    >>> data = load("digits")
    >>> history = train(data, "shd", epochs=1, samples=200, layers=(64, 10))
    >>> probe = data.train_images[:200], data.train_labels[:200]
    >>> first, = equilibria(history.network, SHD(), *probe)
    >>> first.array, bool(first.pull < 0.05)
    ('a', True)
    """
    if not has_prediction(network, algorithm):
        return []
    eta, pulses = gradient_rate(algorithm), algorithm.pulses
    gains = [
        float(update_gain(eta, layer.arrays[gradient_array(layer)].device.dw_min, pulses))
        for layer in network.layers
    ]
    return [
        _layer(depth + 1, layer, algorithm, measured)
        for depth, (layer, measured) in enumerate(
            zip(network.layers, measure(network, gains, images, labels), strict=True)
        )
    ]


def gradient_array(layer: Layer) -> str:
    """Return the name of the array that takes up the gradient."""
    return "a" if "a" in layer.arrays else "c"


def gradient_rate(algorithm: Any) -> float:
    """Return the learning rate that acts on the gradient."""
    return float(algorithm.lr if isinstance(algorithm, PulsedSGD) else algorithm.lr_a)


def delivered_share(product: np.ndarray, lr: float, dw_min: float, pulses: int) -> float:
    """Return the part of the wanted change that pulse trains deliver, over samples.

    Parameters
    ----------
    product : (n,)
        Largest input times largest direction of each sample.
    lr, dw_min, pulses
        Learning rate, nominal step and slots of a train.
    """
    cut = np.maximum(float(update_gain(lr, dw_min, pulses)) * product, 1.0)
    return float(np.sum(product / cut) / max(float(np.sum(product)), 1e-30))


def predicted_variance(
    eta: float, absolute: Any, square: Any, f: Any, slope: Any, step: Any
) -> np.ndarray:
    """Return the variance of an array that takes up noisy gradients against its asymmetry.

    Parameters
    ----------
    eta : float
        Learning rate.
    absolute, square : float or (n,)
        E|g| and E[g^2].
    f, slope : float or (n,)
        F and G' at the symmetry point.
    step : float or (n,)
        dw_min (1 + sigma^2).
    """
    return np.asarray((eta * square * f**2 / absolute + step * f) / (2 * slope))


def _layer(
    number: int, layer: Layer, algorithm: Any, measured: MeasuredGradients
) -> LayerEquilibrium:
    name = gradient_array(layer)
    array: Crossbar = layer.arrays[name]
    device, eta, pulses = array.device, gradient_rate(algorithm), algorithm.pulses
    sums = _sums(layer, eta, measured, weigh_all=False)
    if not sums.used:  # no gradient weighs the devices
        sums = _sums(layer, eta, measured, weigh_all=True)
    damping = between = float("nan")
    if name == "a":
        between = float(algorithm.transfer_every * array.cols)
        kappa = algorithm.lr_c / between
        damping = math.sqrt(eta * sums.friction_squared / max(4 * kappa * sums.stiffness, 1e-30))
    return LayerEquilibrium(
        layer=number,
        array=name,
        absolute_gradient=sums.absolute / sums.used,
        pull=_rms(sums.expected_squared, sums.share),
        drift_slope=sums.expected_times_ratio / sums.expected_squared
        if sums.expected_squared
        else float("nan"),
        drift=_rms(sums.ratio_squared, sums.share),
        rms=_rms(sums.away_squared, sums.used),
        predicted_rms=_rms(sums.variance, sums.used),
        at_bounds=sums.at_bounds / sums.used,
        predicted_at_bounds=sums.predicted_at_bounds / sums.used,
        delivered=delivered_share(measured.product, eta, device.dw_min, pulses),
        damping=damping,
        memory=1 / max(eta * sums.friction / array.columns.size, 1e-30),
        round=between,
        pulse_loss=sums.pulse_loss,
    )


class _Sums(NamedTuple):
    """Sums over devices; all but the last four over those that are used."""

    used: float
    absolute: float
    share: float
    expected_squared: float
    expected_times_ratio: float
    ratio_squared: float
    away_squared: float
    variance: float
    at_bounds: float
    predicted_at_bounds: float
    stiffness: float
    friction: float
    friction_squared: float
    pulse_loss: float


def _sums(layer: Layer, eta: float, measured: MeasuredGradients, weigh_all: bool) -> _Sums:
    """Add up the devices of the array that takes up the gradient, a block of columns at a time.

    Parameters
    ----------
    layer : Layer
    eta : float
        Learning rate.
    measured : MeasuredGradients
    weigh_all : bool
        Use every device, and all alike; else those with a gradient, each with the weight E|g|.
    """
    array: Crossbar = layer.arrays[gradient_array(layer)]
    width = max(1, BLOCK // array.rows)
    blocks = [
        _block_sums(layer, eta, slice(start, start + width), measured, weigh_all)
        for start in range(0, array.cols, width)
    ]
    return _Sums(*(float(sum(parts)) for parts in zip(*blocks, strict=True)))


def _block_sums(
    layer: Layer, eta: float, columns: slice, measured: MeasuredGradients, weigh_all: bool
) -> _Sums:
    name = gradient_array(layer)
    array: Crossbar = layer.arrays[name]
    device, population = array.device, array.population.part(columns, array.rows)
    mean, absolute, square, curvature = measured.part(columns)
    weight, reference = (_flat(z[columns]) for z in (array.columns, array.reference_columns))
    star = np.broadcast_to(device_symmetry_points(population), weight.size)
    centre = np.where(np.isfinite(star), star, reference)
    f = symmetric_part(population, centre)
    slope = np.maximum(antisymmetric_slope(population, centre), 1e-12)
    psi = per_device(population, device.form.G / device.form.F)

    used = np.ones(weight.size, dtype=bool) if weigh_all else absolute > 1e-12
    size = np.maximum(absolute, 1e-12)
    noise = 1 + max(device.cycle_noise, device.additive_noise) ** 2
    step = np.broadcast_to(np.asarray(population.step, dtype=float), weight.size)
    variance = predicted_variance(eta, size, square, f, slope, step * noise)
    expected = -psi(reference if name == "a" else weight)[used]
    ratio = np.zeros(weight.size) if weigh_all else (mean / size)[used]
    share = np.ones(weight.size) if weigh_all else absolute[used]

    low, high = (_flat(b.T[columns]) for b in array.bounds)
    margin = BOUND_SHARE * (high - low)
    close = (weight < low + margin) | (weight > high - margin)
    deviation = np.sqrt(2 * variance)
    tail = 0.5 * (
        _erfc((high - margin - reference) / deviation)
        + _erfc((reference - low - margin) / deviation)
    )
    # Between hard bounds nothing scatters wider than evenly.
    tail = np.minimum(tail, 2 * BOUND_SHARE)

    friction = absolute * slope
    if name == "a":
        core = layer.c.population.part(columns, array.rows)
        core_f = np.maximum(symmetric_part(core, _flat(layer.c.columns[columns])), 0)
        # The slow motion of C, dC/dt = -kappa k F C / (E|g| G'), works against its pulses.
        pulse_loss = core.step * core_f * np.sqrt(variance * 2 / np.pi) * friction / f / 4
    else:
        spread = step * absolute * f * noise / (2 * np.maximum(curvature * f + friction, 1e-30))
        pulse_loss = curvature * spread / 2

    return _Sums(
        used=float(used.sum()),
        absolute=absolute[used].sum(),
        share=share.sum(),
        expected_squared=np.sum(share * expected**2),
        expected_times_ratio=np.sum(share * expected * ratio),
        ratio_squared=np.sum(share * ratio**2),
        away_squared=np.sum((weight - reference)[used] ** 2),
        variance=variance[used].sum(),
        at_bounds=float(close[used].sum()),
        predicted_at_bounds=tail[used].sum(),
        stiffness=np.sum(curvature * f),
        friction=friction.sum(),
        friction_squared=np.sum(friction**2),
        pulse_loss=pulse_loss.sum(),
    )


def _flat(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, dtype=np.float64).reshape(-1)


def _rms(squares: float, weight: float) -> float:
    return math.sqrt(squares / weight) if weight else 0.0
