"""The claims of REPRODUCTION.md: source, the runs that test them, and what makes them true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Errors = Mapping[str, list[float]]


@dataclass(frozen=True)
class Claim:
    """A claim, the runs that test it, and what makes it true of them.

    Attributes
    ----------
    id : str
    claim, source : str
    runs : mapping of label to settings
        See `phys.sweep.Run`; every one is trained with three seeds.
    judge : callable
        Takes test errors in % by label, one for each seed; returns what was found, the tolerance
        and whether the claim holds.
    note : str
        Where we differ and why.
    axis : str
        Label of the horizontal axis, where the runs are a curve.
    """

    id: str
    claim: str
    source: str
    runs: Mapping[str, Mapping[str, Any]]
    judge: Callable[[Errors], tuple[str, str, bool]]
    note: str = ""
    axis: str = ""


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def said(values: list[float]) -> str:
    """Return mean and extremes over the seeds."""
    return f"{mean(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def above(high: str, low: str, points: float) -> Callable[[Errors], tuple[str, str, bool]]:
    """Claim that the error of `high` lies at least so many points above that of `low`."""

    def judge(errors: Errors) -> tuple[str, str, bool]:
        gap = mean(errors[high]) - mean(errors[low])
        apart = min(errors[high]) > max(errors[low])
        found = f"{high}: {said(errors[high])}; {low}: {said(errors[low])}; gap {gap:.2f}"
        return found, f"gap of at least {points:g}, no seed overlaps", gap >= points and apart

    return judge


def near(label: str, reference: str, points: float) -> Callable[[Errors], tuple[str, str, bool]]:
    """Claim that the error of `label` lies at most so many points above that of `reference`."""

    def judge(errors: Errors) -> tuple[str, str, bool]:
        gap = mean(errors[label]) - mean(errors[reference])
        found = (
            f"{label}: {said(errors[label])}; {reference}: {said(errors[reference])}; gap {gap:.2f}"
        )
        return found, f"gap of at most {points:g}", gap <= points

    return judge


def rises(points: float) -> Callable[[Errors], tuple[str, str, bool]]:
    """Claim that the error at the last setting lies so many points above that at the first."""

    def judge(errors: Errors) -> tuple[str, str, bool]:
        first, last = (errors[label] for label in (next(iter(errors)), list(errors)[-1]))
        found = "; ".join(f"{label}: {said(values)}" for label, values in errors.items())
        return found, f"rises by at least {points:g}", mean(last) - mean(first) >= points

    return judge


def both(*judges: Callable[[Errors], tuple[str, str, bool]]) -> Callable[[Errors], Any]:
    """Claim all of several things."""

    def judge(errors: Errors) -> tuple[str, str, bool]:
        parts = [one(errors) for one in judges]
        return (
            "; ".join(part[0] for part in parts),
            "; ".join(part[1] for part in parts),
            all(part[2] for part in parts),
        )

    return judge


FLOAT = {"algorithm": "float", "lr": 0.05, "epochs": 4}
WIDE = {"algorithm": "sgd", "lr": 0.01, "w_max": 2.0, "w_min": -2.0, "epochs": 4}
SHD = {"algorithm": "shd", "imbalance": 0.3, "epochs": 4}
LONG = {
    "algorithm": "shd",
    "imbalance": 0.3,
    "device_spread": 0.3,
    "cycle_noise": 0.3,
    "epochs": 30,
    "schedule": [[10, 0.5], [15, 0.25], [20, 0.125], [25, 0.0625]],
}
LONG_FLOAT = {
    "algorithm": "float",
    "lr": 0.05,
    "epochs": 30,
    "schedule": [[15, 0.5], [22, 0.25], [27, 0.125]],
}
WU = {"batch": 10, "epochs": 80, "schedule": [[35, 0.1]], "imbalance": 0.0}
WU_TABLE = {
    "sgd": {0.60: 11.35, 0.70: 11.35, 0.78: 97.71, 0.80: 97.78},
    "tiki-taka": {0.70: 97.64, 0.78: 97.62, 0.80: 97.50},
}
WU_DIGITAL = 98.15
SCALED = {"output_scale": "learned", "bias": "digital"}
# Devices, reads and start of the authors' script are defaults of aihwkit and PyTorch: references
# with a standard deviation of 0.05, here as a part of the range of tau = 0.75.
SCRIPT = {
    **SCALED,
    "initial_weights": "fan-in",
    "spread_step": 0.3,
    "spread_bounds": 0.3,
    "spread_imbalance": 0.01,
    "cycle_noise": 0.3,
    "reference_error": 0.033,
    "read_model": "aihwkit",
}


def wu_runs(algorithm: str, rates: Mapping[str, Any], *taus: float) -> dict[str, dict[str, Any]]:
    return {
        f"tau {tau:.2f}": {**WU, **rates, "algorithm": algorithm, "w_max": tau, "w_min": -tau}
        for tau in taus or (0.70, 0.78, 0.80)
    }


def wu_judge(algorithm: str, points: float) -> Callable[[Errors], tuple[str, str, bool]]:
    def judge(errors: Errors) -> tuple[str, str, bool]:
        parts, right = [], True
        for label, values in errors.items():
            published = 100 - WU_TABLE[algorithm][float(label.split()[1])]
            right &= abs(mean(values) - published) <= points
            parts.append(f"{label}: {said(values)}, published {published:.2f}")
        return "; ".join(parts), f"within {points:g} of the published error", right

    return judge


CLAIMS = (
    Claim(
        "imbalance",
        "Imbalance of up and down steps leads to poor training by SGD",
        "Kim et al. 2019, abstract",
        {
            "rho 0.3, not shifted": {**WIDE, "imbalance": 0.3, "zero_shift": False},
            "rho 0": {**WIDE, "imbalance": 0.0, "zero_shift": False},
        },
        above("rho 0.3, not shifted", "rho 0", 3.0),
    ),
    Claim(
        "zero-shifting",
        "Zero-shifting improves it dramatically",
        "Kim et al. 2019, abstract",
        {
            "not shifted": {**WIDE, "imbalance": 0.3, "zero_shift": False},
            "shifted": {**WIDE, "imbalance": 0.3, "zero_shift": True},
        },
        above("not shifted", "shifted", 3.0),
    ),
    Claim(
        "shd",
        "SHD on asymmetric devices approaches digital SGD",
        "Onen et al. 2022, abstract",
        {"SHD": {**SHD, "device_spread": 0.3, "cycle_noise": 0.3}, "floating point": FLOAT},
        near("SHD", "floating point", 1.5),
    ),
    Claim(
        "shd-long",
        "After 30 epochs with a schedule, SHD lies within 0.6 points of floating-point SGD",
        "target of this project",
        {"SHD": LONG, "floating point": LONG_FLOAT},
        near("SHD", "floating point", 0.6),
        note="It takes a schedule that lowers the rate of the transfer, at which C learns, and "
        "not that of A.",
    ),
    Claim(
        "which-reference",
        "It is A's reference that matters: shifting A alone trains, shifting C alone does not",
        "theorem, README",
        {
            "neither": {**SHD, "zero_shift": False},
            "C only": {**SHD, "zero_shift": "c"},
            "A only": {**SHD, "zero_shift": "a"},
            "both": {**SHD, "zero_shift": True},
        },
        both(above("neither", "A only", 20.0), above("C only", "A only", 20.0)),
    ),
    Claim(
        "symmetric-wrong-reference",
        "A symmetric device with a wrong reference fails like an asymmetric one",
        "theorem, README",
        {
            f"offset {offset:g}": {
                "algorithm": "shd",
                "law": "linear_asymmetry",
                "tau": 0.6,
                "w_star": offset,
                "zero_shift": False,
                "epochs": 4,
            }
            for offset in (0.0, 0.06, 0.12, 0.18)
        },
        rises(5.0),
        note="Up and down steps are mirror images about the symmetry point; the reference is left "
        "at 0, and the symmetry point is what the axis says.",
        axis="distance of the reference from the symmetry point (weight)",
    ),
    Claim(
        "imbalance-sgd",
        "Test error of SGD grows with the imbalance where nothing is shifted",
        "Kim et al. 2019, abstract",
        {
            f"rho {rho:g}": {**WIDE, "imbalance": rho, "zero_shift": False}
            for rho in (0.0, 0.1, 0.2, 0.3, 0.5)
        },
        rises(5.0),
        axis="imbalance rho",
    ),
    Claim(
        "imbalance-shd",
        "Test error of zero-shifted SHD hardly depends on the imbalance",
        "theorem, README",
        {f"rho {rho:g}": {**SHD, "imbalance": rho} for rho in (0.0, 0.1, 0.3, 0.5)},
        lambda errors: (
            "; ".join(f"{label}: {said(values)}" for label, values in errors.items()),
            "means within 1.5 of each other",
            max(map(mean, errors.values())) - min(map(mean, errors.values())) <= 1.5,
        ),
        axis="imbalance rho",
    ),
    Claim(
        "states",
        "Test error of SHD grows as the number of states falls",
        "this project",
        {
            f"states {1.2 / dw:.0f}": {**SHD, "dw_min": dw}
            for dw in (0.0005, 0.001, 0.003, 0.01, 0.03)
        },
        rises(3.0),
        axis="number of states, (w_max - w_min)/dw_min",
    ),
    Claim(
        "reference-error",
        "Test error of SHD on asymmetric devices grows with the error of the reference",
        "theorem, README",
        {
            f"error {error:g}": {**SHD, "reference_error": error}
            for error in (0.0, 0.02, 0.05, 0.1, 0.2)
        },
        rises(5.0),
        note="Errors of single devices have no common sign, and neither have the tilts that follow "
        "from them. A common offset is the row symmetric-wrong-reference.",
        axis="standard deviation of the reference error (part of the range)",
    ),
    Claim(
        "shift-pulses",
        "Too few pulses spent on zero-shifting cost accuracy",
        "this project",
        {f"pairs {pairs}": {**SHD, "pairs": pairs} for pairs in (3000, 1000, 500, 200, 50)},
        rises(5.0),
        axis="up-down pulse pairs",
    ),
    Claim(
        "wu-digital",
        "Digital SGD on the network of Wu et al.",
        "Wu et al. 2024, table",
        {
            "digital": {
                "algorithm": "float",
                "lr": 0.1,
                "batch": 10,
                "epochs": 80,
                "schedule": [[35, 0.1]],
            }
        },
        lambda errors: (
            f"{said(errors['digital'])}, published {100 - WU_DIGITAL:.2f}",
            "within 0.5 of the published error",
            abs(mean(errors["digital"]) - (100 - WU_DIGITAL)) <= 0.5,
        ),
    ),
    Claim(
        "wu-sgd",
        "Analog SGD on soft bounds tau = .70/.78/.80 fails at the first and trains at the others",
        "Wu et al. 2024, table",
        wu_runs("sgd", {"lr": 0.05}),
        wu_judge("sgd", 1.0),
        note="These are plain arrays, with biases among their devices and the sums of their rows "
        "as outputs. The authors' script (github.com/Zhaoxian-Wu/analog-training, "
        "NeurIPS-2024/S4.1-mnist-FCN.py, read at commit 17d0e0c) has more: a digital scale behind "
        "every array that learns, digital biases, devices with spread and noise, references with "
        "errors, the reads of aihwkit and PyTorch's start. The scale makes the difference, as the "
        "next rows show and crosspoint derive learned_scale proves.",
    ),
    Claim(
        "wu-sgd-scaled",
        "With a learned digital scale and a digital bias behind the same arrays it trains there",
        "Wu et al. 2024, table and script",
        wu_runs("sgd", {"lr": 0.05, **SCALED}, 0.80),
        wu_judge("sgd", 1.0),
    ),
    Claim(
        "wu-sgd-script",
        "With devices, reads and start of the script as well, it trains at .78 and .80",
        "Wu et al. 2024, table and script",
        wu_runs("sgd", {"lr": 0.05, **SCRIPT}, 0.78, 0.80),
        wu_judge("sgd", 1.0),
    ),
    Claim(
        "wu-sgd-narrow",
        "With all of these it fails on a narrower range",
        "Wu et al. 2024, table and script",
        wu_runs("sgd", {"lr": 0.05, **SCRIPT}, 0.60, 0.70),
        wu_judge("sgd", 1.0),
        note="The table has .70; the authors' page of commands runs .6 in its place, so both are "
        "here. The published error, 88.65 %, is that of a network which answers 1 to every image. "
        "From the start of the script ours begin there, too, and leave it within the first epochs.",
    ),
    Claim(
        "wu-tiki-taka",
        "Tiki-Taka trains on all three",
        "Wu et al. 2024, table",
        wu_runs("tiki-taka", {"lr_a": 0.05, "lr_c": 0.01, "transfer_every": 1}),
        wu_judge("tiki-taka", 1.0),
        note="How often a column is transferred, and the part of A in the weight, are not in the "
        "facts that we have; here every sample, and 0.1.",
    ),
)
