"""Updates of an array that comes as one tuple, written to be compiled.

`phys.compiler` puts these functions beside the `update_array` of an array's devices. Such a tuple
is (weights, reference, coefficients, stride, noise, streams, number, statistics, column read), as
`phys.fused` packs it; `work` is the working memory that `phys.fused` makes.
"""

from phys.elementary import F0, F1
from phys.loops.lines import take_full


def pulse(array, x, d, gain, pulses, work):
    """Apply one parallel update."""
    weights, _, coefficients, stride, noise, streams, number, statistics = array[:8]
    update_array(
        weights,
        coefficients,
        stride,
        noise,
        x,
        d,
        gain,
        pulses,
        streams,
        number[0],
        work[0],
        statistics,
    )
    number[0] += 1


def pulse_column(array, column, d, gain, pulses, work):
    """Apply one parallel update to a column: a unit vector enters."""
    weights, _, coefficients, stride, noise, streams, number, statistics = array[:8]
    update_column(
        weights,
        coefficients,
        stride,
        noise,
        column,
        d,
        gain,
        pulses,
        streams,
        number[0],
        work[0],
        statistics,
    )
    number[0] += 1


def pulse_full(array, column, h, limit, work):
    """Give a column a pulse where its buffer `h` holds one, and take it from the buffer.

    As often as there are such pulses, but at most `limit` times.
    """
    weights, _, coefficients, stride, noise, streams, number, statistics = array[:8]
    signs = work[2][: h.size]
    for _ in range(limit):
        count = take_full(h, signs)
        if count == 0:
            return
        give_column(
            weights,
            coefficients,
            stride,
            noise,
            column,
            signs,
            count,
            streams,
            number[0],
            work[0],
            statistics,
        )
        number[0] += 1


def unit_vector_column(array, column, d, gain, pulses, work):
    """Apply `pulse_column` to arrays that have no update of a column."""
    one_hot = work[1]
    one_hot[column] = F1
    pulse(array, one_hot[: array[0].shape[0]], d, gain, pulses, work)
    one_hot[column] = F0


def unit_vector_full(array, column, h, limit, work):
    """Apply `pulse_full` to arrays that have no update of a column."""
    signs = work[2][: h.size]
    for _ in range(limit):
        if take_full(h, signs) == 0:
            return
        unit_vector_column(array, column, signs, F1, 1, work)


NAMES = ("pulse", "pulse_column", "pulse_full")
BY_UNIT_VECTOR = ("pulse", "unit_vector_column", "unit_vector_full")
CALLED_FROM_PYTHON = ()
