"""Strategies of timing: widths, gaps, delays and their faults."""

from __future__ import annotations

from hypothesis import strategies as st

from phys.strategies.common import parts
from phys.timing import EVALUATIONS, EXPONENTIAL_APPROACH, NOMINAL, OVERLAP, Timing

SWITCHING = (EXPONENTIAL_APPROACH, OVERLAP / NOMINAL, (OVERLAP / NOMINAL) ** 2)


@st.composite
def timings(
    draw: st.DrawFn, rows: int = 8, cols: int = 8, *, deterministic: bool = False
) -> Timing:
    """Draw the times of an array, with skew, late lines, slow edges, jitter and slow settling.

    Shrinks towards `Timing.ideal`.

    Parameters
    ----------
    rows, cols : int
        Lines of the array.
    deterministic : bool
        Only what the fast engine takes too: no jitter, steps from the settled weight, and skew that
        keeps pulses of neighbouring slots apart.

    Returns
    -------
    SearchStrategy of Timing

    Examples
    --------
    >>> from phys.strategies import simplest
    >>> simplest(timings()) == Timing.ideal()
    True
    """
    pulse = float(draw(parts(1, 20, 2, towards=10)))
    gap = pulse * float(draw(parts(0, 12, 4)))
    rise = pulse * float(draw(parts(0, 9, 10)))
    # Part of the time between two pulses by which the lines of a crosspoint may be out of step.
    room_ps = 1000 * (gap + rise) * (0.5 if deterministic else 2.0)
    share = parts(0, 9, 10).map(float)

    def late(lines: int) -> st.SearchStrategy[dict[int, float]]:
        delays = share.filter(bool).map(lambda part: part * room_ps)
        return st.dictionaries(st.integers(0, lines - 1), delays, max_size=2 if room_ps else 0)

    settling = float(draw(st.sampled_from([0, 5, 20])))
    momentary = draw(st.booleans()) and not (deterministic and settling)
    return Timing(
        pulse_ns=pulse,
        slot_ns=pulse + gap if gap else None,
        phase_gap_ns=float(draw(parts(0, 20, 2))),
        read_ns=float(draw(parts(0, 80, 1, towards=40))),
        digital_ns=float(draw(parts(0, 20, 2))),
        line_delay_ps=draw(share) * room_ps / max(rows, cols),
        late_rows_ps=draw(late(rows)),
        late_columns_ps=draw(late(cols)),
        jitter_ps=0.0 if deterministic else draw(share) * 1000 * gap / 6,
        rise_ps=1000 * rise,
        min_overlap_ps=draw(share) * 1000 * (pulse - rise),
        switching=draw(st.sampled_from(SWITCHING)),
        switching_ns=float(draw(parts(1, 40, 2, towards=10))),
        settling_ns=settling,
        evaluate_at=EVALUATIONS[momentary],
        pulse_fj=float(draw(parts(0, 40, 2, towards=10))),
        read_fj=float(draw(parts(0, 40, 10, towards=16))),
    )
