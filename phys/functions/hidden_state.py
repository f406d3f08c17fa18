"""HiddenStateFunctions: a device whose steps depend on more than its weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from phys import checked
from phys.checked import InputError
from phys.functions.checks import check_function, checked_bounds, checked_name
from phys.functions.identity import name_of

LARGEST_INITIAL = 1e30


@dataclass(frozen=True)
class HiddenStateFunctions:
    """A device with hidden numbers beside its weight, and functions that change both.

    Every device has its own hidden numbers, float32. They are part of an array's state and of
    checkpoints; `Crossbar.hidden_state` shows them.

    Parameters
    ----------
    up, down : callable
        ``up(w, s1, s2, ...) -> (q, s1_new, s2_new, ...)`` for float32 arrays: the step in units of
        ``dw_min`` as in `StepFunctions`, and what a pulse makes of the hidden numbers.
    state : mapping of name to float
        The hidden numbers in the order of the arguments, each with its value in a fresh device.
    bounds : (float, float)
        ``w_min < 0 < w_max``.
    between_updates : callable, optional
        ``between_updates(w, s1, s2, ...) -> (w_new, s1_new, s2_new, ...)``: what happens to every
        device, pulsed or not, between one update of the array and the next. It costs a pass over
        all devices per update.
    name : str

    Raises
    ------
    InputError
        As for `StepFunctions`; a state without names or with values that are not finite.

    Notes
    -----
    Of `phys.Device`, cycle noise and the spread of steps change how far the weight moves; hidden
    numbers change as the functions say. Where the bounds of devices differ, functions see the
    weight stretched to the nominal bounds. A pulse that bad timing shortens counts whole for the
    hidden numbers. How the functions run, and which bits agree: as for `StepFunctions`.

    Examples
    --------
    A step that wears out with every pulse, by 1/1000 of what is left:

    >>> from phys import Crossbar, Device
    >>> def up(w, wear):
    ...     return (1 - w) * (1 - wear), wear + (1 - wear) / 1000
    >>> def down(w, wear):
    ...     return (1 + w) * (1 - wear), wear + (1 - wear) / 1000
    >>> worn = HiddenStateFunctions(up, down, {"wear": 0.0}, bounds=(-1, 1))
    >>> xbar = Crossbar(2, 3, Device(worn, dw_min=0.01))
    >>> xbar.pulse_all([1, -1] * 500)
    >>> round(float(xbar.hidden_state["wear"][0, 0]), 3), round(1 - (1 - 1 / 1000) ** 1000, 3)
    (0.632, 0.632)

    A weight that relaxes towards an equilibrium, which itself creeps after the weight:

    >>> def relax(w, rest):
    ...     return w + (rest - w) / 10, rest + (w - rest) / 200
    >>> slow = HiddenStateFunctions(
    ...     lambda w, rest: (1 - w, rest),
    ...     lambda w, rest: (1 + w, rest),
    ...     {"rest": 0.0},
    ...     bounds=(-1, 1),
    ...     between_updates=relax,
    ... )
    >>> xbar = Crossbar(1, 1, Device(slow, dw_min=0.01))
    >>> xbar.set_weights([[0.5]])
    >>> for _ in range(200):
    ...     xbar.relax()
    >>> round(float(xbar.weights[0, 0]), 2), round(float(xbar.hidden_state["rest"][0, 0]), 2)
    (0.02, 0.02)
    """

    up: Callable[..., Any]
    down: Callable[..., Any]
    state: Mapping[str, float] = field(hash=False)
    bounds: tuple[float, float]
    between_updates: Callable[..., Any] | None = None
    name: str = "hidden state"

    def __post_init__(self) -> None:
        checked_name(self.name)
        bounds = checked_bounds(self.bounds)
        state: Any = self.state
        if not isinstance(state, Mapping) or not state:
            raise InputError(
                f"state = {self.state!r} names no hidden number; give their names and initial "
                f'values, as in {{"wear": 0.0}}, or use StepFunctions'
            )
        for name, value in state.items():
            if not isinstance(name, str) or not name.isidentifier():
                raise InputError(f"state names {name!r}; give a name such as 'wear'")
            checked.real(f"state[{name!r}]", value, -LARGEST_INITIAL, LARGEST_INITIAL)
        object.__setattr__(self, "state", dict(state))
        initial = tuple(state.values())
        check_function("up", self.up, bounds, initial)
        check_function("down", self.down, bounds, initial)
        if self.between_updates is not None:
            check_function("between_updates", self.between_updates, bounds, initial, positive=False)

    def __repr__(self) -> str:
        functions = f"up={name_of(self.up)}, down={name_of(self.down)}, state={self.state}"
        rest = f"between_updates={name_of(self.between_updates)}, name={self.name!r}"
        return f"HiddenStateFunctions({functions}, bounds={self.bounds}, {rest})"
