"""What theory finds depends on the law alone: not on hashes, nor on what was asked before."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from sympy import Symbol, atan, diff, exp, log, sqrt

from theory import implicit_penalty, laws, w
from theory.algebra import factored, freeze, numerator_denominator, vanishes
from theory.exponentials import fraction_in_one_exponential

PROGRAM = """
from sympy import S
from theory import DeviceLaw, derive, implicit_penalty, laws, w
from theory.errors import PoleError
from theory.expression_size import ExpressionError, check_size

law = laws.exponential_step(1, -1, 0.1, 5, 5)
print(law.symmetry_points())
print(implicit_penalty(law).closed, implicit_penalty(law).expression)
print(derive.symmetry_point(law).steps)
try:
    up = 2 + 1 / (w - S.Half) ** 2 + 1 / (w + S.Half) ** 2
    DeviceLaw("two poles", up=up, down=1, bounds=(-1, 1))
except PoleError as error:
    print(error)
try:
    check_size(w**70 + (w + 1)**71 + (w + 2)**72)
except ExpressionError as error:
    print(error)
"""


def test_results_do_not_depend_on_the_hashes_of_a_run(repository):
    found = set()
    for seed in ("0", "14"):
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=repository,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        found.add(run.stdout)
    assert len(found) == 1


def test_fractions_do_not_depend_on_how_many_symbols_were_made_before():
    first, second = log(w + 2) - sqrt(w + 3), sqrt(w + 3) - atan(w)
    assert len({numerator_denominator(first / second) for _ in range(20)}) == 1
    assert len({str(factored((first**2 - 1) / second)) for _ in range(20)}) == 1


def test_frozen_parts_are_told_from_those_of_an_outer_fraction():
    x = Symbol("x", real=True)
    outer, table = freeze(exp(x) + x * log(x))
    inner, inner_table = freeze(outer + sqrt(x + 1) * atan(x))
    assert len({str(name) for name in (*table, *inner_table)}) == 4
    assert inner.xreplace(inner_table).xreplace(table) == exp(x) + x * log(x) + sqrt(x + 1) * atan(
        x
    )


@pytest.mark.parametrize("rate", [1, -1])
def test_the_exponential_of_a_fraction_rises_whichever_way_it_is_written(rate):
    x = Symbol("x", real=True)
    expression = (exp(-3 * rate * x) + 2) / (5 - exp(rate * x / 2))
    above, below, grown, found = fraction_in_one_exponential(expression, x)
    assert found.is_positive
    assert vanishes((above / below).xreplace({grown: exp(found * x)}) - expression)


@pytest.mark.parametrize("gamma", [1, 3, 8])
def test_penalties_of_exponential_steps_are_closed(gamma):
    law = laws.exponential_step(1, -1, 0.1, gamma, gamma)
    found = implicit_penalty(law)
    assert found.closed
    assert vanishes(diff(found.expression, w) - law.psi)
