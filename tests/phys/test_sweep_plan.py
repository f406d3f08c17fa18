import json
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phys.checked import InputError
from phys.sweep import Choices, Run, grid, random_runs


@given(st.floats(1e-6, 1.0), st.floats(1.001, 1e4), st.integers(2, 40), st.booleans())
def test_a_range_holds_its_ends_and_rises(low, factor, count, logarithmic):
    rule = "log" if logarithmic else "lin"
    values = Choices.parse(f"{rule}:{low!r}:{low * factor!r}:{count}").values
    assert len(values) == count
    assert values[0] == pytest.approx(low)
    assert values[-1] == pytest.approx(low * factor)
    assert all(a < b for a, b in pairwise(values))


@given(st.lists(st.one_of(st.integers(-9, 9), st.floats(-9, 9), st.booleans()), min_size=1))
def test_a_list_reads_back_what_json_writes(values):
    assert Choices.parse(",".join(json.dumps(v) for v in values)).values == tuple(values)


def test_words_stay_words():
    assert Choices.parse("sgd, shd").values == ("sgd", "shd")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('",[]{}x\\', min_size=1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
)


@given(st.lists(JSON, min_size=1, max_size=3))
def test_json_reads_back_whatever_it_holds(values):
    assert Choices.parse(", ".join(json.dumps(v) for v in values)).values == tuple(values)


@pytest.mark.parametrize("text", ["", "1,,2", "lin:1:0:3", "log:0:1:3", "lin:0:1:1", "log:a:b:3"])
def test_what_is_no_list_and_no_range_is_refused(text):
    with pytest.raises(InputError, match="write"):
        Choices.parse(text)


def test_a_grid_holds_each_combination_once():
    varied = {"imbalance": Choices((0, 0.1, 0.3)), "algorithm": Choices(("sgd", "shd"))}
    runs = grid(varied, {"epochs": 1}, seeds=range(4))
    assert len({run.key for run in runs}) == len(runs) == 3 * 2 * 4
    assert {(r.settings["imbalance"], r.settings["algorithm"]) for r in runs} == {
        (i, a) for i in (0, 0.1, 0.3) for a in ("sgd", "shd")
    }


def test_a_setting_of_one_algorithm_makes_no_runs_of_the_other():
    varied = {"algorithm": Choices(("sgd", "shd")), "shd.lr_c": Choices((0.1, 0.2))}
    runs = grid(varied, {"sgd.lr": 0.02}, seeds=(0,))
    settings = [dict(run.settings) for run in runs]
    assert settings == [
        {"algorithm": "sgd", "lr": 0.02, "seed": 0},
        {"algorithm": "shd", "lr_c": 0.1, "seed": 0},
        {"algorithm": "shd", "lr_c": 0.2, "seed": 0},
    ]


@given(st.integers(1, 30), st.integers(0, 30), st.integers(0, 2**32))
def test_more_samples_keep_the_earlier_ones(count, more, seed):
    varied = {"dw_min": Choices.parse("log:1e-4:1e-2"), "algorithm": Choices(("sgd", "shd"))}
    few = random_runs(varied, {}, (0,), count, seed)
    assert random_runs(varied, {}, (0,), count + more, seed)[: len(few)] == few
    assert all(1e-4 <= run.settings["dw_min"] <= 1e-2 for run in few)


def test_samples_fill_a_range_evenly_in_the_logarithm():
    count, parts = 4000, 8
    runs = random_runs({"dw_min": Choices.parse("log:1e-4:1e-2")}, {}, (0,), count)
    places = [0] * parts
    for run in runs:
        places[int(parts * (4 + math.log10(run.settings["dw_min"])) / 2)] += 1
    expected = count / parts
    chi_squared = sum((n - expected) ** 2 / expected for n in places)
    assert chi_squared < 29.9  # 10^-4 of the chi-squared distribution with 7 degrees of freedom


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"imbalnce": 0.1}, "imbalnce"),
        ({"algorithm": "sdg"}, "sdg"),
        ({"imbalance": 2}, "imbalance"),
        ({"dw_min": -1}, "dw_min"),
        ({"dw_min": "small"}, "dw_min"),
        ({"law": "soft"}, "soft"),
        ({"algorithm": "sgd", "lr_a": 0.1}, "lr_a"),
        ({"device_spread": 0.1, "spread_step": 0.2}, "spread_step"),
        ({"schedule": "cosinus"}, "cosinus"),
        ({"schedule": [[10]]}, "10"),
        ({"layers": "lenet6"}, "lenet6"),
        ({"layers": [[784], 10]}, "784"),
        ({"algorithm": "tiki-taka", "settings": {"gama": 0.2}}, "gama"),
        ({"settings": [1]}, "settings"),
        ({"batch": 0}, "batch"),
        ({"epochs": 0}, "epochs"),
        ({"activation": "step"}, "activation"),
        ({"mapping": "opposite", "update": "expected"}, "mapping"),
        ({"read_model": "real"}, "read_model"),
        ({"rates": "guessed"}, "guessed"),
        ({"record": "a"}, "record"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(settings, word):
    with pytest.raises(ValueError, match=word):
        Run(settings).check()


def test_a_grid_that_is_too_large_or_names_a_setting_twice_is_refused():
    many = Choices.parse("lin:0:1:2000")
    with pytest.raises(InputError, match="4,000,000 runs"):
        grid({"imbalance": many, "dw_min": many}, {}, (0,))
    with pytest.raises(InputError, match="imbalance is both varied and set"):
        grid({"imbalance": many}, {"imbalance": 0}, (0,))
    with pytest.raises(InputError, match="seeds"):
        grid({"seed": many}, {}, (0,))
    with pytest.raises(InputError, match="'sdh' is no algorithm"):
        grid({}, {"sdh.lr_c": 1}, (0,))


def test_the_key_depends_on_the_settings_and_not_on_their_order():
    assert Run({"a": 1, "b": 2}).key == Run({"b": 2, "a": 1}).key
    assert Run({"a": 1}).key != Run({"a": 2}).key


def test_spreads_reach_the_device():
    device = Run({"spread_step": 0.1, "spread_imbalance": 0.02, "cycle_noise": 0.5}).device()
    assert (device.spread.step, device.spread.imbalance, device.cycle_noise) == (0.1, 0.02, 0.5)
