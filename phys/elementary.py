"""The elementary functions of both engines: exp, log, logistic, tanh and the normal quantile.

A compiled `expf` and NumPy's differ in their last bits, and so would two engines that used them.
These routines use + - * /, square root, comparisons, `floor` and the bit pattern of float32 only,
which IEEE 754 fixes to the last bit. They are written once, for scalars and arrays alike: numba
compiles them, and NumPy runs them as they stand. Accuracy is a few units in the last place; the
tests measure it.

Sources: exp and log after Cephes (Moshier, netlib `expf`, `logf`); the normal quantile is PPND7 of
Wichura, "Algorithm AS 241", Applied Statistics 37:477 (1988).
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

QUANTILE_SPLIT = np.float32(0.425)
QUANTILE_CENTRE = np.float32(0.180625)
A0 = np.float32(3.3871327179e00)
A1 = np.float32(5.0434271938e01)
A2 = np.float32(1.5929113202e02)
A3 = np.float32(5.9109374720e01)
B1 = np.float32(1.7895169469e01)
B2 = np.float32(7.8757757664e01)
B3 = np.float32(6.7187563600e01)
C0 = np.float32(1.4234372777e00)
C1 = np.float32(2.7568153900e00)
C2 = np.float32(1.3067284816e00)
C3 = np.float32(1.7023821103e-01)
D1 = np.float32(7.3700164250e-01)
D2 = np.float32(1.2021132975e-01)
TAIL_SHIFT = np.float32(1.6)
U33 = np.uint64(33)
SIGN_BIT = np.uint64(1)
TWO_M32 = np.float32(2.0**-32)
ZERO_BITS = np.uint64(0)


def where(condition, a, b):
    """Return `a` where `condition` holds and `b` elsewhere."""
    return np.where(condition, a, b)[()]


def choose(condition, f, a, g, b):
    """Return ``f(a)`` where `condition` holds and ``g(b)`` elsewhere."""
    return where(condition, f(a), g(b))


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


def central_quantile(q):
    """Return the standard normal quantile at probability 1/2 + q, for ``|q| <= 0.425``."""
    r = QUANTILE_CENTRE - q * q
    top = ((A3 * r + A2) * r + A1) * r + A0
    return q * top / (((B3 * r + B2) * r + B1) * r + F1)


def tail_quantile(p):
    """Return minus the standard normal quantile at a small probability `p`, 2**-33 <= p < 0.075."""
    r = np.sqrt(-log32(p)) - TAIL_SHIFT
    return (((C3 * r + C2) * r + C1) * r + C0) / ((D2 * r + D1) * r + F1)


def normal_from_bits(bits):
    """Return a standard normal float32 from 64 bits: the upper 31 its size, the lowest its sign."""
    p = (np.float32(bits >> U33) + HALF) * TWO_M32
    q = HALF - p
    size = choose(q <= QUANTILE_SPLIT, central_quantile, q, tail_quantile, p)
    return where((bits & SIGN_BIT) == ZERO_BITS, size, -size)


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
    "central_quantile",
    "tail_quantile",
    "normal_from_bits",
)
