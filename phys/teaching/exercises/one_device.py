"""Exercises of 01_one_device."""

from __future__ import annotations

from phys.teaching.numbers import Choice
from phys.teaching.predictions import Prediction
from phys.teaching.verdict import Exercise

EXERCISES = {
    "ex1": Exercise(Choice("b", "right.", {"a": "wrong."}), ("Think.",)),
}
PREDICTIONS: dict[str, Prediction] = {}
