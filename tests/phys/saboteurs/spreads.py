"""What can go wrong with the spread of devices."""

from __future__ import annotations

from phys import Device, Spread
from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.bounds import SOFT
from theory import laws


@saboteur("spread.valid", "slope_down = ", also=("steps.sign",))
def some_devices_would_step_backwards() -> Sabotage:
    """Slopes of half the range, spread by a third: some are steeper than the range allows."""
    law = laws.linear_step(w_max=1, w_min=-1, imbalance=0, slope_up=0.5, slope_down=0.8)
    return Sabotage(Device(law, dw_min=0.02, device_spread=Spread(parameters={"slope_down": 0.3})))


class Narrower(Device):
    """Takes the number given for the distance of two devices, not of one from the mean."""

    @property
    def spread(self) -> Spread:
        given = super().spread
        return Spread(step=given.step / 2**0.5, bounds=given.bounds / 2**0.5)


# A law file holds the numbers of a Device, which then differ as stated.
@saboteur(
    "spread.size", "ln(step/dw_min) of 4096 devices has the upper quartile", also=("store.json",)
)
def devices_differ_less_than_stated() -> Sabotage:
    return Sabotage(Narrower(SOFT, dw_min=0.02, device_spread=Spread(step=0.3)))
