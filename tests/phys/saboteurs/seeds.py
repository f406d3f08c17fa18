"""What can go wrong with random numbers."""

from __future__ import annotations

import itertools
import random
from typing import Any

from phys import Crossbar, Device, Spread
from phys.population import draw_population
from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.bounds import SOFT

MADE = itertools.count()


class Numbered(Crossbar):
    """Draws its devices below the number of arrays made so far."""

    def __init__(self, rows: int, cols: int, device: Device, seed: int = 0) -> None:
        super().__init__(rows, cols, device, seed)
        self.population = draw_population(device, rows * cols, next(MADE))
        self.coefficients = self.population.coefficients


# Whatever is compared on two arrays of one seed differs.
@saboteur(
    "seed.same",
    "end differently: ",
    also=(
        "engine.event",
        "engine.timing",
        "engine.numpy",
        "pulses.compose",
        "pulses.memory",
        "update.count",
        "input.layout",
        "store.json",
        "store.pickle",
        "store.state",
    ),
)
def devices_depend_on_what_was_made_before() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02, device_spread=Spread(step=0.3)), Numbered)


class Identical(Crossbar):
    """Draws the devices of all arrays below the same seed."""

    def __init__(self, rows: int, cols: int, device: Device, seed: int = 0) -> None:
        super().__init__(rows, cols, device, seed)
        self.population = draw_population(device, rows * cols, 0)
        self.coefficients = self.population.coefficients


@saboteur("seed.other", "give 64 devices the same steps and bounds")
def all_arrays_have_the_same_devices() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02, device_spread=Spread(step=0.3)), Identical)


class Shuffled(Crossbar):
    """Gives pulses line by line, in an order that a global generator picks."""

    def pulse_all(self, directions: Any, *args: Any, **options: Any) -> None:
        random.shuffle(list(range(self.rows)))
        super().pulse_all(directions, *args, **options)


@saboteur("seed.own", "the array draws from the global generator of random")
def global_generator_picks_the_order() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02), Shuffled)
