"""SHD of one weight in numbers: the mean-field flow of theory, and many noisy copies beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from phys import checked
from phys.random_bits import MEASUREMENT, normals, stream_key
from theory import SHD
from theory.symbols import A, C, eta_A

Path = tuple[np.ndarray, np.ndarray]
"""A and C over the samples, the start included."""


@dataclass(frozen=True)
class OneWeight:
    """The motion of A and C for one weight, from the equations of :class:`theory.SHD`.

    Parameters
    ----------
    shd : SHD
    values : mapping of symbol to number
        A number for each symbol that the equations contain besides A and C.

    Examples
    --------
    >>> from theory import laws, quadratic
    >>> from theory.symbols import eta_A, kappa, noise
    >>> shd = SHD(laws.linear_asymmetry(tau=1, w_star=0), loss=quadratic(1, 0))
    >>> motion = OneWeight(shd, {eta_A: 0.1, kappa: 0.1, noise: 1})
    >>> a, c = motion.flow(0, 0.5, 400)
    >>> bool(abs(c[-1]) < 1e-6), bool(motion.energy(a, c)[1] < motion.energy(a, c)[0])
    (True, True)
    """

    shd: SHD
    values: Mapping[sp.Symbol, Any]

    def function(self, expression: sp.Expr) -> Callable[[Any, Any], np.ndarray]:
        """Return an expression in A and C as a NumPy function of both."""
        known = sp.sympify(expression).subs(dict(self.values))
        left = sorted(s.name for s in known.free_symbols - {A, C})
        if left:
            raise checked.InputError(f"values: {', '.join(left)} have no number; add them")
        raw = sp.lambdify((A, C), known, "numpy")

        def evaluate(a: Any, c: Any) -> np.ndarray:
            shape = np.broadcast(a, c).shape
            return np.broadcast_to(np.asarray(raw(a, c), dtype=float), shape)

        return evaluate

    @cached_property
    def energy(self) -> Callable[[Any, Any], np.ndarray]:
        """H(A, C)."""
        return self.function(self.shd.energy)

    @cached_property
    def _rates(self) -> tuple[Callable[[Any, Any], np.ndarray], ...]:
        return tuple(self.function(self.shd.equations[s]) for s in (A, C))

    def rates(self, a: Any, c: Any) -> Path:
        """Return dA/dt and dC/dt, per sample."""
        return self._rates[0](a, c), self._rates[1](a, c)

    def flow(self, a: float, c: float, samples: int, parts: int = 1) -> Path:
        """Follow the mean-field equations by the classical Runge-Kutta method.

        Parameters
        ----------
        a, c : float
            Start.
        samples : int
        parts : int
            Runge-Kutta steps per sample.

        Returns
        -------
        tuple of (samples + 1,)
            A and C.
        """
        samples = checked.whole("samples", samples, 1)
        parts = checked.whole("parts", parts, 1)
        step = 1 / parts
        state = np.array([a, c], dtype=float)
        seen = [state]

        def slope(z: np.ndarray) -> np.ndarray:
            return np.array([float(rate(*z)) for rate in self._rates])

        for _ in range(samples):
            for _ in range(parts):
                first = slope(state)
                second = slope(state + step * first / 2)
                third = slope(state + step * second / 2)
                fourth = slope(state + step * third)
                state = state + step * (first + 2 * (second + third) + fourth) / 6
            seen.append(state)
        path = np.array(seen)
        return path[:, 0], path[:, 1]

    def descend(
        self,
        a: float,
        c: float,
        samples: int,
        sigma: float,
        copies: int,
        seed: int = 0,
        simultaneous: bool = False,
    ) -> Path:
        r"""Follow copies that get noisy gradients, sample by sample, as a training does.

        .. math:: g = f'(C) + \sigma\xi, \quad A \leftarrow A - \eta_A(g F_A + |g| G_A), \quad
                  C \leftarrow C + \kappa(A - r)

        Parameters
        ----------
        a, c : float
            Start of all copies.
        samples : int
        sigma : float
            Standard deviation of the gradient noise, normally distributed.
        copies : int
        seed : int
        simultaneous : bool
            Move C with the A from before its update.

        Returns
        -------
        tuple of (samples + 1, copies)
            A and C.
        """
        samples = checked.whole("samples", samples, 1)
        copies = checked.whole("copies", copies, 1)
        checked.real("sigma", sigma, 0.0)
        slope = self.function(sp.diff(self.shd.loss, C))
        up, down = (self.function(sign * self.shd.G + self.shd.F) for sign in (-1, 1))
        rate = float(self.function(eta_A)(0, 0))
        move = self._rates[1]
        at_a, at_c = np.full(copies, float(a)), np.full(copies, float(c))
        path_a, path_c = [at_a], [at_c]
        for sample in range(samples):
            xi = normals(stream_key(seed, int(MEASUREMENT), sample), copies) if sigma else 0.0
            g = slope(at_a, at_c) + sigma * xi
            # g F + |g| G is g times the up step where g < 0, and times the down step where g > 0.
            moved = at_a - rate * g * np.where(g < 0, up(at_a, at_c), down(at_a, at_c))
            at_c = at_c + move(at_a if simultaneous else moved, at_c)
            at_a = moved
            path_a.append(at_a)
            path_c.append(at_c)
        return np.array(path_a), np.array(path_c)
