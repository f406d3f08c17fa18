"""Maximum likelihood of one law by Fisher scoring, with the blocks that the bootstrap needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from phys.fitting.likelihood import Innovations, Likelihood
from phys.fitting.parameters import Layout

DIFFERENCE = 1e-6
ROUNDS = 10
ITERATIONS = 40
SETTLED = 1e-3
"""A round that changes minus the logarithm of the likelihood by less than this is the last one."""
SETTLED_GAIN = 0.05
"""What another step may still gain in the logarithm of the likelihood."""


class NoFitError(ValueError):
    """A law that cannot be fitted to the data; the message says why."""


@dataclass(frozen=True)
class Blocks:
    """First and second derivatives of the loss, train by train.

    Attributes
    ----------
    gradient : float64 (cycles, shared + effects)
        Of minus the logarithm of the likelihood; the effects are those of the train's own device.
    fisher : float64 (cycles, shared + effects, shared + effects)
        Fisher information.
    device : int (cycles,)
        The device of each train.
    """

    gradient: np.ndarray
    fisher: np.ndarray
    device: np.ndarray

    def by_device(self, devices: int) -> Blocks:
        """Return the blocks summed over the trains of each device."""
        gradient = np.zeros((devices, *self.gradient.shape[1:]))
        fisher = np.zeros((devices, *self.fisher.shape[1:]))
        np.add.at(gradient, self.device, self.gradient)
        np.add.at(fisher, self.device, self.fisher)
        return Blocks(gradient, fisher, np.arange(devices))


@dataclass(frozen=True)
class Optimum:
    """The best numbers of one law.

    Attributes
    ----------
    vector : float64 (size,)
        Laid out as `Layout` says.
    loss : float
        Minus the logarithm of the likelihood.
    settled : bool
        Whether another step would gain less than `SETTLED_GAIN`.
    covariance : float64 (size, size)
        Inverse Fisher information; infinite entries where the data do not decide a number.
    blocks : Blocks
    """

    layout: Layout
    vector: np.ndarray
    loss: float
    settled: bool
    covariance: np.ndarray
    blocks: Blocks


def optimise(
    likelihood: Likelihood, layout: Layout, start: np.ndarray, check: Callable[[], None]
) -> Optimum:
    """Return the numbers of greatest likelihood near `start`.

    Parameters
    ----------
    likelihood : Likelihood
        Its reference states are moved to the smoothed weights of the fit.
    layout : Layout
    start : float64 (size,)
    check : callable
        Called now and then; it may raise to stop.

    Raises
    ------
    NoFitError
        If the law has no likelihood at `start`, or the search leads nowhere.
    """
    vector, before = start, np.inf
    for _ in range(ROUNDS):
        vector = _search(likelihood, layout, vector, check)
        numbers = layout.numbers(vector)
        likelihood.reference = likelihood.smoothed(numbers)
        loss = _loss(likelihood.innovations(numbers))
        if not np.isfinite(loss):
            raise NoFitError("the likelihood is not finite at the best numbers")
        if abs(before - loss) < SETTLED:
            break
        before = loss
    blocks = local_blocks(likelihood, layout, vector)
    gradient, fisher = assembled(layout, blocks)
    covariance = inverse(fisher)
    gain = gradient @ np.nan_to_num(covariance, posinf=0.0) @ gradient / 2
    return Optimum(layout, vector, loss, bool(gain < SETTLED_GAIN), covariance, blocks)


def _loss(innovations: Innovations | None) -> float:
    if innovations is None:
        return np.inf
    total = float(innovations.loss.sum())
    return total if np.isfinite(total) else np.inf


def _search(
    likelihood: Likelihood, layout: Layout, start: np.ndarray, check: Callable[[], None]
) -> np.ndarray:
    """Trust-region search with the Fisher information as Hessian, in units of standard errors."""
    if not np.isfinite(_loss(likelihood.innovations(layout.numbers(start)))):
        raise NoFitError("the rough look at the data gives no numbers to start from")
    _, fisher = assembled(layout, local_blocks(likelihood, layout, start))
    unit = 1 / np.sqrt(np.maximum(np.diag(fisher), 1e-2))
    seen: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}

    def loss(x: np.ndarray) -> float:
        return _loss(likelihood.innovations(layout.numbers(start + unit * x)))

    def scaled(vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        try:
            gradient, fisher = assembled(layout, local_blocks(likelihood, layout, vector))
        except NoFitError:
            # Only proposals that the search is about to turn down lie where there is no likelihood.
            return np.zeros(start.size), np.eye(start.size)
        return unit * gradient, unit[:, None] * fisher * unit

    def derivatives(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        key = x.tobytes()
        if key not in seen:
            check()
            seen.clear()
            seen[key] = scaled(start + unit * x)
        return seen[key]

    with np.errstate(all="ignore"):
        found = minimize(
            loss,
            np.zeros(start.size),
            jac=lambda x: derivatives(x)[0],
            hess=lambda x: derivatives(x)[1] + 1e-9 * np.eye(start.size),
            method="trust-exact",
            options={
                "gtol": 1e-2,
                "maxiter": ITERATIONS,
                "initial_trust_radius": 30.0,
                "max_trust_radius": 1e4,
            },
        )
    if not np.isfinite(found.fun):
        raise NoFitError("the search leads to numbers without a likelihood")
    return np.asarray(start + unit * found.x)


def local_blocks(likelihood: Likelihood, layout: Layout, vector: np.ndarray) -> Blocks:
    """Return gradient and Fisher information of every train, by central differences.

    The Fisher information of independent innovations e of variance S is
    ``sum de de' / S + dS dS' / (2 S^2)``.
    """
    width = layout.shared + len(layout.effects)
    base = likelihood.innovations(layout.numbers(vector))
    if base is None:
        raise NoFitError("the likelihood is not finite")
    error_slope = np.empty((base.error.size, width))
    variance_slope = np.empty((base.error.size, width))
    for k in range(width):
        if k < layout.shared:
            moved = [vector.copy(), vector.copy()]
            moved[0][k] += DIFFERENCE
            moved[1][k] -= DIFFERENCE
            sides = [likelihood.innovations(layout.numbers(v)) for v in moved]
        else:
            shift = np.zeros(len(layout.effects))
            shift[k - layout.shared] = DIFFERENCE
            sides = [likelihood.innovations(layout.numbers(vector, s)) for s in (shift, -shift)]
        if sides[0] is None or sides[1] is None:
            raise NoFitError("the likelihood is not finite beside its best numbers")
        error_slope[:, k] = (sides[0].error - sides[1].error) / (2 * DIFFERENCE)
        variance_slope[:, k] = (sides[0].variance - sides[1].variance) / (2 * DIFFERENCE)
    scaled = error_slope / np.sqrt(base.variance)[:, None]
    relative = variance_slope / base.variance[:, None]
    z = base.error**2 / base.variance
    pull = (base.error / np.sqrt(base.variance))[:, None] * scaled
    pull += (1 - z)[:, None] / 2 * relative
    starts = np.nonzero(np.r_[True, np.diff(likelihood.cycle) > 0])[0]
    ends = [*starts[1:], base.error.size]
    fisher = np.stack(
        [
            scaled[a:b].T @ scaled[a:b] + relative[a:b].T @ relative[a:b] / 2
            for a, b in zip(starts, ends, strict=True)
        ]
    )
    return Blocks(np.add.reduceat(pull, starts), fisher, likelihood.device[starts])


def assembled(layout: Layout, blocks: Blocks) -> tuple[np.ndarray, np.ndarray]:
    """Return gradient (size,) and Fisher information (size, size) of the whole vector."""
    p, e = layout.shared, len(layout.effects)
    if not e:
        return blocks.gradient.sum(0), blocks.fisher.sum(0)
    own = blocks.by_device(layout.devices)
    c = layout.contrasts
    gradient = np.concatenate(
        [own.gradient[:, :p].sum(0), np.einsum("dj,de->je", c, own.gradient[:, p:]).reshape(-1)]
    )
    fisher = np.empty((layout.size, layout.size))
    fisher[:p, :p] = own.fisher[:, :p, :p].sum(0)
    cross = np.einsum("dj,dse->sje", c, own.fisher[:, :p, p:]).reshape(p, -1)
    fisher[:p, p:], fisher[p:, :p] = cross, cross.T
    corner = np.einsum("di,dj,def->iejf", c, c, own.fisher[:, p:, p:])
    fisher[p:, p:] = corner.reshape(layout.size - p, layout.size - p)
    return gradient, fisher


def inverse(fisher: np.ndarray) -> np.ndarray:
    """Return the covariance; a number that the data do not decide gets an infinite variance."""
    unit = 1 / np.sqrt(np.maximum(np.diag(fisher), 1e-12))
    values, axes = np.linalg.eigh(unit[:, None] * fisher * unit)
    weak = values < 1e-9
    covariance = (axes[:, ~weak] / values[~weak]) @ axes[:, ~weak].T
    covariance = unit[:, None] * covariance * unit
    lost = (axes[:, weak] ** 2).sum(1) > 1e-3
    covariance[lost, lost] = np.inf
    return covariance
