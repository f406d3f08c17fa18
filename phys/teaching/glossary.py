r"""The glossary: every symbol with its name, its unit, its name in the code and in the literature.

Symbols, meanings and units come from :data:`theory.symbols.GLOSSARY`, the one notation of the
toolkit; here stand the names that others use, and quantities that theory has no symbol for. The
first notebook shows the part that the course needs. ``docs/glossary.md`` shows all of it;
``python -m phys.teaching.glossary docs/glossary.md`` writes its tables.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from sympy import Symbol

from theory import symbols as s
from theory.symbols import GLOSSARY

SOURCES = {
    "W24": "Wu et al., arXiv:2406.12774",
    "W25": "Wu et al., arXiv:2502.06309",
    "X26": "Xiao et al., arXiv:2602.21321",
    "R24": "Rasch et al., Nat. Commun. 15:7133 (2024)",
}
"""Where the names of the literature were read."""


@dataclass(frozen=True)
class Entry:
    """One line of the glossary.

    Attributes
    ----------
    latex : str
        The symbol; empty where there is none.
    meaning, unit : str
    code, papers, aihwkit : str
        Its names here, in the literature, and in the device classes of aihwkit.
    in_course : bool
        Whether the notebooks use it.
    """

    latex: str
    meaning: str
    unit: str
    code: str
    papers: str = ""
    aihwkit: str = ""
    in_course: bool = True

    @property
    def symbol(self) -> str:
        """The symbol as a cell of a Markdown table, which a bar would end."""
        return f"${self.latex}$".replace("|", r"\vert ") if self.latex else ""


_NOTATION = {line.symbol: line for line in GLOSSARY}


def _symbol(symbol: Symbol, code: str, papers: str = "", aihwkit: str = "") -> Entry:
    line = _NOTATION[symbol]
    return Entry(line.latex, line.meaning, line.unit, code, papers, aihwkit)


DEVICES = (
    _symbol(s.w, "`w`; `xbar.weights`", "W (W24, W25)", "weight of a crosspoint"),
    _symbol(
        s.dw_min,
        "`Device(dw_min=...)`",
        "δ (R24)",
        "`dw_min`; ours is `dw_min*(1 - abs(up_down)/2)`",
    ),
    Entry(
        r"q_\mathrm{up}(w)",
        "step of an up pulse, in units of dw_min",
        "1",
        "`law.up`",
        "response function (W25)",
        "size of an update over `dw_min`",
    ),
    Entry(
        r"q_\mathrm{down}(w)",
        "step of a down pulse, in units of dw_min",
        "1",
        "`law.down`",
        "response function (W25)",
        "size of an update over `dw_min`",
    ),
    Entry("F(w)", "symmetric part, (q_up + q_down)/2", "1", "`law.F`", "F (W24, W25, X26)"),
    Entry("G(w)", "antisymmetric part, (q_down − q_up)/2", "1", "`law.G`", "G (W24, W25, X26)"),
    Entry(r"\psi(w)", "asymmetry G/F", "1", "`law.psi`", "derivative of R (W25)"),
    _symbol(s.w_max, "`w_max=...`, `law.bounds[1]`", "w_max (R24); τ_max (W25)", "`w_max`"),
    _symbol(s.w_min, "`w_min=...`, `law.bounds[0]`", "w_min (R24); τ_min (W25)", "`w_min`"),
    _symbol(s.rho, "`imbalance=...`", "c (W25)", "`up_down` u, one-sided: ρ = u/(2 − abs(u))"),
    _symbol(s.w_star, "`law.symmetry_point()`", "symmetry point (all)", "symmetry point"),
    _symbol(s.w_0, "`xbar.set_weights(...)`"),
    _symbol(s.tau, "`laws.linear_asymmetry(tau=...)`", "τ (W24, W25)"),
    _symbol(
        s.gamma,
        "`gamma_up=...`, `gamma_down=...`",
        "γ (W25)",
        "PowStep: `pow_gamma*(1 + min(p, 0))` and `pow_gamma*(1 - max(p, 0))`, "
        "p = `pow_up_down`; ExpStep: the same names as here",
    ),
    Entry(
        r"s_\mathrm{up}, s_\mathrm{down}",
        "share of a linear step that is lost at the bound",
        "1",
        "`slope_up`, `slope_down`",
        aihwkit="`gamma_up`, `gamma_down` of LinearStep",
        in_course=False,
    ),
    Entry(
        r"A_\mathrm{up}, A_\mathrm{down}",
        "weight of the exponential in a step of `exp_step`",
        "1",
        "`A_up`, `A_down`",
        aihwkit="the same, of ExpStep",
        in_course=False,
    ),
    Entry(
        "a, b",
        "slope and offset of the scaled weight of `exp_step`",
        "1",
        "`slope`, `offset`",
        aihwkit="`a`, `b` of ExpStep",
        in_course=False,
    ),
    Entry(
        r"p_{\max}",
        "up pulses from one end of the range to the other",
        "pulse",
        "`p_max`",
        aihwkit="the same, of SoftBoundsPmax",
        in_course=False,
    ),
    Entry(
        r"\alpha",
        "rate of saturation",
        "1/pulse",
        "`alpha`",
        aihwkit="the same, of SoftBoundsPmax; `dw_min` is α(w_max − w_min)/2",
        in_course=False,
    ),
)
VARIATION = (
    Entry(r"\xi", "standard normal random number", "1", "", "ξ (R24)"),
    Entry(
        r"\sigma_\mathrm{c}",
        "noise of one step, relative to the step",
        "1",
        "`Device(cycle_noise=...)`",
        aihwkit="`dw_min_std` with `mult_noise`",
    ),
    Entry(
        "",
        "noise of one step, relative to dw_min",
        "1",
        "`Device(additive_noise=...)`",
        "σ_cc (R24)",
        "`dw_min_std` without `mult_noise`",
        in_course=False,
    ),
    Entry("", "noise of one reading, in a measurement", "weight", "`read_noise`", in_course=False),
    Entry(
        "",
        "spread of the steps between devices",
        "1",
        "`Spread(step=...)`",
        "σ_dd (R24)",
        "`dw_min_dtod` with `dw_min_dtod_log_normal`",
        in_course=False,
    ),
    Entry(
        "",
        "spread of the bounds",
        "1",
        "`Spread(bounds=...)`",
        "σ_b (R24)",
        "`w_max_dtod` and `w_min_dtod`",
        in_course=False,
    ),
    Entry(
        "",
        "spread of the imbalance",
        "1",
        "`Spread(imbalance=...)`",
        "σ_± (R24)",
        "`up_down_dtod`; ours is that over `1 - abs(up_down)/2`",
        in_course=False,
    ),
)
TRAINING = (
    _symbol(s.A, "array `a`", "P (W25); A (R24)", "the fast tile of a Tiki-Taka compound"),
    _symbol(s.C, "array `c`", "W (W24, W25, R24)", "its slow tile"),
    _symbol(s.r, "`xbar.reference`; `SHD(reference=...)`", "R (R24)", "reference of a unit cell"),
    _symbol(
        s.kappa, "`lr_c`, see notebook 07", "β (W24, W25)", "`transfer_lr` over `transfer_every`"
    ),
    _symbol(s.eta_A, "`lr_a`", "α (W24, W25)", "`fast_lr` of a transfer compound"),
    Entry(r"\Delta W", "change asked for by an update", "weight", "`lr * d * x`", "ΔW (W24)"),
    Entry("BL", "slots of a pulse train", "1", "`pulses=...`", "", "`desired_bl`"),
    _symbol(s.g, "`SHD.equations`", "∇f (W24, W25)"),
    _symbol(s.noise, "`gradient_noise=...`", "E abs ε (W24)"),
    _symbol(s.sigma, "`fluctuations(variance=...)`", "σ (W24)"),
    _symbol(s.curvature, "`quadratic(curvature, ...)`"),
    _symbol(s.w_o, "`quadratic(..., optimum)`", "W* (W24, W25)"),
    Entry("H", "energy of SHD", "loss", "`SHD.energy`"),
)
TOPICS = {"Devices": DEVICES, "Variation": VARIATION, "Training": TRAINING}


def entries() -> tuple[Entry, ...]:
    r"""Return what the course uses.

    Examples
    --------
    >>> [entry.code for entry in entries() if entry.latex == r"\rho"]
    ['`imbalance=...`']
    """
    return tuple(entry for topic in TOPICS.values() for entry in topic if entry.in_course)


def table() -> str:
    """Return the course's glossary as a Markdown table, with its sources below."""
    lines = [
        "| symbol | meaning | unit | in the code | in the literature |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [f"| {e.symbol} | {e.meaning} | {e.unit} | {e.code} | {e.papers} |" for e in entries()]
    sources = "; ".join(f"{short}: {full}" for short, full in SOURCES.items())
    return "\n".join([*lines, "", f"Literature: {sources}."])


def full_table(topic: str) -> str:
    r"""Return all lines of a topic as a Markdown table, with the names of aihwkit.

    Examples
    --------
    >>> full_table("Variation").splitlines()[2]
    '| $\\xi$ | standard normal random number | 1 |  | ξ (R24) |  |'
    """
    lines = [
        "| Symbol | Meaning | Unit | In the code | In the literature | In aihwkit |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {e.symbol} | {e.meaning} | {e.unit} | {e.code} | {e.papers} | {e.aihwkit} |"
        for e in TOPICS[topic]
    ]
    return "\n".join(lines)


def with_full_tables(page: str) -> str:
    """Return a Markdown page with the full table of each topic below the heading of its name."""
    for topic in TOPICS:
        page = re.sub(
            rf"^(## {topic}\n\n)(?:\|.*\n)*",
            lambda found, topic=topic: f"{found[1]}{full_table(topic)}\n",  # type: ignore[misc]
            page,
            flags=re.MULTILINE,
        )
    return page


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(with_full_tables(path.read_text("utf-8")), "utf-8")
