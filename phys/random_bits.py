"""Counter-based random numbers: every number is a pure function of where it is used.

There is no generator and no state. A 64-bit *key* is derived step by step from the seed, the
stream (what the number is for), the update and the line or device; the number is a hash of the
key and the slot. The same place gives the same number in every engine, in any order of
evaluation and on any number of threads, and a run that is resumed needs no generator state.

The hash is the output function of SplitMix64 (Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014): child ``n`` of a key is the (n+1)-th output of the
SplitMix64 generator that starts at that key.

The functions here are written for scalars and arrays alike: numba compiles them for the fast
engine, and NumPy runs them as they stand, on the same unsigned integers and so with the same bits.
"""

import numpy as np

from phys.elementary import normal_from_bits

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
U1 = np.uint64(1)
U27 = np.uint64(27)
U30 = np.uint64(30)
U31 = np.uint64(31)
U32 = np.uint64(32)
LOW_32 = np.uint64(0xFFFFFFFF)

COLUMN_TRAIN = np.uint64(1)
ROW_TRAIN = np.uint64(2)
CYCLE_NOISE = np.uint64(3)
STEP_SPREAD = np.uint64(4)
PARAMETER_SPREAD = np.uint64(5)
REFERENCE_ERROR = np.uint64(6)
INITIAL_WEIGHT = np.uint64(7)
SAMPLE_ORDER = np.uint64(8)
ARRAY = np.uint64(9)
FORWARD_READ = np.uint64(10)
BACKWARD_READ = np.uint64(11)
COLUMN_READ = np.uint64(12)
PROBE_READ = np.uint64(13)
CHOPPER = np.uint64(14)
BOOTSTRAP = np.uint64(32)
MEASUREMENT = np.uint64(33)

SLOTS_PER_DEVICE = np.uint64(64)


def child(key, n):
    """Return the 64-bit key of child `n` of `key`: one output of SplitMix64."""
    z = key + (n + U1) * GOLDEN
    z = (z ^ (z >> U30)) * MIX_1
    z = (z ^ (z >> U27)) * MIX_2
    return z ^ (z >> U31)


def slot_word(line_key, slot):
    """Return the 32 random bits of one `slot` of a line; two slots share one hash."""
    bits = child(line_key, slot >> U1)
    return (bits >> ((slot & U1) * U32)) & LOW_32


def stream_key(seed: int, *path: int) -> np.uint64:
    """Derive the key at the end of `path` (stream, layer, update, ...) below `seed`.

    Parameters
    ----------
    seed : int
        Any non-negative integer below 2**64.
    *path : int
        The steps from the seed down to the wanted stream.

    Returns
    -------
    numpy.uint64
        The key.

    Examples
    --------
    >>> int(stream_key(0, 3, 1)) == int(stream_key(0, 3, 1))
    True
    >>> int(stream_key(0, 3, 1)) == int(stream_key(0, 1, 3))
    False
    """
    with np.errstate(over="ignore"):
        key = child(np.uint64(0), np.uint64(seed))
        for step in path:
            key = child(key, np.uint64(step))
    return np.uint64(key)


def uniforms(key: np.uint64, count: int) -> np.ndarray:
    """Return `count` float64 numbers, uniform in the open interval (0, 1), below `key`.

    Examples
    --------
    >>> draw = uniforms(stream_key(0, 7), 1000)
    >>> draw.shape, bool(abs(draw.mean() - 0.5) < 4 * (12 * 1000) ** -0.5)
    ((1000,), True)
    """
    bits = child(key, np.arange(count, dtype=np.uint64))
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def normals(key: np.uint64, count: int) -> np.ndarray:
    """Return `count` standard normal float32 numbers below `key`.

    Examples
    --------
    >>> draw = normals(stream_key(0, 7), 1000)
    >>> draw.dtype.name, bool(abs(draw.mean()) < 4 * 1000**-0.5)
    ('float32', True)
    """
    return np.asarray(normal_from_bits(child(key, np.arange(count, dtype=np.uint64))))


KERNELS = ("child",)
CALLED_FROM_PYTHON = ("child",)
