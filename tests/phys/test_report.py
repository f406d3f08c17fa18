"""The demonstration and its report: files, numbers, and what a reader of the page is given."""

from __future__ import annotations

import base64
import csv
import importlib.util
import json
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from phys import plots
from phys.cli import common, main
from phys.data import Dataset, load
from phys.demo import play as demo
from phys.demo import report
from phys.demo.records import balance_by_epoch, shown_epochs
from phys.demo.shift import shift_test
from phys.spread import Spread
from theory import laws

NOTICE = "These are <real> digits & not MNIST"
EPOCHS = 3


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, str, str]:
    """Return folder and output of a small demonstration on data that stand in for others."""
    folder = tmp_path_factory.mktemp("demo") / "new" / "folder"
    fallback = Dataset(**{**vars(load("digits")), "notice": NOTICE})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(common, "load", lambda *_: fallback)
        words = ["demo", "--samples", "300", "--epochs", str(EPOCHS), "--seed", "5"]
        result = CliRunner().invoke(main, [*words, "--out", str(folder)])
    assert result.exit_code == 0, result.output
    return folder, result.stdout, result.stderr


@pytest.fixture(scope="module")
def page(made) -> ElementTree.Element:
    """Return the report, parsed as XML: more than a browser asks for."""
    text = (made[0] / "report.html").read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    return ElementTree.fromstring(text)


def words_of(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def test_it_makes_three_files_and_nothing_else(made):
    assert sorted(p.name for p in made[0].iterdir()) == [
        "histories.csv",
        "report.html",
        "settings.json",
    ]


def test_it_ends_with_the_table_and_the_place_of_the_report(made):
    folder, shown, _ = made
    assert shown.splitlines()[-1] == f"Report: {folder / 'report.html'}"
    for arm in demo.ARMS:
        assert f"({arm.key}) {arm.name}" in shown
    assert "w* = 9/50 = 0.18" in shown


def test_the_notice_is_loud_in_terminal_and_report(made, page):
    assert made[2].count(NOTICE) == 2
    notices = [p for p in page.iter("p") if p.get("class") == "notice"]
    assert [words_of(p) for p in notices] == [NOTICE]


def test_the_csv_holds_every_epoch_of_every_arm(made):
    with (made[0] / "histories.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["arm"], int(row["epoch"])) for row in rows] == [
        (arm.key, epoch) for arm in demo.ARMS for epoch in range(1, EPOCHS + 1)
    ]
    assert {row["seed"] for row in rows} == {"5"}
    for row in rows:
        assert 0 <= float(row["test_accuracy"]) <= 1
        assert float(row["training_loss"]) > 0


def test_the_settings_name_every_seed_rate_and_version(made):
    settings = json.loads((made[0] / "settings.json").read_text())
    assert settings["seed"] == 5
    assert settings["notice"] == NOTICE
    assert settings["command"].startswith("crosspoint demo --samples 300")
    assert {"python", "numpy", "sympy", "crosspoint"} <= set(settings["versions"])
    assert list(settings["arms"]) == [arm.key for arm in demo.ARMS]
    for arm in demo.ARMS:
        own = settings["arms"][arm.key]
        assert own["seed"] == 5
        for name, value in demo.RATES["digits"][arm.key].items():
            assert f"{name}={value}" in own["algorithm"]
        bounds = [] if arm.bound is None else [-arm.bound, arm.bound]
        assert all(device["bounds"] == bounds for device in own["devices"].values())
        assert bool(own["zero_shift"]) == (arm.zero_shift and arm.bound is not None)


def test_the_report_shows_the_accuracies_of_the_csv(made, page):
    with (made[0] / "histories.csv").open(newline="") as file:
        ends = {row["arm"]: float(row["test_accuracy"]) for row in csv.DictReader(file)}
    rows = [[words_of(cell) for cell in row] for row in page.iter("tr")]
    for arm in demo.ARMS:
        (cells,) = (row for row in rows if row[0].startswith(f"({arm.key}) {arm.name}lr"))
        assert cells[-2] == f"{100 * ends[arm.key]:.2f}"


def test_the_report_has_its_sections(page):
    titles = [words_of(heading) for heading in page.iter("h2")]
    assert len(titles) == 8
    text = words_of(page)
    for phrase in ("zero-shift", "crosspoint demo", "Clipped fraction", "Dissipation", "Ratio"):
        assert phrase.lower() in text.lower()
    assert "$" not in text
    assert "\\(" not in text


def test_the_report_needs_nothing_from_elsewhere(made, page):
    for element in page.iter():
        for name in ("src", "href", "data", "action", "srcset"):
            target = element.get(name, "data:")
            assert target.startswith(("data:", "#")), target[:80]
        assert element.tag not in ("script", "link", "iframe", "object")
    style = "".join(words_of(element) for element in page.iter("style"))
    assert "url(" not in style
    assert "@import" not in style


def test_every_image_is_well_formed_and_has_a_text_that_stands_for_it(page):
    images = list(page.iter("img"))
    assert len([image for image in images if image.get("class") != "math"]) == 9
    for image in images:
        assert image.get("alt")
        kind, _, code = image.get("src").partition(";base64,")
        assert kind == "data:image/svg+xml"
        drawing = ElementTree.fromstring(base64.b64decode(code))
        for element in drawing.iter():
            target = element.get("{http://www.w3.org/1999/xlink}href", "#")
            assert target.startswith(("#", "data:"))


def test_all_formulas_could_be_set(page):
    shown = words_of(page)
    assert not re.search(r"\\(frac|mathrm|delta|left|ast)", shown)


def test_the_numbers_as_json_are_those_of_the_files(made, tmp_path):
    words = ["demo", "--dataset", "digits", "--samples", "300", "--epochs", str(EPOCHS)]
    words += ["--seed", "5", "--jobs", "1", "--json", "--quiet", "--out", str(tmp_path)]
    result = CliRunner().invoke(main, words)
    record = json.loads(result.stdout)
    assert result.stderr == ""
    # One job instead of two, and the same bytes.
    assert (tmp_path / "histories.csv").read_bytes() == (made[0] / "histories.csv").read_bytes()
    assert record["symmetry_point"] == str(laws.soft_bounds().symmetry_point().expression)
    for arm in demo.ARMS:
        assert len(record["results"][arm.key]["accuracy"]) == EPOCHS


# The physics it shows


def test_arrays_end_where_theory_says():
    law = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3)
    test = shift_test(law, 0.002, seed=3, spread=Spread(step=0.3, bounds=0.2, imbalance=0.01))
    assert test.within == 1.0
    # Second order in the step is all that the predicted cycle and path leave out.
    assert test.cycle_error < 0.02 * test.step
    assert np.allclose(test.distance, test.predicted, atol=0.02 * test.step)
    # Scatter: five standard errors, and the relative error of first-order theory, 2 dw_min G'(w*).
    slack = 5 * test.scatter_error + 2 * test.step * 5 / 3 * test.scatter
    assert abs(test.measured_scatter - test.scatter) < slack
    # The same comparison rejects the theory of another device.
    wrong = shift_test(law.with_values(imbalance=0.6), 0.002, 3, Spread())
    assert abs(test.measured_scatter - wrong.scatter) > slack


def test_the_balance_of_the_epochs_adds_up():
    arm = demo.ARMS[-1]
    history = demo.run_arm(arm, load("digits"), 12, 0, 100)
    balances = dict(balance_by_epoch(history, 100))
    assert list(balances)[:2] == ["1 to 2", "3 to 4"]
    parts = [b for label, b in balances.items() if label != "all"]
    ends = history.energy[-1].energy - history.energy[0].energy
    assert balances["all"].measured == pytest.approx(ends)
    for name in ("measured", "predicted", "dissipation", "injection", "exchange"):
        assert sum(getattr(b, name) for b in parts) == pytest.approx(getattr(balances["all"], name))


# Running several arms


def test_one_arm_that_is_stopped_stops_all():
    seen: set[str] = set()

    def follow(key: str):
        def watch(now) -> None:
            seen.add(key)
            if key == "f" and now.stage == "training":
                raise KeyboardInterrupt

        return watch

    with pytest.raises(KeyboardInterrupt):
        demo.run_arms(load("digits"), 100_000, 0, jobs=2, follow=follow)
    assert seen <= {"e", "f"}


def test_arms_come_back_in_the_order_of_the_table():
    histories = demo.run_arms(load("digits"), 1, 0, 50, jobs=3)
    assert list(histories) == [arm.key for arm in demo.ARMS]


def test_every_arm_has_its_rates_for_every_data_set():
    for rates in demo.RATES.values():
        assert list(rates) == [arm.key for arm in demo.ARMS]


@pytest.mark.parametrize("data", demo.RATES)
def test_the_rates_are_those_that_the_recorded_sweep_chooses(data, repository):
    folder = repository / "benchmarks"
    place = importlib.util.spec_from_file_location("choose_rates", folder / "choose_rates.py")
    sweep = importlib.util.module_from_spec(place)
    place.loader.exec_module(sweep)
    name = "choose_rates.json" if data == "mnist" else f"choose_rates_{data}.json"
    runs = json.loads((folder / "results" / name).read_text())["runs"]
    for arm in demo.ARMS:
        own = [run for run in runs if run["arm"] == arm.key and run["data"] == data]
        assert own
        if arm.key == "e":
            # Nothing brings it to learn: it has the rates of (f), and differs in one thing only.
            assert max(sweep.score(run) for run in own) < 0.25
            assert demo.RATES[data]["e"] == demo.RATES[data]["f"]
        else:
            chosen = sweep.best([run for run in own if sweep.eligible(run)])
            assert demo.RATES[data][arm.key] == chosen["rates"]


# Pieces


@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 100), min_size=1))
def test_labels_keep_their_distance_and_order(places):
    spread = plots._spread_out(places, 6.5)
    assert sorted(spread) == sorted(places)
    order = sorted(places, key=lambda name: places[name])
    values = [spread[name] for name in order]
    assert all(b - a >= 6.5 - 1e-9 for a, b in pairwise(values))
    assert max(values) <= 100


@pytest.mark.parametrize("epochs", range(1, 50))
def test_the_last_epoch_is_always_shown(epochs):
    shown = shown_epochs(epochs)
    assert shown[-1] == epochs
    assert 1 <= len(shown) <= 4
    assert shown[0] >= 1


def test_a_formula_that_cannot_be_set_is_shown_as_it_is_written():
    assert report.formula(r"\nosuchcommand{<x>}") == r"<code>\nosuchcommand{&lt;x&gt;}</code>"


def test_figures_are_the_same_every_time():
    law = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.2)
    assert plots.to_svg(plots.parts(law)) == plots.to_svg(plots.parts(law))
