"""Device files: a law file with the numbers of a device, as `crosspoint fit` writes them.

The law is written and read by `theory.law_file`; the numbers stand in its part ``device``, under
the names of the fields of `phys.Device`. A file is data: reading it runs nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from phys.checked import InputError
from phys.device import Device
from phys.spread import Spread
from theory import DeviceLaw
from theory.law_file import LawFileError, law_from_json, law_to_json, read_json

NUMBERS = tuple(f for f in fields(Device) if f.name != "law")
REAL_NUMBERS = frozenset(f.name for f in NUMBERS if "float" in str(f.type))
SPREAD_NUMBERS = ("step", "bounds", "imbalance")


def device_to_json(device: Device) -> dict[str, Any]:
    """Return a device as plain data: its law file with a part ``device``.

    Parameters
    ----------
    device : Device
        With a `theory.DeviceLaw`.

    Returns
    -------
    dict
        For ``json.dumps``.

    Raises
    ------
    InputError
        If the device has Python functions in place of a law: they are code, not data.

    Examples
    --------
    >>> from theory import laws
    >>> law = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3)
    >>> device = Device(law, dw_min=0.001, device_spread=Spread(step=0.3), cycle_noise=0.3)
    >>> data = device_to_json(device)
    >>> data["device"]["cycle_noise"], data["device"]["device_spread"]["step"]
    (0.3, 0.3)
    >>> device_from_json(data) == device
    True
    """
    if not isinstance(device.law, DeviceLaw):
        raise InputError(
            f"the device {device.law.name!r} is made of Python functions, and a file holds data "
            f"only; give its steps as a theory.DeviceLaw (theory.laws.tabulated joins measured "
            f"points), or keep it in a Python file"
        )
    return law_to_json(device.law) | {
        "device": {f.name: _plain(f.name, getattr(device, f.name)) for f in NUMBERS}
    }


def device_from_json(data: str | Mapping[str, Any]) -> Device:
    """Return the device of a law file with a part ``device``.

    Parameters
    ----------
    data : str or mapping
        The text of the file, or what ``json.loads`` made of it.

    Raises
    ------
    InputError, theory.law_file.LawFileError
        If the file is damaged, is no law file, or has no usable part ``device``; with the place.
    """
    given = read_json(data) if isinstance(data, str) else data
    law = law_from_json(given)
    numbers = given.get("device")
    if not isinstance(numbers, Mapping):
        raise LawFileError(
            'the file has no part "device": it holds a law but no numbers of a device; add '
            '"device": {"dw_min": 0.001}, or take the law with law_from_json'
        )
    known = [f.name for f in NUMBERS]
    for name in numbers:
        if name not in known:
            raise LawFileError(f"device has the unknown entry {name!r}; known: {', '.join(known)}")
    missing = [f.name for f in NUMBERS if f.default is MISSING and f.name not in numbers]
    if "dw_min" not in numbers or missing:
        raise LawFileError(f"device has no entry {(missing or ['dw_min'])[0]!r}; give the number")
    return Device(law, **{name: _value(name, value) for name, value in numbers.items()})


def read_device_file(path: Path) -> Device:
    """Return the device of the law file at `path`; errors name the file.

    Raises
    ------
    InputError
        If it cannot be read as one.
    """
    try:
        return device_from_json(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file; give a law file (JSON)") from None
    except (LawFileError, InputError) as error:
        raise InputError(f"{path}: {error}") from error


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Spread):
        return {
            **{part: float(getattr(value, part)) for part in SPREAD_NUMBERS},
            "parameters": {key: float(spread) for key, spread in value.parameters.items()},
        }
    if value is None or isinstance(value, bool | str):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(
            f"{name} = {value!r} is no number; a law file cannot hold the device"
        ) from None


def _value(name: str, value: Any) -> Any:
    if name == "device_spread" and isinstance(value, Mapping):
        return _spread(value)
    if name not in REAL_NUMBERS and (value is None or isinstance(value, bool | str)):
        return value
    return _number(f"device.{name}", value)


def _spread(value: Mapping[str, Any]) -> Spread:
    for part in value:
        if part not in (*SPREAD_NUMBERS, "parameters"):
            raise LawFileError(
                f"device.device_spread has the unknown entry {part!r}; known: "
                f"{', '.join((*SPREAD_NUMBERS, 'parameters'))}"
            )
    others = value.get("parameters", {})
    if not isinstance(others, Mapping):
        raise LawFileError("device.device_spread.parameters is no object; give {name: number}")
    return Spread(
        **{
            part: _number(f"device.device_spread.{part}", value[part])
            for part in SPREAD_NUMBERS
            if part in value
        },
        parameters={
            str(key): _number(f"device.device_spread.parameters.{key}", spread)
            for key, spread in others.items()
        },
    )


def _number(place: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise LawFileError(f"{place} = {value!r} is not a number; give one")
    try:
        return float(value)
    except OverflowError:
        raise LawFileError(f"{place} is too large a number") from None
