"""What can get lost in files and between processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from phys import Crossbar, Device, Spread
from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.bounds import SOFT


@dataclass(frozen=True)
class Labelled(Device):
    """Has a number of its own, for which law files have no place."""

    temperature: float = 300.0


@saboteur("store.json", "turns temperature = 350.0 into ")
def law_file_has_no_place_for_a_field() -> Sabotage:
    return Sabotage(Labelled(SOFT, dw_min=0.02, temperature=350.0))


class Plain(Device):
    """Sends only its law and its step to another process."""

    def __reduce__(self) -> Any:
        return Plain, (self.law, self.dw_min)


@saboteur("store.pickle", "a pickle turns device_spread = Spread(step=0.3")
def pickle_loses_the_spread() -> Sabotage:
    return Sabotage(Plain(SOFT, dw_min=0.02, device_spread=Spread(step=0.3)))


class Forgetful(Crossbar):
    """Takes up its weights, but not the number of its next update."""

    def restore(self, state: dict[str, np.ndarray]) -> None:
        super().restore({**state, "updates": np.array(0)})


@saboteur("store.state", "taken up from a state, goes on differently: ")
def state_forgets_how_far_the_trains_are() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02), Forgetful)
