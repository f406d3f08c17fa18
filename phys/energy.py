r"""The energy of a network under SHD, and what changes it.

For layer l with weights A, references r and symmetric and antisymmetric parts F, G of A's devices,

.. math:: H = \mathrm{loss} + \sum_l \frac{\kappa_l}{\eta_A} \sum_{ij}
          \int_r^A \frac{\varphi(a - r)}{F(a)}\,da, \qquad
          \kappa_l = \frac{\mathrm{lr_C}}{\mathrm{transfer\_every}\cdot\mathrm{columns}_l}

with :math:`\varphi(v) = v` up to the reading at which a transfer clips, and constant beyond. One
sample is the unit of time. Three things change H on average:

* the friction of A's asymmetry takes :math:`\kappa\,E|g|\,\varphi(A-r)\,G/F` out (dissipation);
* the randomness of the pulses and gradients that move A, and the finite steps of C, put
  :math:`\tfrac12 (\kappa/\eta_A)(\varphi/F)' E[\Delta A^2]
  + \tfrac12 E[\Delta C^T f'' \Delta C]` in (injection), where the curvature f'' of the loss is
  taken as the mean square of its gradient;
* what A takes up from the gradient and what C gives back to the loss are equal and opposite only
  if C is symmetric and no update is cut; otherwise a remainder without a fixed sign is left
  (exchange).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp

from phys.algorithms import SHD, Algorithm
from phys.checked import InputError
from phys.crossbar import Crossbar
from phys.gradients import probe_gradients
from phys.network import Network
from phys.pulses import update_gain
from phys.symmetry import per_device
from theory import w

GAUSS_POINTS = 8


@dataclass(frozen=True)
class EnergyPoint:
    """The energy at one moment of a training, and the mean rates at which it changes.

    Attributes
    ----------
    samples : int
        Samples learned so far.
    loss : float
        Mean cross-entropy of the probe images.
    kinetic : float
        Energy of the auxiliary arrays.
    dissipation, injection, exchange : float
        Change of H per sample by A's asymmetry, by randomness and finite steps, and by what the
        exchange between the loss and A leaves over.
    mean_absolute_gradient : list of float
        E|g| of a weight, averaged over each layer.
    """

    samples: int
    loss: float
    kinetic: float
    dissipation: float
    injection: float
    exchange: float
    mean_absolute_gradient: list[float]

    @property
    def energy(self) -> float:
        """H = loss + kinetic."""
        return self.loss + self.kinetic

    def as_dict(self) -> dict[str, Any]:
        """Return the fields in JSON types."""
        return asdict(self)


@dataclass(frozen=True)
class EnergyBalance:
    """Measured against predicted change of the energy between two points of a training.

    Attributes
    ----------
    start, stop : int
        Samples learned at the two points.
    measured : float
        Change of H.
    dissipation, injection, exchange : float
        Predicted parts of it, integrated between the points.
    """

    start: int
    stop: int
    measured: float
    dissipation: float
    injection: float
    exchange: float

    @property
    def predicted(self) -> float:
        """Dissipation plus injection plus exchange."""
        return self.dissipation + self.injection + self.exchange

    @property
    def ratio(self) -> float:
        """Measured over predicted."""
        return self.measured / self.predicted if self.predicted else float("nan")


def energy_balance(points: list[EnergyPoint]) -> list[EnergyBalance]:
    """Compare the change of H between neighbouring points with the mean of their rates."""
    balances = []
    for first, second in pairwise(points):
        samples = second.samples - first.samples

        def integral(name: str, a: Any = first, b: Any = second, n: int = samples) -> float:
            return n * (getattr(a, name) + getattr(b, name)) / 2

        balances.append(
            EnergyBalance(
                first.samples,
                second.samples,
                second.energy - first.energy,
                integral("dissipation"),
                integral("injection"),
                integral("exchange"),
            )
        )
    return balances


def check_has_energy(name: str, network: Network, algorithm: Algorithm) -> None:
    """Raise `InputError` unless the energy is defined: SHD on fully connected layers of devices."""
    if not isinstance(algorithm, SHD):
        raise InputError(f"{name}: algorithm {algorithm.name!r} has no energy; use SHD")
    if not network.is_dense:
        raise InputError(f"{name}: a network with convolutions has no energy; use Dense layers")
    if network.output_kind.learns:
        raise InputError(
            f"{name}: digital numbers behind the arrays change the loss beside C, and the energy "
            f'leaves them out; use output_scale = "fixed" and bias = "array"'
        )
    kinds = {type(a).__name__ for layer in network.layers for a in layer.arrays.values()}
    if kinds != {"Crossbar"}:
        raise InputError(f"{name}: arrays of kind {sorted(kinds)} have no energy; use crossbars")


def measure_energy(
    network: Network, algorithm: SHD, images: np.ndarray, labels: np.ndarray, samples: int
) -> EnergyPoint:
    """Measure H and its rates on probe images.

    Parameters
    ----------
    network : Network
        With arrays "a" and "c".
    algorithm : SHD
    images, labels : the probe
    samples : int
        Samples learned so far, to be noted.
    """
    loss, probes = probe_gradients(network, images, labels)
    parts = [
        _layer_energy(layer.a, layer.c, algorithm, x, d)
        for layer, (x, d) in zip(network.layers, probes, strict=True)
    ]
    kinetic, dissipation, injection, exchange = (sum(p[k] for p in parts) for k in range(4))
    return EnergyPoint(
        samples, loss, kinetic, dissipation, injection, exchange, [p[4] for p in parts]
    )


def _layer_energy(
    a: Crossbar, c: Crossbar, algorithm: SHD, x: np.ndarray, d: np.ndarray
) -> tuple[float, float, float, float, float]:
    """Return kinetic energy, dissipation, injection and exchange of one layer, and E|g|."""
    eta, pulses, count = algorithm.lr_a, algorithm.pulses, len(x)
    visits = algorithm.transfer_every * a.cols
    kappa = algorithm.lr_c / visits
    clip = 1 / float(update_gain(algorithm.lr_c, c.device.dw_min, pulses))
    noise = 1 + max(a.device.cycle_noise, a.device.additive_noise) ** 2

    weight, r = (z.reshape(-1).astype(float) for z in (a.columns, a.reference_columns))
    v = weight - r
    phi = np.clip(v, -clip, clip)
    form = a.device.form
    f, g, up, down, f_slope = (
        per_device(a.population, e)(weight)
        for e in (form.F, form.G, form.up, form.down, sp.diff(form.F, w))
    )

    given = d * _uncut(x, d, algorithm, a)[:, None]
    gradient, mean = (-_mean_product(x, z) for z in (d, given))
    absolute, size = (_mean_product(np.abs(x), np.abs(z)) for z in (d, given))
    curvature, square = (_mean_product(x**2, z**2) for z in (d, given))

    kinetic = kappa / eta * _kinetic(a, r, v, clip)
    dissipation = -kappa * float(np.sum(size * phi * g / f))

    jumps = np.asarray(a.population.step) * eta * (up**2 * (size - mean) + down**2 * (size + mean))
    spread = eta**2 * square * (1 - 1 / pulses) * (up**2 + down**2)
    stiffness = (np.abs(v) <= clip) / f - phi * f_slope / f**2
    injection = kappa / eta * float(np.sum(stiffness * (noise * jumps + spread))) / 4

    core_weight = c.columns.reshape(-1).astype(float)
    core = c.device.form
    f_c, g_c = (per_device(c.population, e)(core_weight) for e in (core.F, core.G))
    moved = phi * f_c - np.abs(phi) * g_c
    exchange = kappa * float(np.sum(gradient * moved - mean * phi))
    kick = algorithm.lr_c * moved.reshape(a.columns.shape)
    along = (d @ kick.T.astype(np.float32)) * x
    core_jumps = np.asarray(c.population.step) * kappa * np.abs(phi) * f_c**2
    injection += float(np.sum(along**2)) / (2 * count * visits)
    injection += float(np.sum(curvature * core_jumps)) * noise / 2
    return kinetic, dissipation, injection, exchange, float(np.mean(absolute))


def _mean_product(x: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Return the mean over the probe of ``x_j d_i``, float64 (devices,)."""
    return np.asarray((x.T @ d).reshape(-1) / np.float32(len(x)), dtype=np.float64)


def _uncut(x: np.ndarray, d: np.ndarray, algorithm: SHD, a: Crossbar) -> np.ndarray:
    """Return the share of its update that each sample delivers to A, (n,)."""
    gain = float(update_gain(algorithm.lr_a, a.device.dw_min, algorithm.pulses))
    product = gain * np.abs(x).max(axis=1) * np.abs(d).max(axis=1)
    return np.asarray(1 / np.maximum(product, 1.0), dtype=np.float32)


def _kinetic(a: Crossbar, r: np.ndarray, v: np.ndarray, clip: float) -> float:
    """Return the sum of ``int_r^A phi(s - r)/F(s) ds``, by eight-point Gauss quadrature.

    From the reference to the clip and from there on, so that the kink of phi lies on an end.
    """
    function = per_device(a.population, a.device.form.F)
    nodes, weights = np.polynomial.legendre.leggauss(GAUSS_POINTS)
    inner = np.clip(v, -clip, clip)
    total = 0.0
    for begin, end in ((np.zeros_like(v), inner), (inner, v)):
        half = (end - begin) / 2
        if not half.any():
            continue
        for node, weight in zip(nodes, weights, strict=True):
            s = begin + half * (1 + node)
            total += weight * float(np.sum(half * np.clip(s, -clip, clip) / function(r + s)))
    return total
