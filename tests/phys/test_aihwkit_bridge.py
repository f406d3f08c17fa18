"""aihwkit's parameters and ours: both ways, against aihwkit's update formulas written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phys import Device, Spread
from phys.aihwkit import from_aihwkit, to_aihwkit
from phys.aihwkit.fields import (
    COMMON,
    IDLE,
    OFF,
    OWN,
    complete_fields,
    imbalance_of,
    up_down_of,
)
from phys.checked import InputError
from theory import DeviceLaw, laws, w

NONE = {name: 0.0 for name in COMMON if name.endswith("_dtod")}
NO_SPREAD = {
    "LinearStepDevice": {"gamma_up_dtod": 0.0, "gamma_down_dtod": 0.0},
    "PowStepDevice": {"pow_gamma_dtod": 0.0},
}


def steps_of_aihwkit(kind: str, given: dict, weight: float) -> tuple[float, float]:
    """Sizes of aihwkit's noise-free up and down step, as its C++ sources compute them."""
    f = complete_fields(kind, given)
    u = f["up_down"]
    scale_up, scale_down = (1 + min(u, 0.0)) * f["dw_min"], (1 - max(u, 0.0)) * f["dw_min"]
    high, low = f["w_max"], f["w_min"]
    if kind == "ConstantStepDevice":
        return scale_up, scale_down
    if kind == "SoftBoundsDevice":
        return scale_up - scale_up / high * weight, scale_down - scale_down / low * weight
    if kind == "LinearStepDevice":
        return (
            scale_up - f["gamma_up"] * scale_up / high * weight,
            scale_down - f["gamma_down"] * scale_down / low * weight,
        )
    if kind == "ExpStepDevice":
        z = 2 * weight / (high - low) * f["a"] + f["b"]
        return (
            scale_up * max(1 - f["A_up"] * np.exp(f["gamma_up"] * z), 0),
            scale_down * max(1 - f["A_down"] * np.exp(-f["gamma_down"] * z), 0),
        )
    part, gamma = f["pow_up_down"], f["pow_gamma"]
    return (
        scale_up * ((high - weight) / (high - low)) ** (gamma * (1 + min(part, 0.0))),
        scale_down * ((weight - low) / (high - low)) ** (gamma * (1 - max(part, 0.0))),
    )


def number(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers with few digits; shrinks towards the lower end."""
    return st.integers(0, 1000).map(lambda k: round(low + (high - low) * k / 1000, 6))


POSITIVE = number(0.1, 0.9)
FIELDS = {
    "ConstantStepDevice": {},
    "SoftBoundsDevice": {},
    "LinearStepDevice": {"gamma_up": POSITIVE, "gamma_down": POSITIVE},
    "ExpStepDevice": {
        "A_up": number(-0.5, 0.1),
        "A_down": number(-0.5, 0.1),
        "gamma_up": POSITIVE,
        "gamma_down": POSITIVE,
        "a": number(-1, 1),
        "b": number(-1, 1),
    },
    "PowStepDevice": {"pow_gamma": number(0.5, 3), "pow_up_down": number(-0.8, 0.8)},
}


@st.composite
def devices_of_aihwkit(draw):
    """A kind and fields without spread; shrinks towards the constant step."""
    kind = draw(st.sampled_from(list(FIELDS)))
    common = {
        "w_max": number(0.2, 1.5),
        "w_min": number(0.2, 1.5).map(lambda x: -x),
        "dw_min": number(0.001, 0.01),
        "up_down": number(-0.9, 0.9),
        "dw_min_std": number(0, 4),
    }
    drawn = {name: draw(numbers) for name, numbers in (common | FIELDS[kind]).items()}
    return kind, {**NONE, **NO_SPREAD.get(kind, {}), **drawn}


@settings(max_examples=60)
@given(devices_of_aihwkit())
def test_the_steps_are_those_of_aihwkit(case):
    kind, fields = case
    device = from_aihwkit(kind, fields)
    for share in (0.02, 0.3, 0.5, 0.9, 0.98):
        weight = fields["w_min"] + share * (fields["w_max"] - fields["w_min"])
        ours = [device.dw_min * float(q.subs(w, weight)) for q in (device.law.up, device.law.down)]
        assert ours == pytest.approx(steps_of_aihwkit(kind, fields, weight), rel=1e-9)
    assert device.cycle_noise == fields["dw_min_std"]


@settings(max_examples=60)
@given(devices_of_aihwkit())
def test_from_aihwkit_and_back(case):
    kind, fields = case
    back = to_aihwkit(from_aihwkit(kind, fields))
    assert back.kind == kind
    for name, value in fields.items():
        if not name.startswith("pow_"):
            assert back.parameters[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name
    for share in (0.1, 0.7):
        weight = fields["w_min"] + share * (fields["w_max"] - fields["w_min"])
        assert steps_of_aihwkit(kind, back.parameters, weight) == pytest.approx(
            steps_of_aihwkit(kind, fields, weight), rel=1e-9
        )


@pytest.mark.parametrize(
    "law",
    [
        laws.soft_bounds(0.9, -0.6, 0.25),
        laws.constant_step(1, -1, -0.2),
        laws.linear_step(1, -0.8, 0.1, 0.3, 0.6),
        laws.exp_step(1, -1, 0.1, -1.18445, -0.081404, 5, 5, -0.5, -0.5),
        laws.power_step(1, -1, 0.1, 1, 2),
        laws.power_step(1, -1, -0.1, 2.5, 2),
        laws.presets.reram_es().law,
        laws.presets.ecram().law,
    ],
    ids=range(8),
)
def test_from_our_laws_and_back(law):
    device = Device(law, 0.004, Spread(bounds=0.1), cycle_noise=0.5)
    made = to_aihwkit(device)
    back = from_aihwkit(made.kind, made.parameters)
    assert back.law.name == law.name
    assert back.spread == device.spread
    assert back.dw_min == pytest.approx(device.dw_min, rel=1e-12)
    for name, value in law.values.items():
        assert float(back.law.values[name]) == pytest.approx(float(value), rel=1e-9), name


@pytest.mark.parametrize(
    ("law", "kind"),
    [
        (laws.biased_linear(0.7, 0.2), "SoftBoundsDevice"),
        (laws.linear_asymmetry(0.7, 0.2), "SoftBoundsDevice"),
        (laws.capacitor(1, -1, 0.1, 0.3), "LinearStepDevice"),
        (laws.exponential_response(1, -1, 2, 3), "LinearStepDevice"),
        (DeviceLaw("mine", up=2 - w, down=1 + w / 2, bounds=(-1, 1)), "LinearStepDevice"),
    ],
    ids=range(5),
)
def test_any_law_of_straight_lines_has_a_device_there(law, kind):
    made = to_aihwkit(Device(law, 0.01))
    assert made.kind == kind
    low, high = (float(b) for b in law.bounds)
    for weight in np.linspace(low, high, 7)[1:-1]:
        ours = [0.01 * float(q.subs(w, weight)) for q in (law.up, law.down)]
        assert ours == pytest.approx(steps_of_aihwkit(kind, made.parameters, weight), rel=1e-9)


def test_soft_bounds_by_the_number_of_pulses():
    """The curve of the documentation: w after p pulses is B(1 - exp(-alpha p)) + range_min."""
    given = {**NONE, "p_max": 500, "alpha": 0.002, "range_min": -0.7, "range_max": 0.9}
    device = from_aihwkit("SoftBoundsPmaxDevice", given)
    reach = 1.6 / (1 - np.exp(-1.0))
    pulses = np.arange(500)
    curve = reach * (1 - np.exp(-0.002 * pulses)) - 0.7
    steps = [device.dw_min * float(device.law.up.subs(w, x)) for x in curve[::100]]
    slopes = 0.002 * reach * np.exp(-0.002 * pulses[::100])
    assert steps == pytest.approx(slopes, rel=1e-9)
    back = to_aihwkit(device)
    assert back.kind == "SoftBoundsPmaxDevice"
    assert {k: back.parameters[k] for k in given} == pytest.approx(given)
    wide = from_aihwkit("SoftBoundsPmaxDevice", given | {"w_max_dtod": 0.1, "w_min_dtod": 0.1})
    assert wide.law.name == "soft_bounds"
    assert float(wide.law.symmetry_point()) == pytest.approx(float(device.law.symmetry_point()))


@given(number(-0.95, 0.95))
def test_the_one_sided_up_down_comes_back(u):
    assert up_down_of(imbalance_of(u)) == pytest.approx(u, abs=1e-12)
    up, down = 1 + min(u, 0), 1 - max(u, 0)
    assert imbalance_of(u) == pytest.approx((up - down) / (up + down), abs=1e-12)


def test_the_preset_is_what_aihwkit_has():
    preset = laws.presets.reram_es()
    fields = {"w_max": 1, "w_min": -1, "dw_min": 0.00135, "up_down": 0.259359, "dw_min_std": 5.0}
    fields |= {"A_up": -1.18445, "A_down": -0.081404, "gamma_up": 5, "gamma_down": 5}
    device = from_aihwkit("ExpStepDevice", {**NONE, **fields, "a": -0.5, "b": -0.5})
    assert device.dw_min == pytest.approx(float(preset.dw_min))
    assert float(device.law.symmetry_point()) == pytest.approx(float(preset.law.symmetry_point()))


# What has no counterpart


@pytest.mark.parametrize("field", OFF)
def test_a_field_without_a_counterpart_is_refused_and_off_is_taken(field):
    off = OFF[field]
    on = True if off is False else 0.5
    assert from_aihwkit("SoftBoundsDevice", {**NONE, field: off}).law.name == "soft_bounds"
    with pytest.raises(InputError, match=f"{field} = .* has no counterpart here; set it to"):
        from_aihwkit("SoftBoundsDevice", {**NONE, field: on})


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("SoftBoundsDevice", {"dw_min_dtod": 0.3}, "dw_min_dtod"),
        (
            "SoftBoundsDevice",
            {"dw_min_dtod": 0.3, "dw_min_dtod_log_normal": True, "up_down": 0.2},
            "dw_min_dtod",
        ),
        ("LinearStepDevice", {"gamma_up": 0.5, "gamma_up_dtod": 0.1}, "gamma_up_dtod"),
        (
            "LinearStepDevice",
            {"gamma_up_dtod": 0.0, "w_max_dtod": 0.1, "w_min_dtod": 0.1},
            "mean_bound_reference",
        ),
        ("PowStepDevice", {"pow_gamma_dtod": 0.1}, "pow_gamma_dtod"),
    ],
)
def test_what_agrees_to_first_order_has_to_be_wanted(kind, fields, field):
    given = {**NONE, **NO_SPREAD.get(kind, {}), **fields}
    with pytest.raises(InputError, match=rf"{field} = .*approximate=True"):
        from_aihwkit(kind, given)
    device = from_aihwkit(kind, given, approximate=True)
    assert device.spread.any


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("SoftBounds", {}, "device 'SoftBounds' is not among ConstantStepDevice"),
        ("SoftBoundsDevice", {"w_maxx": 1}, "no field 'w_maxx' that this toolkit knows"),
        ("SoftBoundsDevice", {"w_max": "wide"}, "w_max = 'wide' is not a number"),
        ("SoftBoundsDevice", {"w_max": float("nan")}, "w_max = nan is not finite"),
        ("SoftBoundsDevice", {"mult_noise": 1}, "mult_noise = 1; give True or False"),
        ("SoftBoundsDevice", {"w_max": -1.0}, "w_max = -1 must be above 0"),
        ("SoftBoundsDevice", {"up_down": 1.0}, "one direction would not move"),
        ("SoftBoundsDevice", {"w_max_dtod": 0.1}, "both bounds have one spread here"),
        ("SoftBoundsDevice", {"mult_noise": False, "up_down": 0.1}, "additive noise has the size"),
        ("SoftBoundsPmaxDevice", {"w_max": 1.0}, "computes it from p_max"),
        ("SoftBoundsPmaxDevice", {"up_down_dtod": 0.01}, "no counterpart for this form"),
        ("LinearStepDevice", {"gamma_up_dtod": 0.1}, "relative here and gamma_up is 0"),
        ("PowStepDevice", {"pow_up_down_dtod": 0.1}, "pow_up_down_dtod = 0.1: has no counterpart"),
        ("ExpStepDevice", {"A_up": 2.0}, "is not positive"),
    ],
)
def test_bad_fields_are_named(kind, fields, message):
    with pytest.raises(InputError, match=message):
        from_aihwkit(kind, {**NONE, **NO_SPREAD.get(kind, {}), **fields})


SOFT = laws.soft_bounds(1, -1, 0.2)


@pytest.mark.parametrize(
    ("device", "message"),
    [
        (
            Device(laws.exponential_step(1, -1, 0, 5, 5), 0.01),
            "no device of aihwkit's has the steps",
        ),
        (Device(SOFT, 0.01, Spread(step=0.1)), r"step = 0.1 .*pass approximate=True"),
        (Device(SOFT, 0.01, additive_noise=0.3), "additive_noise = 0.3 .*use cycle_noise"),
        (
            Device(laws.power_step(1, -1, 0, 1, 2), 0.01, Spread(parameters={"gamma_up": 0.1})),
            "gamma_up cannot differ between devices",
        ),
        (
            Device(laws.biased_linear(0.7, 0.2), 0.01, Spread(bounds=0.1)),
            "no parameter for each bound",
        ),
    ],
)
def test_a_device_that_aihwkit_lacks_is_refused(device, message):
    with pytest.raises(InputError, match=message):
        to_aihwkit(device)


def test_additive_noise_and_slopes_come_back():
    plain = Device(laws.soft_bounds(1, -1, 0), 0.01, Spread(bounds=0.1), additive_noise=0.4)
    made = to_aihwkit(plain)
    assert made.parameters["mult_noise"] is False
    assert from_aihwkit(made.kind, made.parameters) == plain
    sloped = Device(
        laws.linear_step(1, -1, 0, 0.3, 0.6),
        0.01,
        Spread(step=0.2, parameters={"slope_up": 0.1, "slope_down": 0.2}),
    )
    made = to_aihwkit(sloped)
    assert made.parameters["gamma_down_dtod"] == pytest.approx(0.12)
    back = from_aihwkit(made.kind, made.parameters)
    assert back.spread.parameters == pytest.approx(sloped.spread.parameters)
    assert back.spread.step == 0.2


def test_every_field_is_in_one_table():
    for own in OWN.values():
        names = [*COMMON, *own, *OFF, *IDLE]
        assert len(names) == len(set(names))
