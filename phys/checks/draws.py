"""What checks draw: places between the bounds, and trains of pulses."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from phys.checks.subject import Subject


def weights(subject: Subject, margin: float = 0.0) -> SearchStrategy[float]:
    """Weights between the nominal bounds, `margin` of the range away from them.

    Shrinks towards 0. The bounds and their neighbourhood, where laws and engines go wrong, are
    drawn more often than their share.
    """
    low, high = subject.bounds
    gap = margin * (high - low)
    low, high = low + gap, high - gap
    near = st.floats(0, 0.01, allow_nan=False).map(lambda part: part * (high - low))
    return st.one_of(
        st.floats(low, high, allow_nan=False),
        st.sampled_from([high, low]),
        near.map(lambda distance: high - distance),
        near.map(lambda distance: low + distance),
    )


def pulse_trains(longest: int = 30) -> SearchStrategy[list[int]]:
    """Trains of up (+1) and down (-1) pulses; shrink towards one up pulse."""
    return st.lists(st.sampled_from([1, -1]), min_size=1, max_size=longest)


def seeds() -> SearchStrategy[int]:
    """Seeds of an array; shrink towards 0."""
    return st.integers(0, 2**16)
