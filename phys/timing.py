"""Timing: how long everything takes, in which order and with which faults.

Public numbers are in nanoseconds, picoseconds and femtojoules. Inside, the clock counts integer
femtoseconds: with floating-point times two lines that should overlap for exactly one pulse width
do not, and nothing would ever switch fully.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache, cached_property, lru_cache
from typing import Any

import numpy as np
import sympy as sp

from phys import checked
from phys.checked import InputError
from phys.expressions import as_function

FS_PER_NS = 1_000_000
FS_PER_PS = 1_000
LONGEST_NS = 1e9
EVALUATIONS = ("settled", "momentary")

OVERLAP = sp.Symbol("t", nonnegative=True)
NOMINAL = sp.Symbol("t_nominal", positive=True)
TAU = sp.Symbol("tau", positive=True)
EXPONENTIAL_APPROACH = (1 - sp.exp(-OVERLAP / TAU)) / (1 - sp.exp(-NOMINAL / TAU))


@dataclass(frozen=True)
class Timing:
    r"""The times, energies and timing faults of one array and its periphery.

    Parameters
    ----------
    pulse_ns : float
        Width of a pulse on a line.
    slot_ns : float, optional
        From one slot of a pulse train to the next; a pulse sits in the middle of its slot.
        Default: the pulse width, so that pulses follow each other without a gap.
    phase_gap_ns : float
        Rest between two polarity sub-phases.
    read_ns : float
        A matrix-vector product, forward or backward.
    digital_ns : float
        Digital work before an update or a transfer.
    line_delay_ps : float
        Delay of an edge from one crosspoint to the next on its line; rows and columns alike, so
        that the skew at row i and column j is ``(j - i)`` times this.
    late_rows_ps, late_columns_ps : mapping of line to float
        Lines whose driver is late.
    jitter_ps : float
        Standard deviation by which a pulse comes early or late, cut off at half the gap between
        the pulses of a line, which must be at least six times as long.
    rise_ps : float
        From the edge of a driver until the line counts as high. It falls at once.
    min_overlap_ps : float
        A shorter overlap does not switch the device.
    switching : sympy expression
        Fraction of a step that is switched, over `OVERLAP` ``t``, `NOMINAL` ``t_nominal`` and
        `TAU` ``tau``; 0 without overlap, rising, 1 at the nominal overlap.
    switching_ns : float
        The ``tau`` of `switching`.
    settling_ns : float
        Time constant with which the weight follows a step; 0: at once.
    evaluate_at : str
        "settled": a step is computed from the weight that the last one leads to; "momentary": from
        where the weight is now. Reads always see the momentary weight.
    pulse_fj : float
        Energy of a device during one full pulse; a partial overlap takes its share.
    read_fj : float
        Energy of a device during one read.

    Notes
    -----
    The nominal overlap is ``pulse_ns`` less ``rise_ps``. The default law of switching is the
    exponential approach, normalised so that the nominal overlap switches the whole step,

    .. math:: f(t) = \frac{1 - e^{-t/\tau}}{1 - e^{-t_\text{nominal}/\tau}}

    The defaults are the 5 ns pulse and the 40 ns read of Rasch et al. 2024. These are assumptions
    of this toolkit, not taken from a source: the switching time constant, and the energies, which
    are :math:`V^2 G t` with 1 uS and 1 V for a pulse, 0.2 V for a read.

    Not modelled: the voltage drop along a line (IR drop) and sneak currents, disturbance of
    half-selected devices and the energy they take, the charge of the lines themselves, converters
    (their time is part of `read_ns`; they add neither noise nor quantisation), retention and drift,
    and a dependence of the switching speed on the voltage.

    Examples
    --------
    >>> timing = Timing(pulse_ns=5, slot_ns=8, line_delay_ps=2)
    >>> timing.nominal_fs, timing.gap_fs
    (5000000, 3000000)
    >>> float(timing.fraction(timing.nominal_fs)), float(timing.fraction(0))
    (1.0, 0.0)
    >>> Timing(pulse_ns=5, slot_ns=4)
    Traceback (most recent call last):
        ...
    phys.checked.InputError: slot_ns = 4 is shorter than pulse_ns = 5; give at least the pulse width
    """

    pulse_ns: float = 5.0
    slot_ns: float | None = None
    phase_gap_ns: float = 0.0
    read_ns: float = 40.0
    digital_ns: float = 0.0
    line_delay_ps: float = 0.0
    late_rows_ps: Mapping[int, float] = field(default_factory=dict, hash=False)
    late_columns_ps: Mapping[int, float] = field(default_factory=dict, hash=False)
    jitter_ps: float = 0.0
    rise_ps: float = 0.0
    min_overlap_ps: float = 0.0
    switching: Any = EXPONENTIAL_APPROACH
    switching_ns: float = 5.0
    settling_ns: float = 0.0
    evaluate_at: str = "settled"
    pulse_fj: float = 5.0
    read_fj: float = 1.6

    def __post_init__(self) -> None:
        self._check_numbers()
        if self.pulse_fs < 1:
            raise InputError(f"pulse_ns = {self.pulse_ns!r} is below 1 fs; give a longer pulse")
        if self.slot_fs < self.pulse_fs:
            raise InputError(
                f"slot_ns = {self.slot_ns} is shorter than pulse_ns = {self.pulse_ns}; give at "
                f"least the pulse width"
            )
        if self.nominal_fs <= 0:
            raise InputError(
                f"rise_ps = {self.rise_ps} leaves nothing of pulse_ns = {self.pulse_ns}; give a "
                f"rise time shorter than the pulse"
            )
        if self.min_overlap_fs > self.nominal_fs:
            raise InputError(
                f"min_overlap_ps = {self.min_overlap_ps} is longer than the nominal overlap of "
                f"{self.nominal_fs / FS_PER_PS:g} ps, so that no pulse would switch; give less"
            )
        needed = self.pulse_fs + 6 * self.jitter_ps * FS_PER_PS
        if needed > self.slot_fs:
            raise InputError(
                f"jitter_ps = {self.jitter_ps} does not fit six times into the gap of "
                f"{self.gap_fs / FS_PER_PS:g} ps between two pulses, which could then collide; "
                f"give slot_ns of at least {needed / FS_PER_NS:g}"
            )
        checked.choice("evaluate_at", self.evaluate_at, EVALUATIONS)
        self._check_switching()

    def _check_numbers(self) -> None:
        positive = {"pulse_ns", "switching_ns"}
        for entry in fields(self):
            name, value = entry.name, getattr(self, entry.name)
            if name.endswith(("_ns", "_ps", "_fj")) and not isinstance(value, Mapping):
                if value is None and name == "slot_ns":
                    continue
                high = LONGEST_NS * (1000 if name.endswith("_ps") else 1)
                number = checked.real(name, value, 0.0, high, open_low=name in positive)
                if not isinstance(value, int | float):
                    # Frozen, but a number of SymPy's stands for a plain one.
                    object.__setattr__(self, name, number)
        for name in ("late_rows_ps", "late_columns_ps"):
            late = getattr(self, name)
            if not isinstance(late, Mapping):
                raise InputError(f"{name} = {late!r} is no mapping; give {{line: picoseconds}}")
            plain = {
                checked.whole(f"line of {name}", line, 0): checked.real(
                    f"{name}[{line}]", delay, 0.0, LONGEST_NS * 1000
                )
                for line, delay in late.items()
            }
            object.__setattr__(self, name, plain)

    def _check_switching(self) -> None:
        try:
            # Frozen, but a plain number or text is taken for the expression that it stands for.
            object.__setattr__(self, "switching", sp.sympify(self.switching))
            strange = self.switching.free_symbols - {OVERLAP, NOMINAL, TAU}
        except (sp.SympifyError, TypeError):
            raise InputError(
                f"switching = {self.switching!r} is no SymPy expression; give one in phys.timing's "
                f"OVERLAP, NOMINAL and TAU"
            ) from None
        if strange:
            raise InputError(
                f"switching = {self.switching} holds {', '.join(sorted(map(str, strange)))}; give "
                f"an expression in phys.timing's OVERLAP, NOMINAL and TAU"
            )
        times = np.linspace(0, self.nominal_fs, 101)
        q = np.broadcast_to(np.asarray(self._law(times / FS_PER_NS), dtype=float), times.shape)
        if (
            not np.isfinite(q).all()
            or abs(q[0]) > 1e-9
            or abs(q[-1] - 1) > 1e-9
            or (np.diff(q) < -1e-12).any()
        ):
            raise InputError(
                f"switching = {self.switching} must rise from 0 without overlap to 1 at the "
                f"nominal overlap of {self.nominal_fs / FS_PER_NS:g} ns; it goes from {q[0]:g} to "
                f"{q[-1]:g}"
            )

    # -- named sets ------------------------------------------------------------------------
    @classmethod
    @cache
    def ideal(cls) -> Timing:
        """Return times without any fault: pulses of 5 ns back to back, every overlap nominal."""
        return cls()

    @classmethod
    def rasch_2024(cls) -> Timing:
        """Return the assumptions of Rasch et al., Nat. Commun. 15:7133 (2024).

        Pulses of 5 ns, reads of 40 ns.
        `digital_ns` is not stated there in the form used here: 5.85 ns is what makes their four
        published update times agree with each other (see `phys.update_times`).
        """
        return cls(pulse_ns=5.0, read_ns=40.0, digital_ns=5.85)

    @classmethod
    def slow_settling(cls) -> Timing:
        """Return a device that settles slowly, as ions in an electrochemical device might.

        An assumption to experiment with, from no source: after a pulse the weight takes 20 ns to
        come within 1/e of its new place, half as long as a read.
        """
        return cls(settling_ns=20.0)

    def with_values(self, **changes: Any) -> Timing:
        """Return these times with some of them changed."""
        return replace(self, **changes)

    # -- the same in femtoseconds ----------------------------------------------------------
    @cached_property
    def pulse_fs(self) -> int:
        """Pulse width."""
        return round(self.pulse_ns * FS_PER_NS)

    @cached_property
    def slot_fs(self) -> int:
        """Slot period."""
        return self.pulse_fs if self.slot_ns is None else round(self.slot_ns * FS_PER_NS)

    @cached_property
    def gap_fs(self) -> int:
        """Rest between two pulses of a line that fires in every slot."""
        return self.slot_fs - self.pulse_fs

    @property
    def phase_gap_fs(self) -> int:
        """Rest between two sub-phases."""
        return round(self.phase_gap_ns * FS_PER_NS)

    @cached_property
    def rise_fs(self) -> int:
        """Rise time."""
        return round(self.rise_ps * FS_PER_PS)

    @cached_property
    def delay_fs(self) -> int:
        """Line delay from one crosspoint to the next."""
        return round(self.line_delay_ps * FS_PER_PS)

    @cached_property
    def min_overlap_fs(self) -> int:
        """Shortest overlap that switches a device."""
        return round(self.min_overlap_ps * FS_PER_PS)

    @property
    def settling_fs(self) -> int:
        """Settling time constant."""
        return round(self.settling_ns * FS_PER_NS)

    @property
    def read_fs(self) -> int:
        """Read time."""
        return round(self.read_ns * FS_PER_NS)

    @property
    def digital_fs(self) -> int:
        """Digital work before an update or a transfer."""
        return round(self.digital_ns * FS_PER_NS)

    @cached_property
    def shortest_fs(self) -> int:
        """The same, but at least 1: no overlap switches nothing."""
        return max(self.min_overlap_fs, 1)

    @cached_property
    def nominal_fs(self) -> int:
        """Overlap of two lines in step: the pulse width less the rise time."""
        return self.pulse_fs - self.rise_fs

    def late_fs(self, side: int, lines: int) -> np.ndarray:
        """Return how late each driver of one side is, int64 (lines,); side 0: columns, 1: rows."""
        given = self.late_rows_ps if side else self.late_columns_ps
        late = np.zeros(lines, dtype=np.int64)
        for line, delay in given.items():
            if line >= lines:
                name = "late_rows_ps" if side else "late_columns_ps"
                raise InputError(
                    f"{name} names line {line}, but the array has {lines}; give 0 to {lines - 1}"
                )
            late[line] = round(delay * FS_PER_PS)
        return late

    # -- what an overlap does --------------------------------------------------------------
    @cached_property
    def _law(self) -> Callable[[Any], Any]:
        return _compiled(self.switching, self.nominal_fs / FS_PER_NS, self.switching_ns)

    def fraction(self, overlap_fs: Any) -> np.ndarray:
        """Return which part of a step an overlap switches, float32, exactly 1 at the nominal one.

        Parameters
        ----------
        overlap_fs : int or int64 array

        Raises
        ------
        InputError
            An overlap below 0 or longer than a pulse.
        """
        overlap = np.asarray(overlap_fs, dtype=np.int64)
        if (overlap < 0).any() or (overlap > self.pulse_fs).any():
            raise InputError(
                f"overlap = {overlap_fs} fs: two pulses overlap for at least 0 and at most "
                f"{self.pulse_fs} fs, the pulse width"
            )
        return self.part_of(overlap)

    def part_of(self, overlap: np.ndarray) -> np.ndarray:
        """Return `fraction` for an int64 array of possible overlaps."""
        part = np.minimum(self._law(overlap / FS_PER_NS).astype(np.float32), np.float32(1))
        part = np.where(overlap >= self.nominal_fs, np.float32(1), part)
        return np.where(overlap < self.shortest_fs, np.float32(0), part)

    @property
    def random(self) -> bool:
        """Whether some of the times are drawn at random."""
        return self.jitter_ps > 0

    def skew_fs(self, rows: int, cols: int) -> np.ndarray:
        """Return how much later the row's edge comes than the column's, int64 (cols, rows)."""
        row_late, column_late = self.late_fs(1, rows), self.late_fs(0, cols)
        j, i = np.arange(cols, dtype=np.int64)[:, None], np.arange(rows, dtype=np.int64)
        skew: np.ndarray = (row_late + self.delay_fs * j) - (
            column_late[:, None] + self.delay_fs * i
        )
        return skew

    def device_fractions(self, rows: int, cols: int) -> np.ndarray | None:
        """Return the fraction of a step that each device switches, float32 (cols, rows).

        None where every device switches fully. This is how the fast engine takes up deterministic
        skew: slot for slot the overlap is the same, so that a number per device says it all.

        Raises
        ------
        InputError
            Times that no such number describes: jitter, steps from the momentary weight, or a skew
            so large that pulses of neighbouring slots meet.
        """
        if self.random:
            raise InputError(
                f"jitter_ps = {self.jitter_ps} is random: the fast engine has no clock; "
                f'use engine="event"'
            )
        if self.settling_fs and self.evaluate_at == "momentary":
            raise InputError(
                'evaluate_at = "momentary" depends on when a pulse comes: the fast engine has no '
                'clock; use engine="event"'
            )
        if not (self.delay_fs or self.late_rows_ps or self.late_columns_ps):
            return None
        return _fractions(self, rows, cols)


def checked_timing(timing: Timing | None) -> Timing:
    """Return `timing`, or the ideal one for None."""
    if timing is None:
        return Timing.ideal()
    if not isinstance(timing, Timing):
        raise InputError(f"timing = {timing!r} is a {type(timing).__name__}; give a phys.Timing")
    return timing


@lru_cache(maxsize=256)
def _compiled(switching: sp.Expr, nominal_ns: float, tau_ns: float) -> Callable[[Any], Any]:
    numbers = {NOMINAL: sp.Float(nominal_ns), TAU: sp.Float(tau_ns)}
    return as_function([OVERLAP], switching.subs(numbers))


@lru_cache(maxsize=64)
def _fractions(timing: Timing, rows: int, cols: int) -> np.ndarray:
    skew = np.abs(timing.skew_fs(rows, cols))
    room = timing.gap_fs + timing.rise_fs
    if skew.max() > room:
        raise InputError(
            f"the largest skew, {skew.max() / FS_PER_PS:g} ps, is longer than the "
            f"{room / FS_PER_PS:g} ps that keep pulses of neighbouring slots apart; give a "
            f'longer slot_ns, or use engine="event"'
        )
    fractions = timing.fraction(np.maximum(timing.nominal_fs - skew, 0))
    fractions.flags.writeable = False
    return fractions
