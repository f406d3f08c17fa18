r"""Parameters of aihwkit's pulsed devices to our laws and devices and back; aihwkit not needed.

Parameters travel as dictionaries of the fields of aihwkit's classes, such as
``vars(SoftBoundsDevice(w_max=0.8))``. aihwkit's ``up_down`` u is one-sided (read in its C++
source): for u > 0, up : down = 1 : 1 - u, and for u < 0, 1 + u : 1. Hence

.. math:: \rho = \frac{u}{2 - |u|}, \qquad
          \delta = \delta_\mathrm{aihwkit}\Bigl(1 - \frac{|u|}{2}\Bigr),

and ``pow_up_down`` parts the exponents of ``PowStepDevice`` in the same way.

``SoftBoundsPmaxDevice`` is taken by the curve that its documentation states, as in
`theory.laws.soft_bounds_pmax`; the fields that aihwkit derives from its numbers are not used.

What has no counterpart is an error, never dropped. Some spreads between devices agree to first
order only; they too are an error, unless ``approximate=True`` says that this will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phys.aihwkit.fields import complete_fields
from phys.aihwkit.reader import AihwkitReader
from phys.aihwkit.writer import AihwkitDevice, AihwkitWriter
from phys.device import Device

__all__ = ["AihwkitDevice", "from_aihwkit", "to_aihwkit"]


def from_aihwkit(
    kind: str, parameters: Mapping[str, Any] | None = None, *, approximate: bool = False
) -> Device:
    """Return the device that aihwkit's parameters describe.

    Parameters
    ----------
    kind : str
        ConstantStepDevice, LinearStepDevice, SoftBoundsDevice, SoftBoundsPmaxDevice,
        ExpStepDevice or PowStepDevice.
    parameters : mapping of field to value, optional
        Left-out fields have aihwkit's defaults.
    approximate : bool
        Accept spreads that agree to first order only: normal for log-normal steps, spreads of the
        step beside an imbalance, slopes at the mean bound, exponents that vary together.

    Returns
    -------
    Device

    Raises
    ------
    InputError
        A field without a counterpart, or one that agrees to first order only.

    Examples
    --------
    >>> none = {"dw_min_dtod": 0, "up_down_dtod": 0, "w_max_dtod": 0, "w_min_dtod": 0}
    >>> device = from_aihwkit("SoftBoundsDevice", {"up_down": 0.5, **none})
    >>> device.law.values["imbalance"], round(device.dw_min, 6)
    (1/3, 0.00075)
    """
    f = complete_fields(kind, parameters or {})
    return AihwkitReader(kind, f, approximate).device()


def to_aihwkit(device: Device, *, approximate: bool = False) -> AihwkitDevice:
    """Return aihwkit's parameters of a device.

    Parameters
    ----------
    device : Device
        Its law an exponential or power step of the catalogue, soft bounds by the number of pulses,
        or any law whose steps are straight lines.
    approximate : bool
        As in `from_aihwkit`.

    Returns
    -------
    AihwkitDevice

    Raises
    ------
    InputError
        If no device of aihwkit's has these steps, or some number has no counterpart.

    Examples
    --------
    >>> from theory import laws
    >>> law = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=1/3)
    >>> made = to_aihwkit(Device(law, dw_min=0.00075, cycle_noise=0.3))
    >>> made.kind, round(made.parameters["up_down"], 6), round(made.parameters["dw_min"], 6)
    ('SoftBoundsDevice', 0.5, 0.001)
    """
    return AihwkitWriter(device, approximate).made()
