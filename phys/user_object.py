"""Objects that a user names on the command line: in a Python file, a law file, or the catalogue."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from phys.checked import InputError
from phys.device import Device
from phys.spread import Spread
from theory import DeviceLaw, laws
from theory.laws.presets import PRESETS, Preset

SPREADS = ("step", "bounds", "imbalance")


def load_object(place: str) -> Any:
    """Return the device or law that `place` names.

    Parameters
    ----------
    place : str
        ``FILE.py:NAME``, which runs the file; a law file (JSON), which runs nothing; or the name of
        a law of the catalogue or of a preset.

    Returns
    -------
    DeviceLaw, Device, or functions that a Device takes

    Raises
    ------
    InputError
        Nothing usable is there; the message names the file and the line.

    Examples
    --------
    >>> load_object("soft_bounds").name
    'soft_bounds'
    """
    if ".py:" in place or place.endswith(".py"):
        file, _, name = place.rpartition(":") if ".py:" in place else (place, "", "")
        return _from_python(Path(file), name)
    if place in laws.CATALOGUE:
        return laws.CATALOGUE[place].law()
    if place in PRESETS:
        return preset_device(PRESETS[place]())
    if place.endswith(".json") or Path(place).is_file():
        return _from_law_file(Path(place))
    known = [*laws.CATALOGUE, *PRESETS]
    near = difflib.get_close_matches(place, known, 3, 0.5) or known
    raise InputError(
        f"there is no device {place!r}: give FILE.py:NAME, a law file (JSON), or a name such as "
        f"{', '.join(near)}"
    )


def origin(place: str) -> str:
    """Return Python code that defines ``device`` as `load_object` gives it."""
    if ".py:" in place:
        file, _, name = place.rpartition(":")
        return f"import runpy\ndevice = runpy.run_path({file!r})[{name!r}]"
    if place in laws.CATALOGUE:
        return f"from theory import laws\ndevice = laws.CATALOGUE[{place!r}].law()"
    return f"from phys.user_object import load_object\ndevice = load_object({place!r})"


def preset_device(preset: Preset) -> Device:
    """Return the device of a preset, with its noise and the spread between devices.

    Examples
    --------
    >>> preset_device(PRESETS["ecram"]()).cycle_noise
    0.3
    """
    published = dict(preset.spread)
    step, bounds, imbalance = (float(published.get(name, 0)) for name in SPREADS)
    spread = Spread(step=step, bounds=bounds, imbalance=imbalance)
    return Device(preset.law, float(preset.dw_min), spread, cycle_noise=float(preset.cycle_noise))


def is_device(value: Any) -> bool:
    """Whether a `Device` is, or can be made of, `value`."""
    if isinstance(value, Device):
        return True
    try:
        Device(value, dw_min=0.01 * (float(value.bounds[1]) - float(value.bounds[0])))
    except Exception:
        return isinstance(value, DeviceLaw)
    return True


def _from_law_file(path: Path) -> Any:
    from phys.device_file import read_device_file
    from theory.law_file import LawFileError, law_from_json, read_json

    if not path.is_file():
        raise InputError(f"{path} is not a file; give a law file (JSON)")
    try:
        data = read_json(path.read_text(encoding="utf-8"))
        return read_device_file(path) if "device" in data else law_from_json(data)
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file; give a law file (JSON)") from None
    except LawFileError as error:
        raise InputError(f"{path}: {error}") from error


def _from_python(path: Path, name: str) -> Any:
    if not path.is_file():
        raise InputError(f"{path} is not a file; give FILE.py:NAME")
    module = _run(path)
    if not name:
        raise InputError(f"{path}: name the device in it, FILE.py:NAME{_devices_of(module, path)}")
    if not hasattr(module, name):
        near = difflib.get_close_matches(name, _lines(path), 1)
        meant = f"; did you mean {near[0]} (line {_lines(path)[near[0]]})?" if near else ""
        held = meant or _devices_of(module, path) or "; it holds no device"
        raise InputError(f"{path} holds no {name!r}{held}")
    value = getattr(module, name)
    if not is_device(value):
        line = _lines(path).get(name)
        where = f"{path}, line {line}" if line else str(path)
        call = f"; call it where you define the device, {name}()" if callable(value) else ""
        raise InputError(
            f"{where}: {name} is of type {type(value).__name__}, no device; make it a "
            f"theory.DeviceLaw, a phys.Device or a phys.StepFunctions{call}"
        )
    return value


def _run(path: Path) -> ModuleType:
    """Import a Python file under its own name, with its folder on the path, as Python would."""
    name = path.stem if path.stem not in sys.modules else f"crosspoint_user_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        del sys.modules[name]
        at = f"{error.filename}, line {error.lineno}" if error.lineno else str(path)
        raise InputError(f"{at}: {error.msg}; it is no Python") from error
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if Path(f.filename).resolve() == path.resolve()]
        at = f"{path}, line {own[-1].lineno}" if own else str(path)
        raise InputError(
            f"{at}: the file does not import: {type(error).__name__}: {error}"
        ) from error
    return module


def _lines(path: Path) -> dict[str, int]:
    """Return the line of every name that the file defines at its top level."""
    found: dict[str, int] = {}
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node.lineno
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            for part in ast.walk(target) if target is not None else ():
                if isinstance(part, ast.Name):
                    found[part.id] = node.lineno
    return found


def _devices_of(module: ModuleType, path: Path) -> str:
    names = [name for name in _lines(path) if is_device(getattr(module, name, None))]
    return f"; it holds {', '.join(names)}" if names else ""
