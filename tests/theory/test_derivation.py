"""Derivations: every step checks, every altered step fails at that very step."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sympy import Integer, Piecewise, Rational, S, Symbol, exp, sin

from theory import Derivation, DeviceLaw, Step, derive, laws, w
from theory.errors import DerivationError, SymmetryError
from theory.plain import plain_text
from theory.signs import Sign, prove_sign
from theory.symbols import rho, w_max, w_min

x, y = Symbol("x", real=True), Symbol("y", positive=True)
EVERY = list(laws.CATALOGUE)
NAMES = [n for n in derive.NAMES if n != "coincidences"]
NEED_A_POINT = {"symmetry_point", "zero_shifting", "shd_damping"}


def check_with_mutants(proof, whole=False):
    """All steps hold, and each altered step is the one that fails.

    ``whole`` verifies the steps before the altered one again, too, each time.
    """
    assert proof.verify() is proof
    assert proof.is_proof
    for number, step in enumerate(proof.steps, 1):
        altered = proof.mutated(number)
        start = 0 if whole else number - 1
        with pytest.raises(DerivationError) as caught:
            replace(altered, steps=altered.steps[start:]).verify()
        assert f"step {number - start} ({step.text})" in str(caught.value)
        assert "the difference is" in str(caught.value)


@pytest.mark.parametrize("law", EVERY)
@pytest.mark.parametrize("name", NAMES)
def test_every_derivation_of_every_law_and_all_its_mutants(name, law):
    device = laws.CATALOGUE[law].law()
    if law == "constant_step" and name in NEED_A_POINT:
        with pytest.raises(SymmetryError, match="every weight"):
            derive.NAMES[name](device)
        return
    check_with_mutants(derive.NAMES[name](device))


@pytest.mark.parametrize("name", NAMES)
def test_symbolic_laws(name):
    check_with_mutants(derive.NAMES[name](laws.linear_asymmetry()), whole=True)
    check_with_mutants(derive.NAMES[name](laws.soft_bounds()))


def test_coincidences():
    check_with_mutants(derive.coincidences(), whole=True)


def test_law_with_jump_and_law_with_several_points():
    jump = DeviceLaw(
        "jump", up=Piecewise((Rational(3, 2), w < 0), (S.Half, True)), down=1, bounds=(-1, 1)
    )
    check_with_mutants(derive.symmetry_point(jump))
    G = w * (w - S.Half) * (w + S.Half)
    several = DeviceLaw("three", up=2 - G, down=2 + G, bounds=(-1, 1))
    for point in several.symmetry_points():
        check_with_mutants(derive.symmetry_point(several, point))
    with pytest.raises(SymmetryError, match="3 symmetry points"):
        derive.zero_shifting(several)
    energy = derive.shd_energy(several).verify()
    assert any("not proved for this law" in c for c in energy.conditions)


def test_zero_shifting_is_the_point_of_the_energy_theorem():
    proof = derive.shd_energy(laws.soft_bounds())
    assert "tilt vanishes" in proof.steps[-1].text
    assert proof.steps[-1].right == 0


def test_shown_as_text_latex_json_and_markdown():
    proof = derive.symmetry_point(laws.soft_bounds(1, -1, 0.3))
    text = str(proof)
    for step in proof.steps:
        assert step.text in text
        assert step.why in text
    assert "\\" not in text
    assert proof.to_latex().count(r"\item") == len(proof.steps)
    shown = proof._repr_markdown_()
    assert shown.count("$$") == 2 * len(proof.steps)
    # A product such as 2*rho*w_max would else be set in italics, without its stars.
    assert str(proof.statement).replace("*", r"\*").replace("_", r"\_") in shown
    data = json.loads(proof.to_json())
    assert data["is_proof"] is True
    assert len(data["steps"]) == len(proof.steps)
    assert {s["check"] for s in data["steps"]} <= {"identity", "inequality", "numerical"}


@pytest.mark.parametrize("name", list(derive.NAMES))
def test_labels_read_well_in_a_terminal(name):
    for step in derive.NAMES[name](laws.soft_bounds(1, -1, 0.3)).steps:
        shown = plain_text(step.label)
        assert shown
        assert not set(shown) & set("\\{}")
        assert "frac" not in shown
        assert "bigl" not in shown


def step(left, right, **more):
    return Step("a step", "x", left, right, "because", **more)


@pytest.mark.parametrize(
    ("made", "holds"),
    [
        (step((x + 1) ** 2, x**2 + 2 * x + 1), True),
        (step((x + 1) ** 2, x**2 + 2 * x), False),
        (step(exp(x) * exp(2 * x), exp(3 * x)), True),
        (step(sin(x) ** 2, sin(x)), False),
        (step(x**2, S.Zero, check="inequality", relation=">=", region=((x, (-1, 1)),)), True),
        (step(x**2, S.Zero, check="inequality", relation=">", region=((x, (-1, 1)),)), False),
        (step(x, S.Zero, check="inequality", relation=">", region=((x, (0, 1)),)), True),
        (step(exp(x) - x, S.Zero, check="inequality", relation=">", region=((x, (-1, 1)),)), True),
        (step(exp(x) - 1, S.Zero, check="inequality", relation=">", region=((x, (-1, 1)),)), False),
        (step(sin(x), 2 * x, check="inequality", relation="<", region=((x, (0, 1)),)), True),
        (step(Integer(2), S.Zero, check="inequality", relation="<"), False),
        (
            step(
                sin(x) ** 2, 1 - sin(x + S.Pi / 2) ** 2, check="numerical", region=((x, (-1, 1)),)
            ),
            True,
        ),
        (step(sin(x), x - x**3 / 6, check="numerical", region=((x, (-1, 1)),)), False),
    ],
    ids=range(13),
)
def test_kinds_of_checks(made, holds):
    assert made.holds() is holds


def test_numerical_checks_are_no_proof():
    made = Derivation("n", "s", (step(x, x, check="numerical", region=((x, (0, 1)),)),))
    assert made.verify()
    assert not made.is_proof


def test_a_check_must_fit_its_relation():
    with pytest.raises(DerivationError, match="does not fit"):
        step(x, x, relation=">")
    with pytest.raises(DerivationError, match="does not fit"):
        step(x, x, check="belief")


REGION = {w: (w_min, w_max), rho: (-1, 1), w_max: (0, S.Infinity), w_min: (-S.Infinity, 0)}


@pytest.mark.parametrize(
    ("expression", "sign"),
    [
        (1 + rho, Sign.POSITIVE),
        (rho - 1, Sign.NEGATIVE),
        (1 - w / w_max, Sign.POSITIVE),
        (w_min * w_max, Sign.NEGATIVE),
        ((1 - rho) * (1 - w / w_min) / w_min, Sign.NEGATIVE),
        ((w - rho) ** 2, Sign.NONNEGATIVE),
        (w, None),
        (rho, None),
        (w - w, Sign.ZERO),
    ],
    ids=range(9),
)
def test_signs_over_a_region(expression, sign):
    assert prove_sign(expression, REGION) is sign


def test_signs_are_never_wrong():
    """Proved signs against values at many places, over polynomials that may change sign."""
    region = {x: (-1, 2), y: (0, S.Infinity)}
    for a in range(-3, 4):
        for b in range(-2, 3):
            f = a * x**2 * y + b * x + (a + b) * y + 1
            sign = prove_sign(f, region)
            values = [
                f.subs({x: Rational(p, 8), y: Rational(q, 4)})
                for p in range(-7, 16, 2)
                for q in (1, 5, 40)
            ]
            if sign is Sign.POSITIVE:
                assert min(values) > 0
            if sign is Sign.NEGATIVE:
                assert max(values) < 0
