"""What the tests of phys share: laws, oracles, digests and tolerances from sample size."""

from __future__ import annotations

import hashlib
import math
import resource
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

from phys import Crossbar, Device, compiler, elementary
from phys.data import Dataset
from phys.kernels import LawKernel
from phys.loops import arrays as array_loops
from phys.loops import lines as loops
from theory import DeviceLaw, laws, w

ONES = sp.Integer(1)

CUSTOM_LAWS: dict[str, DeviceLaw] = {
    law.name: law
    for law in (
        DeviceLaw("square", up=sp.Rational(13, 10) * (1 - w) ** 2, down=1 + w, bounds=(-1, 1)),
        DeviceLaw("tanh", up=1 - sp.tanh(w) / 2, down=1 + sp.tanh(2 * w) / 2, bounds=(-1, 1)),
        DeviceLaw("root", up=sp.sqrt(2 - w), down=(1 + w / 2) ** sp.Rational(3, 2), bounds=(-1, 1)),
        DeviceLaw(
            "kink", up=1 - sp.Abs(w) / 3, down=1 + sp.Max(w, -sp.Rational(1, 2)), bounds=(-1, 1)
        ),
        DeviceLaw(
            "pieces",
            up=sp.Piecewise((1 - w / 4, w < 0), (1 - w, True)),
            down=sp.Piecewise((1 + w, w <= 0), (1 + w**2, True)),
            bounds=(-1, 1),
        ),
        DeviceLaw("hyperbola", up=1 / (2 + w), down=sp.log(3 + w), bounds=(-1, 1)),
    )
}

PUBLISHED_LAWS: dict[str, DeviceLaw] = {
    name: laws.CATALOGUE[name].law()
    for name in (
        "constant_step",
        "linear_step",
        "soft_bounds",
        "exponential_step",
        "power_step",
        "tabulated",
    )
}

ALL_LAWS = {**PUBLISHED_LAWS, **CUSTOM_LAWS}

# Every kind of expression in as few laws as will do: each is compiled where the cache is empty.
COMPILED_LAWS: dict[str, DeviceLaw] = {
    **{n: ALL_LAWS[n] for n in ("constant_step", "soft_bounds", "exponential_step", "power_step")},
    "square": CUSTOM_LAWS["square"],
    "smooth": DeviceLaw(
        "smooth",
        up=sp.sqrt(2 - w) / (2 + w) + (1 - w / 2) ** sp.Rational(3, 2),
        down=sp.log(3 + w) + sp.tanh(w) / 2,
        bounds=(-1, 1),
    ),
    "broken": DeviceLaw(
        "broken",
        up=sp.Piecewise((1 - w / 4, w < 0), (1 - w, True)),
        down=2 - sp.Abs(w) / 3 + sp.Max(w, -sp.Rational(1, 2)) / 2,
        bounds=(-1, 1),
    ),
}

SOFT = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)
BALANCED = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0)


def peak_of_process() -> int:
    """Return the largest resident memory that this process has had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # what the system counts for a process holds its parent's peak, too
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held * 1024


def digest(*arrays: Any) -> str:
    """Return a hash of the bits of arrays, with their types and shapes."""
    sha = hashlib.sha256()
    for array in arrays:
        values = np.ascontiguousarray(array)
        sha.update(f"{values.dtype}{values.shape}".encode())
        sha.update(values.tobytes())
    return sha.hexdigest()


def state_digest(xbar: Crossbar) -> str:
    """Return a hash of everything that changes with use."""
    state = xbar.state()
    return digest(*(state[name] for name in sorted(state)), xbar.coefficients, xbar.streams)


def same_bits(a: Any, b: Any) -> bool:
    """Whether two arrays agree in type, shape and every bit."""
    return digest(a) == digest(b)


def assert_within(measured: float, expected: float, sd: float, k: float, what: str = "") -> None:
    """Assert that a statistic lies within `k` of its own standard deviations."""
    distance = abs(measured - expected) / sd
    assert distance <= k, (
        f"{what} {measured:.6g} is {distance:.1f} sd ({sd:.3g}) off {expected:.6g}"
    )


def ks_distance(values: np.ndarray, cdf: Callable[[np.ndarray], np.ndarray]) -> float:
    """Return the Kolmogorov-Smirnov distance times the root of the sample size.

    For a sample of the law it exceeds 1.95 with probability 0.001.
    """
    x = np.sort(np.asarray(values, dtype=float))
    n = x.size
    p = cdf(x)
    rank = np.arange(n)
    return float(max((p - rank / n).max(), ((rank + 1) / n - p).max()) * math.sqrt(n))


def normal_cdf(x: np.ndarray) -> np.ndarray:
    """Return the standard normal distribution function."""
    return 0.5 * (1 + np.array([math.erf(v / math.sqrt(2)) for v in np.ravel(x)]))


# -- oracles ---------------------------------------------------------------------------------
def interpreted(kernel: LawKernel) -> dict[str, Any]:
    """Return the loops of one array beside one law's step functions, run by the interpreter."""
    names: dict[str, Any] = {**vars(elementary), **vars(loops), **vars(array_loops)}
    exec(compile(kernel.source, "<steps>", "exec"), names)
    for name in (*loops.KERNELS, *array_loops.KERNELS):
        function = names[name]
        names[name] = types.FunctionType(function.__code__, names, name, function.__defaults__)
    return names


def interpreted_update(
    xbar: Crossbar, x: np.ndarray, d: np.ndarray, gain: np.float32, pulses: int
) -> None:
    """Apply an update by the interpreted loops."""
    from phys import fast

    with np.errstate(over="ignore"):
        interpreted(xbar.kernel)["update_array"](
            xbar.columns,
            xbar.coefficients.reshape(-1),
            xbar.stride,
            xbar.noise,
            x,
            d,
            gain,
            pulses,
            xbar.streams,
            xbar.updates,
            fast.scratch(max(x.size, d.size)),
            xbar.statistics,
        )
    xbar.updates += 1


def interpreted_alternate(xbar: Crossbar, directions: np.ndarray) -> None:
    """Apply alternating pulses by the interpreted loops."""
    with np.errstate(over="ignore"):
        interpreted(xbar.kernel)["alternate"](
            xbar.columns.reshape(-1),
            xbar.coefficients.reshape(-1),
            xbar.stride,
            xbar.noise,
            directions,
            xbar.streams,
            xbar.updates,
        )
    xbar.updates += directions.size


# -- arrays and data -------------------------------------------------------------------------
def random_weights(xbar: Crossbar, seed: int = 1, share: float = 0.9) -> None:
    """Write weights spread evenly over `share` of each device's range."""
    low, high = (np.asarray(b, dtype=float) for b in xbar.bounds)
    draw = np.random.default_rng(seed).uniform(-1, 1, low.shape)
    middle, half = (low + high) / 2, (high - low) / 2
    xbar.set_weights(middle + share * half * draw)


def signals(lines: int, seed: int, zeros: float = 0.3) -> np.ndarray:
    """Return float32 signals of both signs, a share of them zero."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=lines)
    values[generator.uniform(size=lines) < zeros] = 0
    return values.astype(np.float32)


def small_device(law: DeviceLaw = SOFT, **numbers: Any) -> Device:
    """Return a device with coarse steps, so that a few pulses tell."""
    return Device(law, **{"dw_min": 0.01, **numbers})


def blobs(
    train: int = 90, test: int = 60, pixels: int = 12, classes: int = 3, seed: int = 5
) -> Dataset:
    """Return a data set that is learned in no time: noisy copies of one pattern per class."""
    generator = np.random.default_rng(seed)
    patterns = generator.uniform(size=(classes, pixels)) > 0.5

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(count) % classes
        images = np.clip(patterns[labels] * 0.8 + generator.normal(0, 0.15, (count, pixels)), 0, 1)
        return images.astype(np.float32), labels.astype(np.int64)

    train_images, train_labels = draw(train)
    test_images, test_labels = draw(test)
    return Dataset(
        name="blobs",
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        image_shape=(1, pixels),
        source="noisy patterns made by the tests",
    )


def network_digest(network: Any) -> str:
    """Return a hash of every array of a network."""
    parts = []
    for layer in network.layers:
        parts.append(np.array(layer.turns))
        parts += layer.buffers.values()
        for name in sorted(layer.arrays):
            state = layer.arrays[name].state()
            parts += [state[key] for key in sorted(state) if key != "statistics"]
    return digest(*parts)


needs_numba_reason = "numba is missing or switched off: there is no compiled engine to compare with"


def compiled_available() -> bool:
    """Whether the compiled engine can be had in this process."""
    return compiler.available()
