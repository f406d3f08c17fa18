"""Arithmetic: pulses follow the formula, in single precision, and devices move by themselves."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from phys.checks import draws
from phys.checks.exercise import first_difference, runs
from phys.checks.registry import check, require
from phys.checks.subject import Subject
from phys.symmetry import per_device

ULPS = 8
"""Units in the last place of a device's largest step that rounding may cost."""

CROWD = 128
SHAPES = ((1, 6), (6, 1), (2, 3), (3, 2))


@check(
    "arithmetic.formula",
    f"A pulse moves each device by its own dw_min q(w) as the formula says: within {ULPS} units in "
    "the last place (2^-23) of its largest step, and one of the weight.",
    needs=("formula",),
    draws=lambda subject: {
        "first": st.floats(0, 1, allow_nan=False),
        "last": st.floats(0, 1, allow_nan=False),
        "pulse": st.sampled_from([1, -1]),
        "seed": draws.seeds(),
    },
)
def formula(subject: Subject, first: float, last: float, pulse: int, seed: int) -> None:
    """Pulse many devices once, at places of their own ranges, and evaluate in float64."""
    xbar = subject.array(2, CROWD // 2, device=subject.quiet, seed=seed)
    low, high = (bound.astype(float) for bound in xbar.bounds)
    share = np.linspace(first, last, CROWD).reshape(low.shape)
    xbar.set_weights(low + share * (high - low))
    before = xbar.weights.astype(float)
    xbar.pulse_all([pulse])
    form = xbar.population.device.form
    q = per_device(xbar.population, form.up if pulse > 0 else form.down)
    flat = [values.T.reshape(-1) for values in (low, high, before, xbar.weights.astype(float))]
    step = np.broadcast_to(np.asarray(xbar.population.step, float), flat[0].shape)
    wanted = np.clip(flat[2] + pulse * step * q(flat[2]), flat[0], flat[1])
    everywhere = q(np.linspace(flat[0], flat[1], 33))
    largest = step * np.abs(np.where(np.isfinite(everywhere), everywhere, 0)).max(axis=0)
    allowed = ULPS * 2.0**-23 * largest + np.spacing(
        np.abs(flat[:2]).max(axis=0).astype(np.float32)
    )
    error = np.abs(flat[3] - wanted)
    worst = int(np.argmax(error / allowed))
    require(
        error[worst] <= allowed[worst],
        f"{'an up' if pulse > 0 else 'a down'} pulse takes w = {flat[2][worst]:.9g} to "
        f"{flat[3][worst]:.9g}; the formula gives {wanted[worst]:.9g}",
    )


@check(
    "arithmetic.single",
    "The step of one weight is the same float32 whether it is asked for alone, among many, in a "
    "strided or in an empty array.",
    needs=("formula",),
    draws=lambda subject: {
        "weights": st.lists(draws.weights(subject), min_size=1, max_size=6),
    },
)
def single(subject: Subject, weights: list[float]) -> None:
    """Call both step functions of the kernel with several layouts of the same weights."""
    xbar = subject.array(device=subject.nominal)
    c = xbar.coefficients.T
    many = np.asarray(weights, np.float32)
    padded = np.repeat(many, 3)
    layouts = {
        "a strided array": padded[1::3],
        "a reversed array": many[::-1].copy()[::-1],
        "a table": np.asfortranarray(np.stack([many, many])),
        "an empty array": many[:0],
    }
    for name, function in (("up", xbar.kernel.up_step), ("down", xbar.kernel.down_step)):
        steps = np.asarray(function(many, c, 0))
        require(
            steps.dtype == np.float32,
            f"the {name} step of float32 weights is {steps.dtype.name}",
        )
        alone = np.array([np.ravel(function(np.array([one]), c, 0))[0] for one in many])
        apart = first_difference(f"{name} step", np.broadcast_to(steps, many.shape), alone)
        require(not apart, f"many weights at once, against one at a time: {apart}")
        for layout, values in layouts.items():
            found = np.broadcast_to(np.asarray(function(values, c, 0)), values.shape)
            wanted = np.broadcast_to(steps if values.size else steps[:0], values.shape)
            apart = first_difference(f"{name} step", found, wanted)
            require(not apart, f"the weights in {layout}: {apart}")


@check(
    "arithmetic.apart",
    "A device moves by itself: noise-free pulses take the same weight to the same place, alone or "
    "in an array of any shape.",
    draws=lambda subject: {
        "weights": st.lists(draws.weights(subject), min_size=6, max_size=6),
        "train": draws.pulse_trains(6),
    },
)
def apart(subject: Subject, weights: list[float], train: list[int]) -> None:
    """Give the same pulses to six devices in four arrangements, and to each alone."""
    alone = []
    for weight in weights:
        xbar = subject.array(device=subject.nominal, weights=weight)
        xbar.pulse_all(train)
        alone.append(xbar.weights[0, 0])
    for rows, cols in SHAPES:
        xbar = subject.array(
            rows, cols, device=subject.nominal, weights=np.reshape(weights, (rows, cols))
        )
        xbar.pulse_all(train)
        found = first_difference("weight", xbar.weights, np.reshape(alone, (rows, cols)))
        require(not found, f"an array of {rows} x {cols} devices, against each alone: {found}")


@check(
    "pulses.compose",
    "n + m pulses are n pulses and then m pulses, bit for bit; with noise too, whose numbers are "
    "counted by pulse.",
    draws=lambda subject: {
        "start": draws.weights(subject),
        "train": runs(),
        "cut": st.integers(0, 20),
        "seed": draws.seeds(),
    },
)
def compose(subject: Subject, start: float, train: list[int], cut: int, seed: int) -> None:
    """Give a train at once, and in two parts."""
    whole, halves = (subject.array(2, 2, weights=start, seed=seed) for _ in range(2))
    whole.pulse_all(train)
    halves.pulse_all(train[:cut])
    halves.pulse_all(train[cut:])
    found = first_difference("weight", whole.weights, halves.weights)
    require(
        not found,
        f"{len(train)} pulses at once, against {len(train[:cut])} and then {len(train[cut:])}: "
        f"{found}",
    )


@check(
    "pulses.memory",
    "What a noise-free pulse does follows from the weight alone: a device that pulses brought to w "
    "moves as one that was written to w.",
    needs=("memoryless",),
    draws=lambda subject: {
        "start": draws.weights(subject),
        "train": runs(),
        "pulse": st.sampled_from([1, -1]),
        "seed": draws.seeds(),
    },
)
def memory(subject: Subject, start: float, train: list[int], pulse: int, seed: int) -> None:
    """Bring one array to its weights by pulses, write them to another, and pulse both."""
    used, fresh = (
        subject.array(2, 2, device=subject.quiet, weights=start, seed=seed) for _ in range(2)
    )
    used.pulse_all(train)
    fresh.set_weights(used.weights)
    before = fresh.weights.copy()
    used.pulse_all([pulse])
    fresh.pulse_all([pulse])
    apart = np.abs(used.weights - fresh.weights)
    place = np.unravel_index(np.argmax(apart), apart.shape)
    require(
        apart[place] == 0,
        f"after {len(train)} pulses, a further one takes w = {before[place]:.9g} to "
        f"{used.weights[place]:.9g}, and a device written to the same weight to "
        f"{fresh.weights[place]:.9g}",
    )


@check(
    "array.single",
    "All that an array holds and reads is float32: its weights, its reference and what forward and "
    "backward return.",
    draws=lambda subject: {"start": draws.weights(subject), "train": draws.pulse_trains(4)},
)
def stored(subject: Subject, start: float, train: list[int]) -> None:
    """Look at types and shapes after pulses and an update."""
    xbar = subject.array(2, 3, weights=start)
    xbar.pulse_all(train)
    xbar.update([1.0, 0.5, 0.0], [1.0, -1.0], xbar.device.dw_min * 2, 4)
    for name, found, shape in (
        ("weights", xbar.weights, (2, 3)),
        ("reference", xbar.reference, (2, 3)),
        ("effective_weights", xbar.effective_weights, (2, 3)),
        ("forward(x)", xbar.forward([1.0, 0.5, 0.0]), (2,)),
        ("backward(d)", xbar.backward([1.0, -1.0]), (3,)),
    ):
        require(
            found.dtype == np.float32 and found.shape == shape,
            f"{name} is {found.dtype.name} of shape {found.shape} instead of float32 of {shape}",
        )


@check(
    "array.stays",
    "A device keeps its numbers: pulses and updates change neither its bounds nor what its steps "
    "are made of, apart from a hidden state.",
    draws=lambda subject: {"train": draws.pulse_trains(), "seed": draws.seeds()},
)
def stays(subject: Subject, train: list[int], seed: int) -> None:
    """Compare the numbers of six devices before and after use."""
    xbar = subject.array(2, 3, seed=seed)
    names = {xbar.kernel.low_place: "w_min", xbar.kernel.high_place: "w_max"}
    kept = np.setdiff1d(np.arange(xbar.coefficients.shape[1]), list(xbar.hidden_places.values()))
    before = xbar.coefficients[:, kept].copy()
    xbar.pulse_all(train)
    xbar.update([1.0, 0.5, 0.0], [1.0, -1.0], xbar.device.dw_min * 2, 4)
    after = xbar.coefficients[:, kept]
    for device, k in np.argwhere(after != before):
        name = names.get(int(kept[k]), "a coefficient of the step")
        require(
            False,
            f"{name} was {before[device, k]:.9g} and is {after[device, k]:.9g} after "
            f"{len(train)} pulses and an update",
        )
