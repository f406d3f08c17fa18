"""The arithmetic of devices whose steps are Python functions.

It has the form of `phys.kernels.LawKernel`: the text of ``up_step(w, c, o)`` and ``down_step(w, c,
o)`` for the compiler, which calls the user's compiled functions, and the same for arrays. The
hidden numbers of a device stand among its coefficients, and its steps change them in place.

Where the bounds of devices differ, the functions are given the weight stretched to the nominal
bounds, ``w_min + slope (w - own w_min)``, kept within them.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from phys import compiler
from phys.checked import InputError
from phys.functions import compiled
from phys.functions.checks import called, grid
from phys.functions.compiled import NotCompilable
from phys.functions.hidden_state import HiddenStateFunctions
from phys.functions.steps import StepFunctions

STEP, LOW, HIGH, SLOPE = range(4)
AGREEMENT = 1e-3


class UncompiledDeviceWarning(UserWarning):
    """A device whose Python functions cannot be compiled, and which therefore runs slower."""


def hidden_places(kernel: Any) -> dict[str, int]:
    """Return where the hidden numbers of a kernel's devices stand; a law has none."""
    return kernel.hidden_places if isinstance(kernel, FunctionKernel) else {}


@dataclass(frozen=True)
class FunctionKernel:
    """The arithmetic of one pulse of a device that is given by Python functions.

    Attributes
    ----------
    functions : StepFunctions or HiddenStateFunctions
    own_bounds : bool
        Whether the bounds differ from device to device.
    """

    functions: StepFunctions | HiddenStateFunctions
    own_bounds: bool = False

    step_place = STEP
    low_place = LOW
    high_place = HIGH

    @property
    def initial(self) -> dict[str, float]:
        """The hidden numbers of a fresh device, by name."""
        functions = self.functions
        return dict(functions.state) if isinstance(functions, HiddenStateFunctions) else {}

    @property
    def hidden_places(self) -> dict[str, int]:
        """Where each hidden number stands among the coefficients of a device."""
        first = SLOPE + 1 if self.own_bounds else HIGH + 1
        return {name: first + k for k, name in enumerate(self.initial)}

    @property
    def width(self) -> int:
        """Coefficients per device, padding included."""
        used = (SLOPE if self.own_bounds else HIGH) + 1 + len(self.initial)
        return -(-used // 4) * 4

    @property
    def between_updates(self) -> Any:
        """The function that changes devices between updates, or None."""
        return getattr(self.functions, "between_updates", None)

    def coefficients(self, values: Any, step: Any, low: Any, high: Any) -> np.ndarray:
        """Return the numbers of fresh devices, float32 (n, width); arguments as in `LawKernel`."""
        count = max(np.size(step), np.size(low), np.size(high))
        table = np.zeros((count, self.width), np.float32)
        table[:, STEP], table[:, LOW], table[:, HIGH] = step, low, high
        if self.own_bounds:
            nominal_low, nominal_high = self.functions.bounds
            table[:, SLOPE] = (nominal_high - nominal_low) / (np.asarray(high) - np.asarray(low))
        for name, place in self.hidden_places.items():
            table[:, place] = self.initial[name]
        return table

    # -- for the compiler ------------------------------------------------------------------
    @cached_property
    def source(self) -> str | None:
        """The text of the step functions, or None where numba cannot compile them."""
        try:
            return self._compilable()
        except NotCompilable as error:
            warnings.warn(
                f"device {self.functions.name!r} runs at NumPy's speed: {error}",
                UncompiledDeviceWarning,
                stacklevel=4,
            )
            return None

    def _compilable(self) -> str:
        """Return the text of the step functions after a trial, or raise `NotCompilable`."""
        functions = {"up": self.functions.up, "down": self.functions.down}
        if self.between_updates is not None:
            functions["between_updates"] = self.between_updates
        source = self._text(compiled.register(tuple(functions.values())), list(functions))
        weights = grid(self.functions.bounds)
        low, high = self.functions.bounds
        for name in ("up", "down"):
            table = np.repeat(self.coefficients({}, 1.0, low, high), weights.size, axis=0)
            try:
                steps = self._compiled_steps(source, name == "up", weights, table)
                if self.between_updates is not None:
                    compiler.step_module(source).relax_array(
                        weights[None].copy(), table.copy().reshape(-1), self.width
                    )
            except Exception as error:
                raise NotCompilable(
                    f"numba cannot compile its functions: {compiled.reason(error)}"
                ) from None
            state = [np.full_like(weights, value) for value in self.initial.values()]
            expected = called(name, functions[name], weights, *state)[0]
            expected = expected if name == "up" else -expected
            close = np.isclose(
                steps, expected, rtol=AGREEMENT, atol=AGREEMENT * np.abs(expected).max()
            )
            if not close.all():
                k = int(np.argmin(close))
                raise NotCompilable(
                    f"for one number, {name}(w = {weights[k]:.4g}) is {steps[k]:.6g}, and for "
                    f"arrays {expected[k]:.6g}"
                )
        return source

    def _text(self, key: str, names: list[str]) -> str:
        hidden = list(self.hidden_places.values())
        state = "".join(f", c[o + {place}]" for place in hidden)
        low, high = (float(np.float32(bound)) for bound in self.functions.bounds)
        lines = [
            "from phys.functions.compiled import functions_of",
            f"STEP = {STEP}\nLOW = {LOW}\nHIGH = {HIGH}\nWIDTH = {self.width}",
            f"NOMINAL_LOW = np.float32({low!r})\nNOMINAL_HIGH = np.float32({high!r})",
            f"{''.join(f'user_{name}, ' for name in names)} = functions_of({key!r})",
        ]
        place = "w"
        if self.own_bounds:
            place = "place_of(w, c, o)"
            lines.append(
                "\ndef place_of(w, c, o):\n"
                f"    place = NOMINAL_LOW + c[o + {SLOPE}] * (w - c[o + LOW])\n"
                "    return np.minimum(np.maximum(place, NOMINAL_LOW), NOMINAL_HIGH)\n"
            )
        for name, sign in (("up", ""), ("down", "-")):
            result = f"    {', '.join(['q', *(f's{k}' for k in hidden)])} = "
            lines.append(
                f"\ndef {name}_step(w, c, o):\n"
                f"{result}user_{name}({place}{state})\n"
                + "".join(f"    c[o + {k}] = s{k}\n" for k in hidden)
                + f"    return {sign}c[o + STEP] * np.float32(q)\n"
            )
        if "between_updates" in names:
            target = "np.float32(new)"
            if self.own_bounds:
                target = f"w + (np.float32(new) - place) / c[o + {SLOPE}]"
            lines.append(
                "\ndef relaxed(w, c, o):\n"
                f"    place = {place}\n"
                f"    {', '.join(['new', *(f's{k}' for k in hidden)])} = "
                f"user_between_updates(place{state})\n"
                + "".join(f"    c[o + {k}] = s{k}\n" for k in hidden)
                + f"    return clamp({target}, c[o + LOW], c[o + HIGH])\n"
            )
        return "\n".join(lines)

    # -- for many devices ------------------------------------------------------------------
    @property
    def _compiled_source(self) -> str | None:
        return self.source if compiler.available() else None

    def up_step(self, weight: np.ndarray, c: Any, o: int) -> np.ndarray:
        """Return the change of the weights (n,) by an up pulse; `c` is (width, n) or (width, 1).

        Hidden numbers in `c` are changed.
        """
        return self._step("up", weight, c)

    def down_step(self, weight: np.ndarray, c: Any, o: int) -> np.ndarray:
        """Return the change of the weights by a down pulse."""
        return self._step("down", weight, c)

    def _step(self, name: str, weight: np.ndarray, c: np.ndarray) -> np.ndarray:
        source = self._compiled_source
        if source is not None:
            return self._compiled_steps(source, name == "up", weight, c.T)
        q = self._call(name, self._place(weight, c), c)
        return np.asarray(c[STEP] * q if name == "up" else -c[STEP] * q)

    def _compiled_steps(
        self, source: str, up: bool, weight: np.ndarray, table: np.ndarray
    ) -> np.ndarray:
        steps = np.empty_like(weight)
        stride = self.width if table.shape[0] > 1 else 0
        flat = table.reshape(-1)
        compiler.step_module(source).steps_into(weight, flat, stride, up, steps)
        if self.initial and not np.shares_memory(flat, table):
            table[...] = flat.reshape(table.shape)
        return steps

    def _place(self, weight: np.ndarray, c: np.ndarray) -> np.ndarray:
        if not self.own_bounds:
            return weight
        low, high = (np.float32(bound) for bound in self.functions.bounds)
        return np.minimum(np.maximum(low + c[SLOPE] * (weight - c[LOW]), low), high)

    def _call(self, name: str, place: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Call a function for many devices, put away their hidden numbers, return its result."""
        places = list(self.hidden_places.values())
        state = (np.broadcast_to(c[k], place.shape) for k in places)
        result, *hidden = called(name, getattr(self.functions, name), place, *state)
        if not np.isfinite(result).all():
            k = int(np.argmin(np.isfinite(result)))
            raise InputError(
                f"{name}(w = {place[k]:.4g}) = {result[k]} is not a finite number; correct the "
                f"function"
            )
        for k, values in zip(places, hidden, strict=True):
            c[k] = values
        return result

    def relax(self, columns: np.ndarray, coefficients: np.ndarray) -> None:
        """Let devices change as they do between two updates.

        Parameters
        ----------
        columns : float32 (columns, rows), changed in place.
        coefficients : float32 (n, width), hidden numbers changed in place.
        """
        if self.between_updates is None:
            return
        source = self._compiled_source
        if source is not None:
            stride = self.width if coefficients.shape[0] > 1 else 0
            compiler.step_module(source).relax_array(columns, coefficients.reshape(-1), stride)
            return
        weight, c = columns.reshape(-1), coefficients.T
        place = self._place(weight, c)
        new = self._call("between_updates", place, c)
        if self.own_bounds:
            new = weight + (new - place) / c[SLOPE]
        columns.reshape(-1)[...] = np.minimum(np.maximum(new, c[LOW]), c[HIGH])
