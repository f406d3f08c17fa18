"""Fields of aihwkit's pulsed devices: their default values, and which have a counterpart here.

Read in aihwkit's ``simulator/configs/devices.py`` and in its C++ sources (2026-06). Nothing here
imports aihwkit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phys.checked import InputError

COMMON: dict[str, Any] = {
    "dw_min": 0.001,
    "dw_min_dtod": 0.3,
    "dw_min_dtod_log_normal": False,
    "dw_min_std": 0.3,
    "up_down": 0.0,
    "up_down_dtod": 0.01,
    "w_max": 0.6,
    "w_min": -0.6,
    "w_max_dtod": 0.3,
    "w_min_dtod": 0.3,
}
"""Fields of every pulsed device that have a counterpart, with aihwkit's defaults."""

OWN: dict[str, dict[str, Any]] = {
    "ConstantStepDevice": {},
    "LinearStepDevice": {
        "gamma_up": 0.0,
        "gamma_down": 0.0,
        "gamma_up_dtod": 0.05,
        "gamma_down_dtod": 0.05,
        "allow_increasing": False,
        "mean_bound_reference": True,
        "mult_noise": True,
    },
    "SoftBoundsDevice": {"mult_noise": True},
    "SoftBoundsPmaxDevice": {
        "p_max": 1000,
        "alpha": 0.0005,
        "range_min": -1.0,
        "range_max": 1.0,
        "mult_noise": True,
    },
    "ExpStepDevice": {
        "A_up": 0.00081,
        "A_down": 0.36833,
        "gamma_up": 12.44625,
        "gamma_down": 12.78785,
        "a": 0.244,
        "b": 0.2425,
    },
    "PowStepDevice": {
        "pow_gamma": 1.0,
        "pow_gamma_dtod": 0.1,
        "pow_up_down": 0.0,
        "pow_up_down_dtod": 0.0,
    },
}
"""Further fields of each device, with aihwkit's defaults."""

FROM_RANGE = ("w_max", "w_min", "dw_min", "up_down")
"""Fields of ``SoftBoundsPmaxDevice`` that aihwkit computes: they are None there."""

OFF: dict[str, Any] = {
    "corrupt_devices_prob": 0.0,
    "diffusion": 0.0,
    "diffusion_dtod": 0.0,
    "lifetime": 0.0,
    "lifetime_dtod": 0.0,
    "perfect_bias": False,
    "write_noise_std": 0.0,
    "reverse_up": False,
    "reverse_down": False,
    "dw_min_std_add": 0.0,
    "dw_min_std_slope": 0.0,
}
"""Fields without a counterpart, and the value at which they do nothing."""

IDLE = frozenset(
    {
        "apply_write_noise_on_set",
        "construction_seed",
        "corrupt_devices_range",
        "count_pulses",
        "drift",
        "enforce_consistency",
        "reset",
        "reset_dtod",
        "reset_std",
        "reverse_offset",
    }
)
"""Fields that describe no pulse: they act only on calls of their own, or beside those in `OFF`."""


def complete_fields(kind: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return all fields of a device that have a counterpart, the left-out ones by default.

    Parameters
    ----------
    kind : str
        Name of aihwkit's class.
    parameters : mapping of field to value

    Raises
    ------
    InputError
        An unknown device or field, a value that is no finite number, or a field without a
        counterpart that is not off.

    Examples
    --------
    >>> complete_fields("SoftBoundsDevice", {"w_max": 0.8})["w_max_dtod"]
    0.3
    >>> complete_fields("SoftBoundsDevice", {"lifetime": 100.0})
    Traceback (most recent call last):
    ...
    phys.checked.InputError: SoftBoundsDevice: lifetime = 100.0 has no counterpart here; ...
    """
    if kind not in OWN:
        raise InputError(f"device {kind!r} is not among {', '.join(OWN)}; choose one of these")
    fields = {**COMMON, **OWN[kind]}
    computed = FROM_RANGE if kind == "SoftBoundsPmaxDevice" else ()
    for name, value in parameters.items():
        if name in computed:
            if value is not None:
                raise InputError(
                    f"{kind}: {name} = {value!r}: aihwkit computes it from p_max, alpha and the "
                    f"range and does not look at it; leave it out"
                )
        elif name in OFF:
            if value != OFF[name]:
                raise InputError(
                    f"{kind}: {name} = {value!r} has no counterpart here; set it to {OFF[name]!r} "
                    f"if the device may do without"
                )
        elif name in fields:
            fields[name] = _checked(kind, name, value, fields[name])
        elif name not in IDLE:
            raise InputError(
                f"{kind}: there is no field {name!r} that this toolkit knows; known are "
                f"{', '.join((*fields, *OFF))}"
            )
    return {name: value for name, value in fields.items() if name not in computed}


def _checked(kind: str, name: str, value: Any, default: Any) -> Any:
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise InputError(f"{kind}: {name} = {value!r}; give True or False")
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{kind}: {name} = {value!r} is not a number; give one") from None
    if not abs(number) < float("inf"):
        raise InputError(f"{kind}: {name} = {value!r} is not finite; give a finite number")
    return value


def imbalance_of(up_down: float) -> float:
    """Return our imbalance rho of aihwkit's one-sided ``up_down``.

    >>> imbalance_of(0.5), imbalance_of(-0.5), imbalance_of(0)
    (0.3333333333333333, -0.3333333333333333, 0.0)
    """
    return up_down / (2 - abs(up_down))


def up_down_of(imbalance: float) -> float:
    """Return aihwkit's one-sided ``up_down`` of our imbalance rho.

    >>> round(up_down_of(imbalance_of(0.259359)), 12)
    0.259359
    """
    return 2 * imbalance / (1 + abs(imbalance))
