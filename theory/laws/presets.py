"""Fitted devices, as published in the presets of aihwkit, in the convention of this toolkit.

Each function returns a :class:`Preset`: the law together with the numbers of the device.
The constants are those of IBM's aihwkit (source and documentation read, 2026-06); the
original measurements are named as aihwkit names them and were not read for this toolkit.

aihwkit's ``up_down`` u is one-sided: for u > 0, up : down = 1 : 1 - u. Hence
``imbalance = u/(2 - |u|)`` and ``dw_min = dw_aihwkit*(1 - |u|/2)`` here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr, Rational

from theory.law import DeviceLaw
from theory.laws.constant import constant_step
from theory.laws.curved import exp_step
from theory.laws.linear import linear_step
from theory.laws.soft import soft_bounds

AIHWKIT = "aihwkit presets (source read, 2026-06)"


@dataclass(frozen=True)
class Preset:
    """A fitted device.

    Attributes
    ----------
    law : DeviceLaw
    dw_min : Expr
        Nominal step at q = 1, in units of the weight.
    cycle_noise : Expr
        Standard deviation of one step relative to ``dw_min``.
    source : str
    spread : tuple of (str, Expr)
        Device-to-device standard deviations that were published, by name.
    """

    law: DeviceLaw
    dw_min: Expr
    cycle_noise: Expr
    source: str
    spread: tuple[tuple[str, Expr], ...] = ()

    @property
    def states(self) -> Expr:
        """Number of states, range over step."""
        lower, upper = self.law.bounds
        return (upper - lower) / self.dw_min


def _exact(numbers: str) -> tuple[Expr, ...]:
    """Return the decimal numbers of a line as exact rationals."""
    return tuple(Rational(number) for number in numbers.split())


def _preset(law: DeviceLaw, dw_min: str, noise: str, data: str, **spread: str) -> Preset:
    return Preset(
        law,
        Rational(dw_min),
        Rational(noise),
        f"{AIHWKIT}; fitted to {data}",
        tuple((name, Rational(value)) for name, value in spread.items()),
    )


def gokmen_vlasov() -> Preset:
    """Gokmen & Vlasov's specification (2016): constant steps, wide spread.

    >>> gokmen_vlasov().states
    1200
    """
    law = constant_step(*_exact("0.6 -0.6 0"))
    return Preset(
        law,
        Rational("0.001"),
        Rational("0.3"),
        f"{AIHWKIT}; Gokmen & Vlasov, Front. Neurosci. 10:333 (2016)",
        (("step", Rational("0.3")), ("bounds", Rational("0.3")), ("imbalance", Rational("0.01"))),
    )


def ecram() -> Preset:
    """Lithium ECRAM (``EcRam``; Tang et al., IEDM 2018), linear step.

    The range is shifted so that the symmetry point is at zero.

    >>> ecram().law.symmetry_point().expression
    0
    """
    law = linear_step(*_exact("1.1724  -0.8276 0  0.1153  0.5085"))
    return _preset(
        law,
        "0.002",
        "0.3",
        "Tang et al., IEDM 2018",
        step="0.1",
        bounds="0.05",
    )


def ecram_mo() -> Preset:
    """Metal-oxide ECRAM (``EcRamMO``; Kim et al., IEDM 2019), linear step.

    >>> ecram_mo().law.symmetry_point().expression
    0
    """
    law = linear_step(*_exact("1.1714  -0.8286 0  0.4152  0.7342"))
    return _preset(
        law,
        "2.8214e-4",
        "2.0",
        "Kim et al., IEDM 2019",
        step="0.1",
        bounds="0.05",
    )


def reram_sb() -> Preset:
    """Filamentary ReRAM as soft bounds (``ReRamSB``; Gong et al., Nat. Commun. 2018).

    aihwkit assumes the devices calibrated to their symmetry point.

    >>> reram_sb().law.bounds
    (-3/4, 5/4)
    """
    law = soft_bounds(*_exact("1.25 -0.75 0"))
    return _preset(
        law,
        "0.002",
        "3.75",
        "Gong et al., Nat. Commun. 2018",
        step="0.3",
    )


def reram_es() -> Preset:
    """Filamentary ReRAM as exponential step (``ReRamES``; Gong et al., Nat. Commun. 2018).

    >>> round(float(reram_es().law.symmetry_point()), 4)
    -0.2172
    """
    skew = Rational("0.259359")
    law = exp_step(1, -1, skew / (2 - skew), *_exact("-1.18445 -0.081404 5 5 -0.5 -0.5"))
    step = Rational("0.00135") * (1 - skew / 2)
    return Preset(law, step, Rational(5), f"{AIHWKIT}; fitted to Gong et al., Nat. Commun. 2018")


def capacitor_li_2018() -> Preset:
    """Capacitor cell as linear step (``Capacitor``; Li et al., VLSI 2018).

    >>> capacitor_li_2018().law.G
    w/20
    """
    law = linear_step(*_exact("1 -1 0 0.05 0.05"))
    return _preset(
        law,
        "0.005",
        "0.3",
        "Li et al., VLSI 2018",
        step="0.1",
        bounds="0.07",
    )


def reram_array_om() -> Preset:
    """Optimised ReRAM array (``ReRamArrayOM``): soft bounds, used with a reference device.

    >>> reram_array_om().dw_min
    949/10000
    """
    return _preset(
        soft_bounds(1, -1, 0),
        "0.0949",
        "0.4158",
        "a ReRAM array",
        reference="0.05",
    )


def reram_array_hfo2() -> Preset:
    """HfO2 ReRAM array (``ReRamArrayHfO2``): soft bounds, used with a reference device.

    >>> reram_array_hfo2().dw_min
    2311/5000
    """
    return _preset(
        soft_bounds(1, -1, 0),
        "0.4622",
        "0.2174",
        "a ReRAM array",
        reference="0.05",
    )


PRESETS: dict[str, Callable[[], Preset]] = {
    f.__name__: f
    for f in (
        gokmen_vlasov,
        ecram,
        ecram_mo,
        reram_sb,
        reram_es,
        capacitor_li_2018,
        reram_array_om,
        reram_array_hfo2,
    )
}
"""All presets by name."""
