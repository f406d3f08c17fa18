r"""Weights as the difference of two arrays that both learn, ``W = W_plus - W_minus``.

Two schemes move the pair:

* "opposite": each array takes half of the wanted change, the second with the opposite sign. Then

  .. math:: \dot W = \tfrac12 \Delta W\,(F(W_+) + F(W_-)) - \tfrac12 |\Delta W|\,(G(W_+) - G(W_-)),

  and for equal devices the friction vanishes where both weights are equal: whatever the imbalance,
  the symmetry point of the pair is W = 0, without a zero-shift. A spread between devices moves it.
* "one-sided": up pulses only, for the first array where the weight should rise and for the second
  where it should fall. Both climb towards their bound, and a periodic refresh resets a pair of
  which one device is high and both are up, and writes the difference anew (the one-sided unit cell
  of IBM's aihwkit, ``OneSidedUnitCell``, with its thresholds of 0.75 and 0.25). Reset and writing
  stand for a write-and-verify.
"""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from phys import checked, compiler
from phys.array_kinds import pair_loops
from phys.checked import InputError
from phys.crossbar import Crossbar, UpdateResult
from phys.device import Device
from phys.loops import arrays as array_loops
from phys.pulses import MAX_PULSES, update_gain
from phys.random_bits import ARRAY, stream_key
from phys.reads import Read, Reads

SCHEMES = ("opposite", "one-sided")
REFRESH_EVERY = 1000
UPPER, LOWER = np.float32(0.75), np.float32(0.25)


class DifferentialPair:
    """Two arrays of devices whose difference is the weight.

    Parameters
    ----------
    rows, cols : int
    device : Device
        Of both arrays.
    seed : int
    scheme : str
        "opposite" or "one-sided".
    read : Read, Reads or str, optional
        How the difference is read, see `phys.reads`.
    refresh_every : int
        Updates between two refreshes of a one-sided pair; 0 for none.

    Attributes
    ----------
    plus, minus : Crossbar
        The reference of `plus` is `minus` itself.

    Raises
    ------
    InputError
        A device that changes between updates, in a one-sided pair.

    Examples
    --------
    >>> from theory import laws
    >>> law = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3)
    >>> pair = DifferentialPair(2, 3, Device(law, dw_min=0.01), seed=0)
    >>> result = pair.update(x=[1, 0, 1], d=[0.5, -0.5], lr=0.2, pulses=10)
    >>> bool(pair.plus.weights[0, 0] > 0), bool(pair.minus.weights[0, 0] < 0)
    (True, True)
    """

    def __init__(
        self,
        rows: int,
        cols: int,
        device: Device,
        seed: int = 0,
        *,
        scheme: str = "opposite",
        read: Read | Reads | str | None = None,
        refresh_every: int = REFRESH_EVERY,
    ) -> None:
        self.scheme = checked.choice("scheme", scheme, SCHEMES)
        self.refresh_every = checked.whole("refresh_every", refresh_every, 0)
        self.plus = Crossbar(rows, cols, device, seed, read=read)
        if scheme == "one-sided" and self.plus.relaxes:
            raise InputError(
                f"device: {device.law.name!r} changes between updates, and an update of a "
                f'one-sided pair pulses its arrays twice; take the scheme "opposite", or a device '
                f"without between_updates"
            )
        self.minus = Crossbar(rows, cols, device, int(stream_key(seed, int(ARRAY))))
        self.plus.reference_columns = self.minus.columns
        self.minus.statistics = self.plus.statistics
        self.rows, self.cols, self.seed, self.device = rows, cols, seed, device
        self.kernel, self.updates = self.plus.kernel, 0
        self._signals = np.zeros((2, max(rows, cols)), dtype=np.float32)

    def __repr__(self) -> str:
        name = self.device.law.name
        return f"DifferentialPair({self.rows} rows, {self.cols} cols, {name}, {self.scheme})"

    # -- state -----------------------------------------------------------------------------
    @property
    def columns(self) -> np.ndarray:
        """Weights of the first array, float32 (cols, rows)."""
        return self.plus.columns

    @property
    def reference_columns(self) -> np.ndarray:
        """Weights of the second array, float32 (cols, rows)."""
        return self.minus.columns

    @property
    def effective_weights(self) -> np.ndarray:
        """The difference, float32 (rows, cols), read-only."""
        return self.plus.effective_weights

    @property
    def statistics(self) -> np.ndarray:
        """Sums over the updates of both arrays."""
        return self.plus.statistics

    @property
    def read(self) -> Reads:
        """How the difference is read."""
        return self.plus.read

    @property
    def reads(self) -> np.ndarray:
        """How many reads of each kind there were, int64 (3,)."""
        return self.plus.reads

    @property
    def read_streams(self) -> np.ndarray:
        """Keys of the noise of each kind of read, uint64 (4,)."""
        return self.plus.read_streams

    def set_effective_weights(self, weights: Any) -> None:
        """Write `weights`, (rows, cols): half to each array, or to the one that is to hold it."""
        wanted = checked.array("weights", weights, (self.rows, self.cols))
        if self.scheme == "opposite":
            self.plus.set_weights(wanted / 2)
            self.minus.set_weights(-wanted / 2)
        else:
            self.plus.set_weights(np.maximum(wanted, 0))
            self.minus.set_weights(np.maximum(-wanted, 0))

    def state(self) -> dict[str, np.ndarray]:
        """Return copies of everything that changes with use."""
        # Both arrays count with the pair.
        count = {"updates": np.array(self.updates)}
        second = self.minus.state() | count
        return self.plus.state() | count | {f"minus_{k}": v for k, v in second.items()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take up a state that `state` returned."""
        self.updates = int(state["updates"])
        self.minus.restore(
            {name[len("minus_") :]: v for name, v in state.items() if name.startswith("minus_")}
        )
        self.plus.restore(state)

    # -- reads -----------------------------------------------------------------------------
    def forward(self, x: Any, *, probe: int | None = None) -> np.ndarray:
        """Return ``(W_plus - W_minus) @ x``, see `Crossbar.forward`."""
        return self.plus.forward(x, probe=probe)

    def backward(self, d: Any) -> np.ndarray:
        """Return ``(W_plus - W_minus).T @ d``, see `Crossbar.backward`."""
        return self.plus.backward(d)

    def read_column(self, column: int) -> np.ndarray:
        """Return the difference of one column, float32 (rows,)."""
        return self.plus.read_column(column)

    # -- pulses ----------------------------------------------------------------------------
    def update(self, x: Any, d: Any, lr: float, pulses: int = 10) -> UpdateResult:
        """Apply one parallel update of ``lr * outer(d, x)`` to the difference, on average.

        Parameters
        ----------
        x : (cols,)
        d : (rows,)
        lr : float
        pulses : int
            Slots of a pulse train (symbol BL), 1 to 64.

        Returns
        -------
        UpdateResult
            Summed over both arrays.
        """
        x = checked.array("x", x, (self.cols,))
        d = checked.array("d", d, (self.rows,))
        lr = checked.real("lr", lr, 0.0, open_low=True)
        pulses = checked.whole("pulses", pulses, 1, MAX_PULSES)
        gain = update_gain(lr, self.device.dw_min, pulses)
        before = self.statistics.copy()
        if self.scheme == "opposite":
            self._opposite(x, d, gain, pulses)
        else:
            self._one_sided(x, d, gain, pulses)
        self.updates += 1
        change = self.statistics - before
        addressed = change[array_loops.ADDRESSED]
        return UpdateResult(
            pulses=int(change[array_loops.PULSES]),
            wanted=float(change[array_loops.WANTED]),
            delivered=float(change[array_loops.DELIVERED]),
            clipped_fraction=float(change[array_loops.CLIPPED] / addressed) if addressed else 0.0,
        )

    def _opposite(self, x: np.ndarray, d: np.ndarray, gain: np.float32, pulses: int) -> None:
        half = np.float32(0.5) * gain
        for array, direction in ((self.plus, d), (self.minus, -d)):
            _give(array, self.updates, x, direction, half, pulses)

    def _one_sided(self, x: np.ndarray, d: np.ndarray, gain: np.float32, pulses: int) -> None:
        own = np.float32(pair_loops.uncut_gain(gain, x, d))
        zero = np.float32(0)
        for phase, sign in enumerate((np.float32(1), np.float32(-1))):
            turn, signal = 2 * self.updates + phase, np.maximum(sign * x, zero)
            _give(self.plus, turn, signal, np.maximum(sign * d, zero), own, pulses)
            _give(self.minus, turn, signal, np.maximum(-sign * d, zero), own, pulses)
        if self.refresh_every and (self.updates + 1) % self.refresh_every == 0:
            self.refresh()

    def refresh(self) -> None:
        """Reset pairs of which one is above 0.75 and both above 0.25 of their upper bound.

        Their difference is written anew, to one of the two devices.
        """
        plus, minus = self.plus.columns, self.minus.columns
        shares = np.array([array.columns / array.bounds[1].T for array in (self.plus, self.minus)])
        chosen = (shares.max(axis=0) > UPPER) & (shares.min(axis=0) > LOWER)
        difference = plus[chosen] - minus[chosen]
        plus[chosen] = np.maximum(difference, np.float32(0))
        minus[chosen] = np.maximum(-difference, np.float32(0))

    # -- compiled --------------------------------------------------------------------------
    def module(self) -> ModuleType:
        """Return the compiled update of a pair with these devices."""
        return _module(self.kernel.source, self.scheme)

    def packed(self) -> tuple[Any, ...]:
        """Return coefficients, stride, noise and streams as `pair_loops` unpacks them."""
        refresh = self.refresh_every, UPPER, LOWER
        plus, minus = self.plus, self.minus
        tables = plus.coefficients.reshape(-1), minus.coefficients.reshape(-1)
        c = (*tables, minus.columns, self._signals, refresh)
        return c, plus.stride, plus.noise, (plus.streams, minus.streams)


def _give(
    array: Crossbar, number: int, x: np.ndarray, d: np.ndarray, gain: np.float32, pulses: int
) -> None:
    """Apply an update of which the pair keeps the count."""
    from phys import fast

    array.updates = number
    fast.update(array, x, d, gain, pulses)


@lru_cache(maxsize=64)
def _module(source: str, scheme: str) -> ModuleType:
    law = compiler.law_module(source)
    name = {"opposite": "update_opposite", "one-sided": "update_one_sided"}[scheme]
    text = "\n".join(
        (
            "import numpy as np\nfrom numba import njit",
            f"from {compiler.core().__name__} import *",
            f"from {law.__name__} import HIGH, update_array as update_one",
            compiler.kernel_source(pair_loops, (*pair_loops.SHARED, name)),
            f"\nupdate_array = {name}\n",
            compiler.unit_vector_updates(),
        )
    )
    return compiler.load("pair", text)
