"""The glossary: every symbol with its name, its unit, its name in the code and in the literature.

Symbols, meanings and units come from :data:`theory.symbols.GLOSSARY`, the one notation of the
toolkit; here stand the names that others use, and the quantities that are functions, not symbols.
"""

from __future__ import annotations

from dataclasses import dataclass

from theory import symbols as s
from theory.symbols import GLOSSARY

SOURCES = {
    "W24": "Wu et al., arXiv:2406.12774",
    "W25": "Wu et al., arXiv:2502.06309",
    "X26": "Xiao et al., arXiv:2602.21321",
    "R24": "Rasch et al., Nat. Commun. 15:7133 (2024)",
}
"""Where the names of the last column were read."""

CODE_AND_PAPERS = {
    s.w: ("`w`; `xbar.weights`", "W (W24, W25)"),
    s.dw_min: ("`Device(dw_min=...)`", "δ (R24)"),
    s.w_max: ("`w_max=...`, `law.bounds[1]`", "w_max (R24); τ_max (W25)"),
    s.w_min: ("`w_min=...`, `law.bounds[0]`", "w_min (R24); τ_min (W25)"),
    s.rho: ("`imbalance=...`", "c (W25)"),
    s.w_star: ("`law.symmetry_point()`", "symmetry point (all)"),
    s.w_0: ("`xbar.set_weights(...)`", ""),
    s.tau: ("`laws.linear_asymmetry(tau=...)`", "τ (W24, W25)"),
    s.gamma: ("`gamma_up=...`, `gamma_down=...`", "γ (W25)"),
    s.A: ("array `a`", "P (W25); A (R24)"),
    s.C: ("array `c`", "W (W24, W25, R24)"),
    s.r: ("`xbar.reference`; `SHD(reference=...)`", "R (R24)"),
    s.kappa: ("`lr_c`, see notebook 07", "β (W24, W25)"),
    s.eta_A: ("`lr_a`", "α (W24, W25)"),
    s.noise: ("`gradient_noise=...`", "E abs ε (W24)"),
    s.sigma: ("`fluctuations(variance=...)`", "σ (W24)"),
    s.curvature: ("`quadratic(curvature, ...)`", ""),
    s.w_o: ("`quadratic(..., optimum)`", "W* (W24, W25)"),
    s.g: ("`SHD.equations`", "∇f (W24, W25)"),
}


@dataclass(frozen=True)
class Entry:
    """One line of the glossary: LaTeX, meaning, unit, name in the code, names in the papers."""

    latex: str
    meaning: str
    unit: str
    code: str
    papers: str = ""


FUNCTIONS = (
    Entry(r"q_\mathrm{up}(w)", "step of an up pulse, in units of dw_min", "1", "`law.up`"),
    Entry(r"q_\mathrm{down}(w)", "step of a down pulse, in units of dw_min", "1", "`law.down`"),
    Entry("F(w)", "symmetric part, (q_up + q_down)/2", "1", "`law.F`", "F (W24, W25, X26)"),
    Entry("G(w)", "antisymmetric part, (q_down − q_up)/2", "1", "`law.G`", "G (W24, W25, X26)"),
    Entry(r"\psi(w)", "asymmetry G/F", "1", "`law.psi`", "derivative of R (W25)"),
    Entry(r"\Delta W", "change asked for by an update", "weight", "`lr * d * x`", "ΔW (W24)"),
    Entry(r"\xi", "standard normal random number", "1", "", "ξ (R24)"),
    Entry("BL", "slots of a pulse train", "1", "`pulses=...`"),
    Entry("H", "energy of SHD", "loss", "`SHD.energy`"),
)
CYCLE_NOISE = Entry(
    r"\sigma_\mathrm{c}",
    "noise of one step, relative to the step",
    "1",
    "`Device(cycle_noise=...)`",
)


def entries() -> tuple[Entry, ...]:
    r"""Return the whole glossary.

    Examples
    --------
    >>> [entry.code for entry in entries() if entry.latex == r"\rho"]
    ['`imbalance=...`']
    """
    symbols = tuple(
        Entry(line.latex, line.meaning, line.unit, *CODE_AND_PAPERS[line.symbol])
        for line in GLOSSARY
    )
    return (*symbols, *FUNCTIONS, CYCLE_NOISE)


def table() -> str:
    """Return the glossary as a Markdown table, with its sources below."""
    lines = [
        "| symbol | meaning | unit | in the code | in the literature |",
        "| --- | --- | --- | --- | --- |",
    ]
    for entry in entries():
        # A bar would end the cell of the table.
        tex = entry.latex.replace("|", r"\vert ")
        lines.append(
            f"| ${tex}$ | {entry.meaning} | {entry.unit} | {entry.code} | {entry.papers} |"
        )
    sources = "; ".join(f"{short}: {full}" for short, full in SOURCES.items())
    return "\n".join([*lines, "", f"Literature: {sources}."])
