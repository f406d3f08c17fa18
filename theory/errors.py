"""Errors of the theory package. Each message names the argument, its value and the remedy."""

from __future__ import annotations


class TheoryError(ValueError):
    """Base of every error this package raises on purpose."""


class LawError(TheoryError):
    """A device law that is not well formed: unknown symbols, complex values, poles, ..."""


class BoundsError(LawError):
    """Bounds that are reversed, or that do not hold 0 strictly inside."""


class ParameterError(LawError):
    """A parameter that is unknown, or whose value lies outside its domain."""


class NotPositiveError(LawError):
    """``q_up`` or ``q_down`` is not positive everywhere inside the bounds."""


class PoleError(LawError):
    """``q_up`` or ``q_down`` is not finite (or not defined) somewhere inside the bounds."""


class SymmetryError(TheoryError):
    """Base of the answers that are not a single symmetry point."""


class NoSymmetryPoint(SymmetryError):
    """Up and down steps never cancel inside the bounds."""


class SeveralSymmetryPoints(SymmetryError):
    """More than one weight (possibly a whole interval) is a symmetry point."""


class UndecidedSymmetryPoint(SymmetryError):
    """Interval arithmetic could not decide whether G has a root in some interval."""


class DerivationError(TheoryError):
    """A step of a derivation does not hold; the message shows the difference."""


class ConditionError(TheoryError):
    """A result was asked for outside the conditions it holds under."""
