"""A training explained: what its arrays did beside what theory predicts, and what is violated."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from phys.guidance.equilibrium import LayerEquilibrium, equilibria
from phys.guidance.findings import Finding, findings
from phys.guidance.floating import floating_findings
from phys.history import LayerReport
from phys.network import Network

WITHIN = 2.0
UNCUT = 0.9
SMALL_PULL = 0.05
SMALL_SHARE = 0.1


@dataclass(frozen=True)
class Statement:
    """One sentence that compares a measured with a predicted number.

    Attributes
    ----------
    layer : int
    assumption : str
        What theory assumes; it is violated where `holds` is False.
    holds : bool
    measured, predicted : float
    text : str
    """

    layer: int
    assumption: str
    holds: bool
    measured: float
    predicted: float
    text: str


@dataclass(frozen=True)
class Explanation:
    """What a training did, compared with theory.

    Attributes
    ----------
    statements : tuple of Statement
    findings : tuple of Finding
    reason : str
        Why there is no statement; empty where there are some.
    """

    statements: tuple[Statement, ...]
    findings: tuple[Finding, ...]
    reason: str = ""

    @property
    def violated(self) -> tuple[str, ...]:
        """Assumptions that do not hold, in the order of their first violation."""
        return tuple(dict.fromkeys(s.assumption for s in self.statements if not s.holds))

    def __str__(self) -> str:
        lines = [self.reason] if self.reason else []
        for statement in self.statements:
            mark = "holds   " if statement.holds else "VIOLATED"
            lines.append(f"layer {statement.layer}  {mark}  {statement.text}")
        lines += [f"warning  {finding}" for finding in self.findings]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{s.layer}</td><td>{html.escape(s.assumption)}</td>"
            f"<td>{'holds' if s.holds else '<strong>violated</strong>'}</td>"
            f"<td style='text-align:left'>{html.escape(s.text)}</td></tr>"
            for s in self.statements
        )
        notes = "".join(f"<li>{html.escape(str(f))}</li>" for f in self.findings)
        head = "<tr><th>layer</th><th>assumption</th><th></th><th>measured and predicted</th></tr>"
        said = f"<p>{html.escape(self.reason)}</p>" if self.reason else ""
        return (
            said
            + (f"<table>{head}{rows}</table>" if rows else "")
            + (f"<ul>{notes}</ul>" if notes else "")
        )


def explain(
    network: Network,
    algorithm: Any,
    reports: Sequence[LayerReport],
    loss: float,
    images: Any,
    labels: Any,
) -> Explanation:
    """Compare what the arrays of a trained network did with what theory predicts.

    Parameters
    ----------
    network : Network
    algorithm : Algorithm
    reports : sequence of LayerReport
    loss : float
        Mean cross-entropy of the last epoch.
    images, labels : the probe
        Images on which the gradients are measured.

    Returns
    -------
    Explanation
    """
    found = equilibria(network, algorithm, images, labels)
    if not found:
        return Explanation(
            (),
            (),
            "theory explains pulsed SGD, SHD and Tiki-Taka on arrays of devices with a formula; "
            "what this training did is in history.layers",
        )
    by_array = {(report.layer, report.array.lower()): report for report in reports}
    statements: list[Statement] = []
    for layer in found:
        report = by_array[layer.layer, layer.array]
        statements += _of_layer(layer, report.delivered_over_wanted, loss)
    sizes = [layer.c.rows * layer.c.cols for layer in network.layers]
    noted = findings(found, reports, loss, int(labels.max()) + 1, sizes)
    return Explanation(tuple(statements), tuple(noted))


def explain_floating(
    network: Network,
    rate: float,
    steps: int,
    batch: int,
    loss: float,
    images: Any,
    labels: Any,
) -> Explanation:
    """Say why a training in floating point learned nothing, if it did not.

    Parameters
    ----------
    network : Network
    rate : float
        The highest learning rate of the training.
    steps, batch : int
        Steps that it took, and samples in each.
    loss : float
        Mean cross-entropy of the last epoch.
    images, labels : the probe

    Returns
    -------
    Explanation
        Without statements, for there are no devices.
    """
    noted = floating_findings(network, rate, steps, batch, loss, images, labels)
    reason = (
        "training in floating point has no devices, whose asymmetry, noise and steps theory could "
        "compare with what happened; what it did is in history.accuracy and history.loss"
    )
    return Explanation((), tuple(noted), reason)


def _of_layer(layer: LayerEquilibrium, delivered: float, loss: float) -> list[Statement]:
    name = layer.array.upper()
    result = [
        Statement(
            layer.layer,
            "updates are delivered whole",
            delivered >= UNCUT,
            delivered,
            1.0,
            f"{name} got {delivered:.2f} of the wanted change; 1 is assumed, and "
            f"{layer.delivered:.2f} follows from the gradients as they are now",
        )
    ]
    moved = layer.drift_slope * layer.pull if math.isfinite(layer.drift_slope) else 0.0
    if layer.array == "a":
        result.append(
            Statement(
                layer.layer,
                "A's reference is at its symmetry point",
                layer.pull < SMALL_PULL,
                layer.pull,
                0.0,
                f"psi at A's reference is {layer.pull:.3f} (rms), 0 at the symmetry point; the "
                f"tilt would hold E[g]/E|g| at -psi, and {moved:.3f} of it was found",
            )
        )
        ratio = layer.rms / layer.predicted_rms
        result.append(
            Statement(
                layer.layer,
                "A scatters as gradient noise and friction say",
                1 / WITHIN <= ratio <= WITHIN,
                layer.rms,
                layer.predicted_rms,
                f"A stands {layer.rms:.3f} from its reference (rms), where noise and friction "
                f"alone predict {layer.predicted_rms:.3f}; a gradient that persists adds to it",
            )
        )
        result.append(
            Statement(
                layer.layer,
                "the motion is damped",
                layer.damping >= 1,
                layer.damping,
                1.0,
                f"the damping ratio is {layer.damping:.2f}, and critical is 1.00",
            )
        )
        result.append(
            Statement(
                layer.layer,
                "transfers are frequent beside A's memory",
                layer.round <= layer.memory,
                layer.round,
                layer.memory,
                f"a column is transferred every {layer.round:,.0f} samples, and A forgets within "
                f"{layer.memory:,.0f}",
            )
        )
    else:
        result.append(
            Statement(
                layer.layer,
                "the asymmetry does not hold the weights",
                not (0.5 <= layer.drift_slope <= 1.6 and layer.pull >= SMALL_PULL),
                moved,
                layer.pull,
                f"E[g]/E|g| is {moved:.3f} along -psi, whose size is {layer.pull:.3f}: the two are "
                f"equal where the asymmetry balances the gradient, and the first is 0 at a minimum",
            )
        )
    result.append(
        Statement(
            layer.layer,
            "steps are fine",
            layer.pulse_loss <= SMALL_SHARE * loss,
            loss,
            layer.pulse_loss,
            f"the loss is {loss:.3g}, of which finite pulses of {name} explain "
            f"{layer.pulse_loss:.2g}",
        )
    )
    return result
