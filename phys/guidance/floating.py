r"""Why a training in floating point ended at chance: its steps overshoot, or they lead nowhere.

A step of rate lr along the gradient g of one sample changes the mean loss, to second order, by
:math:`-\mathrm{lr}\,|E[g]|^2 + \tfrac12 \mathrm{lr}^2\,E[g^T H g]`. As everywhere in `guidance`,
the loss is taken as a log-likelihood, whose curvature H is :math:`E[g g^T]`; then the second part
is :math:`\tfrac12\mathrm{lr}^2 E[(g \cdot g')^2]` over pairs of samples. Steps lower the loss up to
:math:`\mathrm{lr} = 2|E[g]|^2 / E[(g \cdot g')^2]`, and n small ones by
:math:`n\,\mathrm{lr}\,|E[g]|^2`.
"""

from __future__ import annotations

import math

import numpy as np

from phys.gradients import probe_gradients
from phys.guidance.findings import Finding
from phys.network import Network

CHANCE = 0.9
WHOLE_NETWORK = 0


def floating_findings(
    network: Network,
    rate: float,
    steps: int,
    batch: int,
    loss: float,
    images: np.ndarray,
    labels: np.ndarray,
) -> list[Finding]:
    """Return why a training in floating point learned nothing; empty where it did learn.

    Parameters
    ----------
    network : Network
        Trained, with floating-point weights.
    rate : float
        The highest learning rate of the training.
    steps, batch : int
        Steps that it took, and samples in each.
    loss : float
        Mean cross-entropy of the last epoch.
    images, labels : the probe

    Notes
    -----
    Both need a loss of at least nine tenths of that of guessing.

    * slow: the steps together, along the gradients as they are now, cannot lower the loss by what
      guessing costs.
    * overshoot: they could, and the rate is above the largest at which the first steps lower the
      loss.
    """
    chance = math.log(int(labels.max()) + 1)
    if loss < CHANCE * chance:
        return []
    ended = f"the loss is {loss:.3g}, and guessing costs {chance:.3g}"
    fall = rate * steps * float(gradient_products(network, images, labels).mean())
    if fall < chance:
        return [
            Finding(
                "slow",
                WHOLE_NETWORK,
                loss,
                fall,
                f"the training has hardly begun: {ended}. With the gradients as they are now, "
                f"{steps:,} steps at lr = {rate:g} lower it by {fall:.2g}. Raise the learning "
                f"rate, or train longer",
            )
        ]
    start = Network(
        network.stages,
        (),
        {},
        network.seed,
        network.activation,
        outputs=network.output_kind,
        initial=network.initial,
    )
    start.programme_initial_weights()
    largest = largest_rate(gradient_products(start, images, labels), batch)
    if rate <= largest:
        return []
    return [
        Finding(
            "overshoot",
            WHOLE_NETWORK,
            rate,
            largest,
            f"the steps overshoot: {ended}. The rate is {rate:g}, and the first steps lower the "
            f"loss up to a rate of {largest:.2g}, by their gradients and curvature. Lower the "
            f"learning rate",
        )
    ]


def largest_rate(products: np.ndarray, batch: int) -> float:
    """Return the largest rate at which a step along the mean gradient of a batch lowers the loss.

    Parameters
    ----------
    products : (n, n)
        See `gradient_products`.
    batch : int
    """
    steepness = float(products.mean())
    alone = float(np.mean(products**2))
    together = float(np.mean(products.mean(axis=1) ** 2))
    return 2 * steepness / max(alone / batch + together * (1 - 1 / batch), 1e-30)


def gradient_products(network: Network, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the scalar product of the gradients of every two samples, float64 (n, n).

    Examples
    --------
    >>> from phys import train
    >>> history = train("digits", "float", epochs=1, samples=200, layers=(64, 10))
    >>> products = gradient_products(history.network, *history.probe)
    >>> products.shape, bool((products.diagonal() >= 0).all())
    ((200, 200), True)
    """
    count = len(labels)
    total = np.zeros((count, count))
    for x, d in probe_gradients(network, images, labels)[1]:
        if len(x) == count:
            total += (x @ x.T) * (d @ d.T)
        else:  # a convolution adds the gradients of its patches
            inputs, directions = (z.reshape(count, -1, z.shape[1]) for z in (x, d))
            own = (directions.transpose(0, 2, 1) @ inputs).reshape(count, -1)
            total += own @ own.T
    return total
