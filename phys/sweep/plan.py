"""The runs of a sweep: a grid over some settings, or random samples of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from phys import checked
from phys.algorithms import BUILT_IN
from phys.checked import InputError
from phys.random_bits import stream_key, uniforms
from phys.sweep.settings import Run

MOST_RUNS = 1_000_000
RULES = ("lin", "log")


@dataclass(frozen=True)
class Choices:
    """What one setting may be: a list of values, or a range.

    Parameters
    ----------
    values : tuple
        The values; for a range those of its grid.
    low, high : float, optional
        Ends of a range.
    logarithmic : bool
        Whether the range is even in the logarithm.

    Examples
    --------
    >>> Choices.parse("0,0.1,0.3").values
    (0, 0.1, 0.3)
    >>> [round(value, 6) for value in Choices.parse("log:0.001:0.1:3").values]
    [0.001, 0.01, 0.1]
    >>> Choices.parse("lenet5,[784,10]").values
    ('lenet5', [784, 10])
    """

    values: tuple[Any, ...]
    low: float | None = None
    high: float | None = None
    logarithmic: bool = False

    @classmethod
    def parse(cls, text: str) -> Choices:
        """Read ``a,b,c``, ``lin:low:high:count`` or ``log:low:high:count``.

        Each of a, b and c may be JSON; commas inside its brackets, braces and quotes are its own.

        Raises
        ------
        InputError
            An empty list, or a range that is none.
        """
        rule, *rest = text.split(":")
        if rule in RULES and rest:
            return cls._range(text, rule == "log", rest)
        values = tuple(_values(text))
        if "" in values:
            raise InputError(f"{text!r} holds an empty value; write values between commas: a,b,c")
        return cls(values)

    @classmethod
    def _range(cls, text: str, logarithmic: bool, parts: Sequence[str]) -> Choices:
        try:
            low, high = float(parts[0]), float(parts[1])
            count = int(parts[2]) if len(parts) > 2 else 2
            right = len(parts) in (2, 3) and count >= 2 and math.isfinite(high - low)
        except (ValueError, IndexError):
            right = False
        if not right or not low < high or (logarithmic and low <= 0):
            raise InputError(
                f"{text!r} is no range; write lin:LOW:HIGH:COUNT or log:LOW:HIGH:COUNT with "
                f"LOW < HIGH (above 0 for log) and a COUNT of at least 2"
            )
        made = np.geomspace if logarithmic else np.linspace
        return cls(tuple(float(v) for v in made(low, high, count)), low, high, logarithmic)

    def at(self, share: float) -> Any:
        """Return the value at `share`, uniform in (0, 1): of the range, or one of the list."""
        if self.low is None or self.high is None:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        if self.logarithmic:
            return self.low * (self.high / self.low) ** share
        return self.low + (self.high - self.low) * share


def _values(text: str) -> Iterator[Any]:
    """Read values between commas: JSON where it is, and words otherwise; an empty one is ''."""
    decoder = json.JSONDecoder()
    while True:
        text = text.lstrip()
        try:
            value, end = decoder.raw_decode(text)
        except ValueError:
            value, end = "", 0
        word, comma, rest = text[end:].partition(",")
        if not end or word.strip():
            word, comma, rest = text.partition(",")
            value = word.strip()
        yield value
        if not comma:
            return
        text = rest


def grid(
    varied: Mapping[str, Choices], fixed: Mapping[str, Any], seeds: Sequence[int]
) -> list[Run]:
    """Return every combination of the varied settings, for every seed.

    Parameters
    ----------
    varied : mapping of setting to Choices
    fixed : mapping of setting to value
        Settings of all runs. A name such as ``shd.lr_c`` is the setting ``lr_c`` of the runs with
        algorithm "shd" only; the same holds for the names in `varied`.
    seeds : sequence of int

    Returns
    -------
    list of Run
        Each combination once, seeds varying fastest.

    Raises
    ------
    InputError
        A setting that is named twice, or more than a million runs.

    Examples
    --------
    >>> varied = {"imbalance": Choices((0, 0.3)), "algorithm": Choices(("sgd", "shd"))}
    >>> len(grid(varied, {"epochs": 1, "shd.lr_c": 0.1}, seeds=(0, 1)))
    8
    """
    _refuse_twice(varied, fixed)
    total = math.prod(len(c.values) for c in varied.values()) * len(seeds)
    if total > MOST_RUNS:
        raise InputError(
            f"the grid has {total:,} runs, more than {MOST_RUNS:,}; vary fewer settings, or draw "
            f"random samples of them"
        )
    combinations = (
        dict(zip(varied, values, strict=True))
        for values in product(*(c.values for c in varied.values()))
    )
    return _runs(combinations, fixed, seeds)


def random_runs(
    varied: Mapping[str, Choices],
    fixed: Mapping[str, Any],
    seeds: Sequence[int],
    count: int,
    draw_seed: int = 0,
) -> list[Run]:
    """Return `count` random samples of the varied settings, each for every seed.

    Sample `n` is a pure function of `draw_seed`, the names and `n`: asking for more samples later
    keeps the earlier ones.

    Parameters
    ----------
    varied, fixed, seeds
        See `grid`; a range is sampled as a whole and not at the places of its grid.
    count : int
    draw_seed : int

    Examples
    --------
    >>> varied = {"dw_min": Choices.parse("log:1e-4:1e-2")}
    >>> few = random_runs(varied, {}, seeds=(0,), count=3)
    >>> few == random_runs(varied, {}, seeds=(0,), count=5)[:3]
    True
    """
    _refuse_twice(varied, fixed)
    count = checked.whole("count", count, 1, MOST_RUNS)
    draws = {name: uniforms(stream_key(draw_seed, *name.encode()), count) for name in varied}
    combinations = (
        {name: choices.at(float(draws[name][n])) for name, choices in varied.items()}
        for n in range(count)
    )
    return _runs(combinations, fixed, seeds)


def _refuse_twice(varied: Mapping[str, Any], fixed: Mapping[str, Any]) -> None:
    for name in varied:
        if name in fixed:
            raise InputError(f"{name} is both varied and set to {fixed[name]!r}; drop one of them")
    for name in ("seed",):
        if name in varied or name in fixed:
            raise InputError("seed: a sweep has seeds of its own; give them as seeds")


def _runs(
    combinations: Iterator[dict[str, Any]], fixed: Mapping[str, Any], seeds: Sequence[int]
) -> list[Run]:
    runs: dict[str, Run] = {}
    for combination in combinations:
        settings = _of_algorithm({**fixed, **combination})
        for seed in seeds:
            run = Run({**settings, "seed": seed})
            runs.setdefault(run.key, run)
    return list(runs.values())


def _of_algorithm(settings: dict[str, Any]) -> dict[str, Any]:
    """Resolve names such as ``shd.lr_c`` for the algorithm of these settings."""
    algorithm = Run(settings).algorithm
    plain = {n: v for n, v in settings.items() if "." not in n}
    for name, value in settings.items():
        if "." not in name:
            continue
        owner, setting = name.split(".", 1)
        if owner not in BUILT_IN:
            raise InputError(
                f"{name} = {value!r}: {owner!r} is no algorithm; choose from {', '.join(BUILT_IN)}"
            )
        if owner == algorithm:
            plain[setting] = value
    return plain
