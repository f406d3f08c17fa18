"""Exercises and predictions of 07_shd_on_mnist."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sympy import Expr, Symbol

from phys.algorithms import SHD
from phys.device import Device
from phys.gradients import probe_gradients
from phys.guidance import equilibria
from phys.recording import Moment
from phys.teaching.formulas import Formula
from phys.teaching.numbers import Choice, Number
from phys.teaching.predictions import Prediction
from phys.teaching.verdict import Exercise
from theory import DeviceLaw, laws, pulse_response
from theory.response import pulses
from theory.symbols import dw_min, w, w_0

BOUND, IMBALANCE = 0.6, 0.3
LR_C, EVERY, COLUMNS = 0.2, 2, 129
lr_c, every, columns = (Symbol(n, positive=True) for n in ("lr_c", "every", "columns"))


def device_law() -> DeviceLaw:
    """Return the law of the devices of this notebook."""
    return laws.soft_bounds(w_max=BOUND, w_min=-BOUND, imbalance=IMBALANCE)


@dataclass(frozen=True)
class Balance:
    """Record whether the asymmetry of A balances the gradients of each layer, and where A and C go.

    A value has four numbers for each layer: E[g]/E|g| along -psi(r) over -psi(r), the mean E|g|,
    and the mean weights of A and of C, counted from their references.
    """

    every: int | None = None
    at: tuple[int, ...] = ()
    probe: int = 500

    def check(self, moment: Moment) -> tuple[int, ...]:
        """Return the shape of a value."""
        return (4, len(moment.network.layers))

    def measure(self, moment: Moment) -> np.ndarray:
        """Return the four numbers of every layer."""
        few = slice(0, self.probe)
        images, labels = moment.data.train_images[few], moment.data.train_labels[few]
        found = equilibria(moment.network, moment.algorithm, images, labels)
        _, gradients = probe_gradients(moment.network, images, labels)
        layers = moment.network.layers
        sizes = [np.mean(np.abs(x).mean(axis=1) * np.abs(d).mean(axis=1)) for x, d in gradients]
        return np.array(
            [
                [layer.drift_slope for layer in found],
                sizes,
                [layer.a.effective_weights.mean() for layer in layers],
                [layer.c.effective_weights.mean() for layer in layers],
            ]
        )


def pulses_per_transfer(algorithm: SHD, device: Device, reading: float) -> float:
    """Return how many pulses of C a reading of A makes: no more than a train has slots.

    Examples
    --------
    >>> device = Device(device_law(), dw_min=0.001)
    >>> pulses_per_transfer(SHD(lr_c=0.2, pulses=10), device, 0.03)
    6.0
    """
    return float(round(min(algorithm.lr_c * reading / device.dw_min, algorithm.pulses), 12))


def driven(algorithm: SHD, device: Device, columns: int, samples: np.ndarray) -> np.ndarray:
    """Return where C is driven from 0 while A stands at its symmetry point and its reference at 0.

    Parameters
    ----------
    algorithm : SHD
    device : Device
    columns : int
        Of the layer.
    samples : (n,)
        Since the start.
    """
    each = pulses_per_transfer(algorithm, device, float(device_law().symmetry_point()))
    numbers = each * np.asarray(samples) / (algorithm.transfer_every * columns)
    response = pulse_response(device_law()).expression
    assert response is not None  # the steps of soft bounds are straight lines
    after = response.subs({dw_min: device.dw_min, w_0: 0})
    return np.array([float(after.subs(pulses, number)) for number in numbers])


def transfer_rate() -> Expr:
    """Return kappa of a layer by the settings of the training."""
    return lr_c / (every * columns)


def round_trip() -> float:
    """Return the samples between two transfers of a column in the exercise."""
    return EVERY * COLUMNS


def pull() -> float:
    """Return -psi of the device of this notebook at reference 0."""
    return float(-device_law().psi.subs(w, 0))


EXERCISES = {
    "ex1": Exercise(
        Formula(
            transfer_rate,
            "A wide layer waits longer for each of its columns: at the same lr_c its transfer is "
            "slower.",
            mistakes={
                "each transfer takes only one column: divide by their number, too.": lambda: (
                    lr_c / every
                ),
                "a transfer comes only after `every` samples: divide by it, too.": lambda: (
                    lr_c / columns
                ),
                "that would make wide layers faster; each column waits for all others.": lambda: (
                    lr_c * columns / every
                ),
            },
            aliases={"lr_C": "lr_c", "transfer_every": "every", "cols": "columns"},
        ),
        (
            "In `every*columns` samples each column is transferred once.",
            "One transfer moves C by `lr_c*(A - r)`. How much is that per sample?",
        ),
    ),
    "ex2": Exercise(
        Number(
            round_trip,
            "So long does a device of A collect gradients before C hears of it.",
            relative=0.001,
            mistakes={
                "the bias is a column, too.": lambda: EVERY * (COLUMNS - 1),
                "a column is transferred only after every second sample.": lambda: COLUMNS,
                "the bias is a column, too, and a column is transferred only after every second "
                "sample.": lambda: COLUMNS - 1,
                "rows are transferred all at once; count the columns.": lambda: EVERY * 10,
                "a column has all rows in it: they are transferred at once, and do not count.": (
                    lambda: EVERY * COLUMNS * 10
                ),
            },
            unit="samples",
        ),
        (
            "128 inputs and one bias: how many columns?",
            "Two samples for each column.",
        ),
    ),
    "ex3": Exercise(
        Number(
            pull,
            "So the tilt is nearly a third of the mean size of the gradient: no small correction.",
            relative=0.001,
            mistakes={
                "that is the symmetry point; the question is about -G/F at weight 0.": lambda: (
                    IMBALANCE * BOUND
                ),
                "that is minus G over F at a bound.": lambda: -1.0,
                "that is the up step over the down step; psi is G over F.": lambda: (
                    (1 + IMBALANCE) / (1 - IMBALANCE)
                ),
            },
        ),
        (
            "psi is G/F. What are G and F of soft bounds at weight 0?",
            "At 0 the up step is 1.3 and the down step 0.7: G = (0.7 - 1.3)/2, and F = 1.",
        ),
    ),
    "ex4": Exercise(
        Choice(
            "c",
            "Add the same to all rows, and the loss stays what it is: nothing holds C against a "
            "tilt that all rows share.",
            {
                "a": "its gradients are the largest of all.",
                "b": "its reference is off like all others.",
            },
        ),
        (
            "The last layer ends in a softmax. What is the sum of `p - y` over the classes?",
            "Both p and y add up to 1.",
        ),
    ),
}

PREDICTIONS = {
    "p1": Prediction(
        "c",
        {
            "a": "more than half of it",
            "b": "a tenth to a half of it",
            "c": "less than a tenth: A is nearly at rest",
        },
        {
            "a": "There is less motion in A than that.",
            "b": "It is another share.",
            "c": "Noise never lets A rest, and there are very many devices.",
        },
    ),
    "p2": Prediction(
        "b",
        {
            "a": "the reference of A",
            "b": "both matter alike",
            "c": "the reference of C, with which the network computes",
        },
        {
            "a": "The other one mattered.",
            "b": "One of them alone decides.",
            "c": "C is only shifted by it, and training makes up for a shift. A's reference is "
            "another matter.",
        },
    ),
}
