"""Guidance: learning rates from theory, warnings that say why, and a training explained in numbers.

`equilibrium` measures the gradients of a network on probe images and says where theory puts its
arrays; `rates` turns that into learning rates, `findings` and `explanation` compare it with what a
training did. `floating` says why a training without devices learned nothing.
"""

from phys.guidance.equilibrium import LayerEquilibrium, equilibria
from phys.guidance.explanation import Explanation, Statement, explain, explain_floating
from phys.guidance.findings import Finding, findings
from phys.guidance.rates import SuggestedRates, suggest_rates

__all__ = [
    "Explanation",
    "Finding",
    "LayerEquilibrium",
    "Statement",
    "SuggestedRates",
    "equilibria",
    "explain",
    "explain_floating",
    "findings",
    "suggest_rates",
]
