"""The elementary functions of both engines: exp, log, logistic, tanh, normals.

A compiled `expf` and NumPy's differ in their last bits, and so would two engines that used them.
These routines use + - * /, square root, comparisons, `floor` and the bit pattern of float32 only,
which IEEE 754 fixes to the last bit. They are written once, for scalars and arrays alike: numba
compiles them, and NumPy runs them as they stand. Accuracy is a few units in the last place; the
tests measure it.

Sources: exp and log after Cephes (Moshier, netlib `expf`, `logf`); normals after Box and Muller,
"A note on the generation of random normal deviates", Ann. Math. Statist. 29:610 (1958), with a
minimax polynomial for the sine.
"""

import numpy as np

F0 = np.float32(0.0)
F1 = np.float32(1.0)
F2 = np.float32(2.0)
HALF = np.float32(0.5)
SMALLEST = np.float32(2.0**-126)

LOG2_E = np.float32(1.44269504088896341)
LN2_HIGH = np.float32(0.693359375)
LN2_LOW = np.float32(-2.12194440e-4)
EXP_MAX = np.float32(88.0)
EXP_MIN = np.float32(-87.0)
EXP_5 = np.float32(1.9875691500e-4)
EXP_4 = np.float32(1.3981999507e-3)
EXP_3 = np.float32(8.3334519073e-3)
EXP_2 = np.float32(4.1665795894e-2)
EXP_1 = np.float32(1.6666665459e-1)
EXP_0 = np.float32(5.0000001201e-1)
EXPONENT_BIAS = np.int32(127)
MANTISSA_BITS = np.int32(23)
MANTISSA_MASK = np.int32(0x007FFFFF)
ONE_BITS = np.int32(0x3F800000)

SQRT_2 = np.float32(1.41421356237309505)
LOG_8 = np.float32(7.0376836292e-2)
LOG_7 = np.float32(-1.1514610310e-1)
LOG_6 = np.float32(1.1676998740e-1)
LOG_5 = np.float32(-1.2420140846e-1)
LOG_4 = np.float32(1.4249322787e-1)
LOG_3 = np.float32(-1.6668057665e-1)
LOG_2 = np.float32(2.0000714765e-1)
LOG_1 = np.float32(-2.4999993993e-1)
LOG_0 = np.float32(3.3333331174e-1)

MINUS_2 = np.float32(-2.0)
SINE_4 = np.float32(1.5167853189e-4)
SINE_3 = np.float32(-4.6741574963e-3)
SINE_2 = np.float32(7.9689926867e-2)
SINE_1 = np.float32(-6.4596376129e-1)
SINE_0 = np.float32(1.5707963201)
TWO_M30 = np.float32(2.0**-30)
TWO_M31 = np.float32(2.0**-31)
U33 = np.uint64(33)
LOW_31 = np.uint64(0x7FFFFFFF)


def where(condition, a, b):
    """Return `a` where `condition` holds and `b` elsewhere."""
    return np.where(condition, a, b)[()]


def exp32(x):
    """Return e**x in float32, for x between -87 and 88 (values beyond are clipped to these)."""
    x = np.minimum(np.maximum(x, EXP_MIN), EXP_MAX)
    n = np.floor(x * LOG2_E + HALF)
    r = x - n * LN2_HIGH
    r = r - n * LN2_LOW
    p = EXP_5 * r + EXP_4
    p = p * r + EXP_3
    p = p * r + EXP_2
    p = p * r + EXP_1
    p = p * r + EXP_0
    p = p * (r * r) + r + F1
    return p * np.int32((np.int32(n) + EXPONENT_BIAS) << MANTISSA_BITS).view(np.float32)


def log32(x):
    """Return the natural logarithm of a positive, normal float32."""
    bits = np.float32(x).view(np.int32)
    e = np.float32((bits >> MANTISSA_BITS) - EXPONENT_BIAS)
    m = np.int32((bits & MANTISSA_MASK) | ONE_BITS).view(np.float32)
    high = m > SQRT_2
    m = where(high, m * HALF, m) - F1
    e = where(high, e + F1, e)
    z = m * m
    p = LOG_8 * m + LOG_7
    p = p * m + LOG_6
    p = p * m + LOG_5
    p = p * m + LOG_4
    p = p * m + LOG_3
    p = p * m + LOG_2
    p = p * m + LOG_1
    p = p * m + LOG_0
    p = p * m * z
    p = p + e * LN2_LOW
    p = p - HALF * z
    return m + p + e * LN2_HIGH


def logistic32(x):
    """Return the logistic function 1/(1 + exp(-x)) in float32."""
    return F1 / (F1 + exp32(-x))


def tanh32(x):
    """Return the hyperbolic tangent in float32, as 1 - 2/(1 + exp(2x))."""
    return F1 - F2 / (F1 + exp32(F2 * x))


def sine_of_quarter_turns(v):
    """Return sin(pi v / 2) in float32 for ``|v| <= 1``."""
    q = v * v
    return v * ((((SINE_4 * q + SINE_3) * q + SINE_2) * q + SINE_1) * q + SINE_0)


def normal_from_halves(first, second):
    """Return a standard normal float32 from two independent 31-bit numbers, int32.

    Box and Muller's transform: ``sqrt(-2 log u) sin(pi v / 2)`` with u uniform in (0, 1] and v in
    [-1, 1). It reaches out to 6.7 and has no branch, so that a loop over it fills vector registers.
    """
    u = (np.float32(first) + HALF) * TWO_M31
    v = np.float32(second) * TWO_M30 - F1
    return np.sqrt(MINUS_2 * log32(u)) * sine_of_quarter_turns(v)


def normal_from_bits(bits):
    """Return a standard normal float32 from 64 bits: the highest and the lowest 31 of them."""
    return normal_from_halves(np.int32(bits >> U33), np.int32(bits & LOW_31))


def power32(x, exponent):
    """Return x**exponent in float32 for x >= 0, as exp(exponent * log x); 0 at and below 0."""
    size = np.maximum(x, SMALLEST)
    return where(x > F0, exp32(exponent * log32(size)), F0)


KERNELS = (
    "exp32",
    "log32",
    "logistic32",
    "tanh32",
    "power32",
    "sine_of_quarter_turns",
    "normal_from_halves",
    "normal_from_bits",
)
CALLED_FROM_PYTHON = ("exp32", "log32", "logistic32", "tanh32", "normal_from_bits")
