"""Parameters that several laws share."""

from __future__ import annotations

from typing import Any

from theory.parameters import Parameter, parameter
from theory.symbols import rho, w_max, w_min


def bound_parameters(upper: Any, lower: Any) -> tuple[Parameter, Parameter]:
    """``w_max`` and ``w_min``."""
    return (
        parameter(w_max, upper, "upper bound of the weight"),
        parameter(w_min, lower, "lower bound of the weight"),
    )


def imbalance_parameter(value: Any) -> Parameter:
    """``imbalance``, printed as rho: up steps times 1 + rho, down steps times 1 - rho."""
    return parameter(rho, value, "imbalance of up and down steps", name="imbalance", domain=(-1, 1))
