"""Exercises and predictions of 07_shd_on_mnist."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sympy import Expr, Symbol

from phys.guidance import equilibria
from phys.recording import Moment
from phys.teaching.formulas import Formula
from phys.teaching.numbers import Choice, Number
from phys.teaching.predictions import Prediction
from phys.teaching.verdict import Exercise
from theory import DeviceLaw, laws
from theory.symbols import w

BOUND, IMBALANCE = 0.6, 0.3
LR_C, EVERY, COLUMNS = 0.2, 2, 129
lr_c, every, columns = (Symbol(n, positive=True) for n in ("lr_c", "every", "columns"))


def device_law() -> DeviceLaw:
    """Return the law of the devices of this notebook."""
    return laws.soft_bounds(w_max=BOUND, w_min=-BOUND, imbalance=IMBALANCE)


@dataclass(frozen=True)
class Balance:
    """Record how far the gradients of each layer are balanced by the asymmetry of its devices.

    A value has, for each layer, E[g]/E|g| along -psi over -psi itself, and the share of the core
    devices within a twentieth of a bound, and the mean E|g|: (3, layers).
    """

    every: int | None = None
    at: tuple[int, ...] = ()
    probe: int = 500

    def check(self, moment: Moment) -> tuple[int, ...]:
        """Return the shape of a value."""
        return (3, len(moment.network.layers))

    def measure(self, moment: Moment) -> np.ndarray:
        """Return the three numbers of every layer."""
        few = slice(0, self.probe)
        images, labels = moment.data.train_images[few], moment.data.train_labels[few]
        found = equilibria(moment.network, moment.algorithm, images, labels)
        cores = [np.abs(layer.c.weights) for layer in moment.network.layers]
        at_bounds = [float(np.mean(core > 0.95 * BOUND)) for core in cores]
        sizes = [layer.absolute_gradient for layer in found]
        return np.array([[layer.drift_slope for layer in found], at_bounds, sizes])


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
                "rows are transferred all at once; count the columns.": lambda: EVERY * 10,
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
            "For every sample the outputs' errors add up to zero. A tilt that is the same for all "
            "rows finds nothing to balance it, and C runs to its bound.",
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
        "a",
        {
            "a": "more than half of the energy",
            "b": "about a tenth to a half of it",
            "c": "less than a tenth",
        },
        {
            "a": "A network has little momentum.",
            "b": "It came out otherwise.",
            "c": "It came out otherwise.",
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
