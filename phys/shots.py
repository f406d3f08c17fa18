"""Shots: when each line of an array fires during an operation."""

from __future__ import annotations

import numpy as np

from phys.elementary import normal_from_bits
from phys.programming import SubPhase
from phys.pulses import UpdatePlan
from phys.random_bits import child
from phys.timing import FS_PER_PS, Timing
from phys.wires import COLUMN, ROW, Shot

JITTER = (16, 17)
"""Random streams of the jitter of column and row lines."""

LineShots = tuple[dict[int, list[Shot]], dict[int, list[Shot]]]
"""Shots by line, of the columns and of the rows."""


def update_shots(
    plan: UpdatePlan, phases: list[SubPhase], pulses: int, start: int, timing: Timing
) -> LineShots:
    """Return for every line that fires its train, once in each sub-phase in which it takes part.

    The turn of a shot is ``phase * pulses + slot``.
    """
    lines: LineShots = ({}, {})
    slots = _firing_slots(plan.columns.bits, pulses), _firing_slots(plan.rows.bits, pulses)
    period = timing.slot_fs
    at = start + timing.gap_fs // 2
    for k, phase in enumerate(phases):
        polarity = phase.polarity
        for side, members in ((COLUMN, phase.columns), (ROW, phase.rows)):
            for line in members.tolist():
                if line in slots[side]:
                    lines[side].setdefault(line, []).extend(
                        [(at + s * period, k * pulses + s, polarity) for s in slots[side][line]]
                    )
        at += pulses * period + timing.phase_gap_fs
    return lines


def moved_shots(shots: list[Shot], late: int, key: np.uint64, timing: Timing) -> list[Shot]:
    """Return the shots of a line as they really come: late, and with jitter drawn below `key`."""
    shift = np.full(len(shots), late, dtype=np.int64)
    if timing.random:
        turns = np.array([turn for _, turn, _ in shots], dtype=np.uint64)
        xi = normal_from_bits(child(key, turns)).astype(np.float64)
        jitter = np.rint(xi * timing.jitter_ps * FS_PER_PS).astype(np.int64)
        room = timing.gap_fs // 2
        shift += np.clip(jitter, -room, room)
    return [
        (at + move, turn, polarity)
        for (at, turn, polarity), move in zip(shots, shift.tolist(), strict=True)
    ]


def planned_coincidences(plan: UpdatePlan, pulses: int) -> int:
    """Return how many pairs of a row and a column pulse of one slot the trains hold."""
    return sum(plan.columns.firing(s).size * plan.rows.firing(s).size for s in range(pulses))


def _firing_slots(bits: np.ndarray, pulses: int) -> dict[int, list[int]]:
    """Return for every line that fires the slots in which it does."""
    slots: dict[int, list[int]] = {}
    fires = (bits[:, None] >> np.arange(pulses, dtype=np.uint64)) & np.uint64(1)
    for line, slot in np.argwhere(fires).tolist():
        slots.setdefault(line, []).append(slot)
    return slots
