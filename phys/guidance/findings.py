"""Warnings about a training, each with a measured and a predicted number and what would help."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from phys.guidance.equilibrium import LayerEquilibrium
from phys.history import LayerReport

STUCK_LOSS = 0.5
STUCK_PULL = 0.15
NO_GRADIENT = 1e-8
BALANCED = (0.5, 1.6)
LEAST_DELIVERED = 0.25
PULSE_SHARE = 0.1
LEAST_PULSES = 1.0
SATURATED = 0.15
EXCESS = 1.5


@dataclass(frozen=True)
class Finding:
    """One warning.

    Attributes
    ----------
    code : str
        "stuck", "clipping", "coarse" or "saturated"; "overshoot" or "slow" in floating point.
    layer : int
        From 1; 0 for the whole network.
    measured, predicted : float
        The two numbers that the sentence compares.
    message : str
    """

    code: str
    layer: int
    measured: float
    predicted: float
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def findings(
    found: Sequence[LayerEquilibrium],
    reports: Sequence[LayerReport],
    loss: float,
    classes: int,
    devices: Sequence[int],
) -> list[Finding]:
    """Return what is wrong with a training, as far as theory can tell.

    Parameters
    ----------
    found : sequence of LayerEquilibrium
        After the training.
    reports : sequence of LayerReport
        How the updates of every array went.
    loss : float
        Mean cross-entropy of the last epoch.
    classes : int
        Classes of the data: guessing costs their logarithm.
    devices : sequence of int
        Devices in an array of each layer.

    Returns
    -------
    list of Finding
        Empty where nothing is wrong.

    Notes
    -----
    * stuck: the loss is over half of that of guessing, and in a layer where psi is not small the
      drift ratio E[g]/E|g| is -psi within a factor of 0.5 to 1.6: the weights stand where the
      asymmetry balances the gradient, and not where the gradient vanishes. Or no gradient is left.
    * clipping: an array got less than a quarter of the wanted change.
    * coarse: finite pulses alone keep the loss up by more than a tenth of it, or a device got less
      than one pulse.
    * saturated: over 15 % of the devices of an array lie within a twentieth of their range of a
      bound, and more than half as many again as the equilibrium has there.
    """
    chance = math.log(classes)
    by_array = {(report.layer, report.array.lower()): report for report in reports}
    result = []
    for layer in found:
        report = by_array[layer.layer, layer.array]
        name = f"array {layer.array.upper()} of layer {layer.layer}"
        result += _stuck(layer, name, loss, chance)
        result += _clipping(layer, name, report)
        result += _coarse(layer, name, loss, report, devices[layer.layer - 1])
        result += _saturated(layer, name)
    return result


def _stuck(layer: LayerEquilibrium, name: str, loss: float, chance: float) -> list[Finding]:
    if loss >= STUCK_LOSS * chance and layer.absolute_gradient < NO_GRADIENT:
        return [
            Finding(
                "stuck",
                layer.layer,
                layer.absolute_gradient,
                NO_GRADIENT,
                f"no gradient reaches {name} any more: E|g| is {layer.absolute_gradient:.1e}, "
                f"below {NO_GRADIENT:.0e}, and the loss is {loss:.2f}, where guessing costs "
                f"{chance:.2f}; the units behind it are saturated. psi is {layer.pull:.2f}: "
                f"zero-shift the arrays, or lower the learning rate",
            )
        ]
    balanced = BALANCED[0] <= layer.drift_slope <= BALANCED[1]
    if loss < STUCK_LOSS * chance or layer.pull < STUCK_PULL or not balanced:
        return []
    measured, predicted = layer.drift_slope * layer.pull, layer.pull
    if layer.array == "a":
        remedy = "A's reference is off its symmetry point: zero-shift array A"
    else:
        remedy = (
            "zero-shift the array, let a digital scale learn behind it (output_scale), take "
            "devices with a wider range or smaller steps, or train with SHD"
        )
    return [
        Finding(
            "stuck",
            layer.layer,
            measured,
            predicted,
            f"{name} stands where its asymmetry balances the gradient: E[g]/E|g| = "
            f"{measured:.2f} along -psi, whose size is {predicted:.2f}; the loss is {loss:.2f}, "
            f"and guessing costs {chance:.2f}. {remedy}",
        )
    ]


def _clipping(layer: LayerEquilibrium, name: str, report: LayerReport) -> list[Finding]:
    share = report.delivered_over_wanted
    if share >= LEAST_DELIVERED:
        return []
    return [
        Finding(
            "clipping",
            layer.layer,
            share,
            layer.delivered,
            f"{name} got {share:.0%} of the wanted change, for probabilities end at 1; by the "
            f"gradients as they are now it would get {layer.delivered:.0%}. Lower the learning "
            f"rate, or give the trains more pulses",
        )
    ]


def _coarse(
    layer: LayerEquilibrium, name: str, loss: float, report: LayerReport, devices: int
) -> list[Finding]:
    pulses = report.pulses / devices
    if layer.pulse_loss > PULSE_SHARE * loss:
        return [
            Finding(
                "coarse",
                layer.layer,
                loss,
                layer.pulse_loss,
                f"the steps of {name} are too coarse: finite pulses alone keep the loss up by "
                f"{layer.pulse_loss:.2g}, and the loss is {loss:.2g}. Take devices with a smaller "
                f"dw_min",
            )
        ]
    if pulses < LEAST_PULSES:
        return [
            Finding(
                "coarse",
                layer.layer,
                pulses,
                LEAST_PULSES,
                f"the steps of {name} are too coarse for the learning rate: a device got "
                f"{pulses:.2g} pulses in the whole training, and learning takes more than "
                f"{LEAST_PULSES:g}. Raise the learning rate, or take a smaller dw_min",
            )
        ]
    return []


def _saturated(layer: LayerEquilibrium, name: str) -> list[Finding]:
    if layer.at_bounds < SATURATED or layer.at_bounds < EXCESS * layer.predicted_at_bounds:
        return []
    return [
        Finding(
            "saturated",
            layer.layer,
            layer.at_bounds,
            layer.predicted_at_bounds,
            f"{name} is saturated: {layer.at_bounds:.0%} of its devices lie at a bound, where "
            f"{layer.predicted_at_bounds:.1%} would in the equilibrium of noise and friction. "
            f"Lower the learning rate, or take devices whose steps shrink towards their bounds",
        )
    ]
