r"""The one notation of the toolkit: every symbol, its LaTeX, its meaning and its unit.

The state symbol :data:`w` is declared ``real`` and nothing more. Declared ``positive``,
SymPy would silently drop every symmetry point that lies below zero.

Examples
--------
>>> from theory.symbols import rho, to_latex, w, w_max
>>> to_latex((1 + rho) * (1 - w / w_max))
'\\left(1 + \\rho\\right) \\left(1 - \\frac{w}{w_{\\max}}\\right)'
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Basic, Expr, Symbol, latex

w = Symbol("w", real=True)
"""State of a device: its dimensionless weight (normalised conductance)."""

dw_min = Symbol("dw_min", positive=True)
"""Nominal step of one pulse, at q = 1."""

w_max = Symbol("w_max", positive=True)
w_min = Symbol("w_min", negative=True)
rho = Symbol("rho", real=True)
w_star = Symbol("w_star", real=True)
w_0 = Symbol("w_0", real=True)
tau = Symbol("tau", positive=True)
gamma = Symbol("gamma", positive=True)

A = Symbol("A", real=True)
C = Symbol("C", real=True)
r = Symbol("r", real=True)
kappa = Symbol("kappa", positive=True)
eta_A = Symbol("eta_A", positive=True)
noise = Symbol("m_g", positive=True)
sigma = Symbol("sigma", positive=True)
curvature = Symbol("k", positive=True)
w_o = Symbol("w_o", real=True)
g = Symbol("g", real=True)


@dataclass(frozen=True)
class Notation:
    """One line of the glossary: a symbol with its LaTeX, meaning and unit."""

    symbol: Symbol
    latex: str
    meaning: str
    unit: str = "1"


GLOSSARY: tuple[Notation, ...] = (
    Notation(w, "w", "weight: state of a device, normalised conductance"),
    Notation(dw_min, r"\delta", "nominal step of one pulse, at q = 1", "weight"),
    Notation(w_max, r"w_{\max}", "upper bound of the weight", "weight"),
    Notation(w_min, r"w_{\min}", "lower bound of the weight", "weight"),
    Notation(rho, r"\rho", "imbalance of up and down steps"),
    Notation(w_star, r"w_\ast", "symmetry point: G(w_star) = 0", "weight"),
    Notation(w_0, "w_0", "initial weight", "weight"),
    Notation(tau, r"\tau", "range of a linear device: G = (w - w_star)/tau", "weight"),
    Notation(gamma, r"\gamma", "nonlinearity of an exponential or power law"),
    Notation(A, "A", "weight of the auxiliary array of SHD", "weight"),
    Notation(C, "C", "weight of the core array of SHD", "weight"),
    Notation(r, "r", "reference of A: the zero of the weight A - r", "weight"),
    Notation(kappa, r"\kappa", "transfer rate from A to C", "1/sample"),
    Notation(eta_A, r"\eta_A", "learning rate of A", "weight**2/loss/sample"),
    Notation(noise, r"\mathbb{E}|g|", "mean magnitude of the gradient", "loss/weight"),
    Notation(sigma, r"\sigma", "standard deviation of the gradient noise", "loss/weight"),
    Notation(curvature, "k", "curvature of the loss", "loss/weight**2"),
    Notation(w_o, "w_o", "optimum of the loss", "weight"),
    Notation(g, "g", "gradient of the loss", "loss/weight"),
)

_LATEX = {line.symbol: line.latex for line in GLOSSARY}


def to_latex(expression: Basic) -> str:
    """LaTeX of an expression in the notation of the toolkit."""
    return str(latex(expression, symbol_names=_LATEX, order="none"))


def same_name(expression: Expr, name: str) -> set[Symbol]:
    """Free symbols of ``expression`` called ``name``, whatever their assumptions."""
    return {s for s in expression.free_symbols if isinstance(s, Symbol) and s.name == name}
