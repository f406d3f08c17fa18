"""Expressions as functions of arrays: every function a law may hold, at SymPy's own numbers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import sympy as sp

from phys.expressions import as_function

X, A = sp.symbols("x a", real=True)
EXPRESSIONS = (
    A + X / 3,
    sp.sqrt(X + 2) ** 3,
    sp.exp(-A * X) + sp.log(X + 2),
    sp.tanh(X) + sp.sinh(X) * sp.cosh(A) + sp.Abs(X),
    (X + 2) ** A,
    sp.Min(X, A, sp.Rational(1, 3)) + sp.Max(X, -A, 0),
    sp.Piecewise((X**2, sp.And(X > 0, X < A)), (sp.pi * X, X <= 0), (A, True)),
    sp.sign(X - A) + sp.floor(3 * X),
)


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_arrays_get_what_sympy_gets_for_numbers(expression: sp.Expr) -> None:
    places = np.linspace(-0.9, 0.9, 7)
    found = as_function([X, A], expression)(places, np.full(7, 0.4))
    exact = [float(expression.subs({X: sp.Float(p, 30), A: sp.Float(0.4, 30)})) for p in places]
    np.testing.assert_allclose(found, exact, rtol=1e-14)


@pytest.mark.parametrize("name", ["sqrt", "exp", "select", "lambda"])
def test_a_parameter_may_have_the_name_of_a_function(name: str) -> None:
    parameter = sp.Symbol(name, positive=True)
    expression = sp.sqrt(X) + sp.exp(parameter) + sp.Piecewise((X, X > 1), (0, True))
    assert as_function([X, parameter], expression)(4.0, 0.0) == 7


def test_devices_are_made_without_modules_that_they_have_no_use_for() -> None:
    """Each costs megabytes of memory and a part of a start."""
    script = (
        "import sys\n"
        "from phys import Crossbar, Device\n"
        "from theory import laws\n"
        "law = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3)\n"
        "Crossbar(3, 2, Device(law, device_spread=0.3)).symmetry_points()\n"
        "unwanted = ('numpy.f2py', 'numpy.testing', 'scipy', 'sympy.physics', 'matplotlib')\n"
        "print([name for name in unwanted if name in sys.modules], 'sympy' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split("\n")[0] == "[] True"
