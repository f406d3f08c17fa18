import pytest
from click.testing import CliRunner

from phys.checked import InputError
from phys.cli import main
from phys.sweep import Run, Store
from phys.sweep.maps import draw, places, varied_settings
from phys.sweep.store import Result


def result(error, **settings):
    record = {"diverged": "no number"} if error is None else {"accuracy": [0.5, 1 - error]}
    return Result(settings, record, "1")


TWO = [
    result(0.1 * (1 + i) + 0.01 * seed, algorithm=a, imbalance=i, dw_min=d, seed=seed)
    for a in ("sgd", "shd")
    for i in (0, 0.3)
    for d in (0.001, 0.01)
    for seed in (0, 1)
]


def test_a_rate_of_one_algorithm_does_not_vary():
    results = [result(0.1, algorithm="sgd", lr=0.1), result(0.1, algorithm="shd")]
    assert list(varied_settings(results)) == ["algorithm"]
    results.append(result(0.2, algorithm="sgd", lr=0.2))
    assert varied_settings(results)["lr"] == [None, 0.1, 0.2]


def test_places_hold_the_seeds():
    found = places(TWO, ["imbalance"], ["algorithm"])
    assert sorted(found) == ["sgd", "shd"]
    assert sorted(found["sgd"][(0.3,)].errors) == pytest.approx([0.13, 0.13, 0.14, 0.14])


def test_lines_pass_through_the_means():
    results = [r for r in TWO if r.settings["dw_min"] == 0.001] + [
        result(None, algorithm="sgd", imbalance=0.3, dw_min=0.001, seed=2)
    ]
    (ax,) = draw(results).axes
    assert ax.get_xlabel() == "imbalance ρ"
    assert "%" in ax.get_ylabel()
    means = [line for line in ax.lines if line.get_linestyle() == "-"]
    assert [line.get_label() for line in means] == ["sgd", "shd"]
    assert means[0].get_ydata() == pytest.approx([10.5, 13.5])
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert [tuple(line.get_xdata()) for line in crosses] == [(0.3,)]


def test_cells_carry_their_means():
    figure = draw(TWO)
    panels = figure.axes[:2]
    assert [ax.get_title(loc="left") for ax in panels] == ["sgd", "shd"]
    assert sorted(text.get_text() for text in panels[0].texts) == ["10.5", "10.5", "13.5", "13.5"]


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(InputError, match="no result yet"):
        draw([])
    with pytest.raises(InputError, match="'lr' does not vary"):
        draw(TWO, x="lr")
    with pytest.raises(InputError, match="name two settings"):
        draw(TWO, x="imbalance", y="imbalance")
    many = [
        result(0.1, imbalance=i, dw_min=d, w_max=m)
        for i in (1, 2)
        for d in (1, 2)
        for m in range(9)
    ]
    with pytest.raises(InputError, match="9 panels"):
        draw(many, x="imbalance", y="dw_min")


def test_the_command_reads_a_store(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    for n, each in enumerate(TWO):
        store.add(Run({**each.settings, "n": n}), each.record)
    drawn = tmp_path / "map.svg"
    words = ["sweep", str(store.path), "--plot", str(drawn), "--x", "imbalance"]
    ran = CliRunner().invoke(main, words)
    assert ran.exit_code == 0, ran.output
    assert "16 results" in ran.output
    assert drawn.read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone.sqlite"], "is not there; give --vary or --set"),
        (["s.sqlite", "--vary", "imbalance"], "write NAME=VALUE"),
        (["s.sqlite", "--set", "epochs=1", "--set", "epochs=2"], "epochs is given twice"),
        (["s.sqlite", "--set", "epochs=1", "--random", "3"], "--random draws what --vary names"),
        (["s.sqlite", "--set", "epochs=1", "--plot", "map.doc"], "ends in .png, .svg or .pdf"),
    ],
)
def test_words_that_cannot_be_used_are_named(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(main, ["sweep", *words])
    assert ran.exit_code == 2
    assert said in ran.output


def test_lists_and_objects_have_places_of_their_own():
    values = ({"layers": [64, 10]}, {"layers": [64, 32, 10]}, {"layers": "lenet5"})
    results = [result(0.1, **own, seed=seed) for own in values for seed in (0, 1)]
    assert [len(p.errors) for p in places(results, ["layers"], [])[""].values()] == [2, 2, 2]
    (axes,) = draw(results).axes
    assert [t.get_text() for t in axes.get_xticklabels()] == ["[64, 10]", "[64, 32, 10]", "lenet5"]
