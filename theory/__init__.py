"""Analog training on asymmetric resistive devices, derived: SymPy only, every step checked."""

from __future__ import annotations

from theory import derive, laws, noise
from theory.coincidence import Coincidences, update_management
from theory.comparison import compare_residuals
from theory.cycle import AlternatingCycle, alternating_cycle
from theory.derivation import Derivation, Step
from theory.law import DeviceLaw
from theory.law_file import law_from_json, law_to_json
from theory.parameters import Parameter
from theory.penalty import Penalty, implicit_penalty, penalty_table
from theory.recursion import fixed_points
from theory.response import PulseResponse, pulse_response
from theory.sgd import SGDEquilibrium, residual_loss, sgd_equilibrium
from theory.shd import SHD, quadratic
from theory.shd_linear import critical_rates
from theory.shd_noise import fluctuations
from theory.symbols import w
from theory.symmetry import SymmetryPoint, SymmetryPoints

__all__ = [
    "SHD",
    "AlternatingCycle",
    "Coincidences",
    "Derivation",
    "DeviceLaw",
    "Parameter",
    "Penalty",
    "PulseResponse",
    "SGDEquilibrium",
    "Step",
    "SymmetryPoint",
    "SymmetryPoints",
    "alternating_cycle",
    "compare_residuals",
    "critical_rates",
    "derive",
    "fixed_points",
    "fluctuations",
    "implicit_penalty",
    "law_from_json",
    "law_to_json",
    "laws",
    "noise",
    "penalty_table",
    "pulse_response",
    "quadratic",
    "residual_loss",
    "sgd_equilibrium",
    "update_management",
    "w",
]
