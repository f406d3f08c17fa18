"""History: what a training did, in numbers that can be kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from phys.checked import InputError
from phys.device import Device
from phys.energy import EnergyPoint
from phys.functions.hidden_state import HiddenStateFunctions
from phys.functions.identity import described
from phys.loops import arrays as array_loops
from phys.network import Network
from phys.recording import Recording
from phys.zero_shifting import ZeroShiftHistory
from theory import DeviceLaw

if TYPE_CHECKING:
    from phys.guidance import Explanation


@dataclass
class LayerReport:
    """How the updates of one array of one layer went.

    Attributes
    ----------
    layer : int
    array : str
    updates : int
    pulses : int
        Pulses given by updates, over all devices.
    clipped_fraction : float
        Share of the wanted device changes whose row or column clipped at probability 1.
    delivered_over_wanted : float
        Mean pulses delivered, over those wanted.
    """

    layer: int
    array: str
    updates: int
    pulses: int
    clipped_fraction: float
    delivered_over_wanted: float


@dataclass
class History:
    """What a training did.

    Attributes
    ----------
    accuracy : list of float
        Test accuracy in [0, 1] after each epoch.
    loss : list of float
        Mean cross-entropy over the samples of each epoch, as they were learned.
    settings : dict
        Everything that identifies the run.
    data : str
        Which data it was, in words.
    notice : str
        Empty, or that these data stand in for others.
    layers : list of LayerReport
    zero_shifts : dict of (layer, array) label to ZeroShiftHistory
    energy : list of EnergyPoint
        For SHD with ``record_energy``.
    records : list of Recording
        What the recorders of ``record`` noted, in their order.
    samples_per_second : float
        Training speed, evaluation and zero-shifting left out.
    network : Network
        The trained network; its arrays hold the weights.
    algorithm : Algorithm
        With the learning rates of the last epoch.
    steepest : Algorithm
        With the highest learning rates of the training, for the mean gradient of a batch.
    steps : int
        Batches of the training.
    reasons : tuple of str
        Why these rates, where theory chose them.
    probe : tuple of array
        Images and labels on which `explain` measures gradients.
    """

    accuracy: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    data: str = ""
    notice: str = ""
    layers: list[LayerReport] = field(default_factory=list)
    zero_shifts: dict[str, ZeroShiftHistory] = field(default_factory=dict, repr=False)
    energy: list[EnergyPoint] = field(default_factory=list, repr=False)
    records: list[Recording] = field(default_factory=list, repr=False)
    samples_per_second: float = 0.0
    network: Network | None = field(default=None, repr=False)
    algorithm: Any = field(default=None, repr=False)
    steepest: Any = field(default=None, repr=False)
    steps: int = field(default=0, repr=False)
    reasons: tuple[str, ...] = ()
    probe: tuple[Any, Any] | None = field(default=None, repr=False)

    def explain(self) -> Explanation:
        """Compare what the arrays did with what theory predicts, and warn of what went wrong.

        Returns
        -------
        Explanation
            Statements and warnings, each with a measured and a predicted number; printed as a
            list, and as a table in a notebook.

        Examples
        --------
        >>> from phys import train
        >>> history = train("digits", "shd", epochs=1, samples=200, layers=(64, 10))
        >>> history.explain().statements[0].assumption
        'updates are delivered whole'
        """
        from phys.algorithms.floating import FloatSGD
        from phys.guidance import explain, explain_floating

        if self.network is None or self.probe is None or not self.loss:
            raise InputError("history: the training has not ended an epoch; let it end one")
        if isinstance(self.steepest, FloatSGD):
            rate, batch, loss = self.steepest.lr, self.settings["batch"], self.loss[-1]
            return explain_floating(self.network, rate, self.steps, batch, loss, *self.probe)
        return explain(self.network, self.algorithm, self.layers, self.loss[-1], *self.probe)

    def as_dict(self) -> dict[str, Any]:
        """Return the history in JSON types, without the network."""
        return {
            "settings": self.settings,
            "data": self.data,
            "notice": self.notice,
            "accuracy": self.accuracy,
            "loss": self.loss,
            "layers": [vars(report) for report in self.layers],
            "zero_shifts": {
                name: {
                    "pairs": h.pairs,
                    "pulses": h.pulses,
                    "rule": h.rule,
                    "at": h.at,
                    "distance": h.distance,
                }
                for name, h in self.zero_shifts.items()
            },
            "energy": [point.as_dict() for point in self.energy],
            "records": [recording.as_dict() for recording in self.records],
            "samples_per_second": self.samples_per_second,
        }


@dataclass(frozen=True)
class Progress:
    """Where a training stands: `fraction` in [0, 1], a word for what it does, accuracy so far.

    At the end of an epoch `epoch` is its number, from 1, and `accuracy` that of the whole test set;
    between, the accuracy is None or that of a part.
    """

    fraction: float
    stage: str
    accuracy: float | None
    epoch: int | None = None


def describe_device(device: Device) -> dict[str, Any]:
    """Return the numbers of a device in JSON types."""
    law = device.law
    steps = law.symbolic if isinstance(law, DeviceLaw) else law
    tell = str if isinstance(law, DeviceLaw) else described
    hidden = {}
    if isinstance(law, HiddenStateFunctions):
        hidden = {"state": law.state, "between_updates": described(law.between_updates)}
    return {
        "law": law.name,
        "up": tell(steps.up),
        "down": tell(steps.down),
        **hidden,
        "bounds": list(device.bounds),
        "values": {k: float(v) for k, v in getattr(law, "values", {}).items()},
        "dw_min": device.dw_min,
        "spread": {
            "step": device.spread.step,
            "bounds": device.spread.bounds,
            "imbalance": device.spread.imbalance,
            **device.spread.parameters,
        },
        "cycle_noise": device.cycle_noise,
        "additive_noise": device.additive_noise,
    }


def layer_reports(network: Network) -> list[LayerReport]:
    """Return how the updates of every array went."""
    reports = []
    for depth, layer in enumerate(network.layers):
        for name, array in layer.arrays.items():
            s = getattr(array, "statistics", None)
            if s is None:
                continue
            reports.append(
                LayerReport(
                    layer=depth + 1,
                    array=name.upper(),
                    updates=int(s[array_loops.UPDATES]),
                    pulses=int(s[array_loops.PULSES]),
                    clipped_fraction=float(
                        s[array_loops.CLIPPED] / max(s[array_loops.ADDRESSED], 1.0)
                    ),
                    delivered_over_wanted=float(s[array_loops.DELIVERED] / s[array_loops.WANTED])
                    if s[array_loops.WANTED]
                    else 1.0,
                )
            )
    return reports
