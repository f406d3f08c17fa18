"""Small settings: asked for by the environment, and taken where nothing compiles the loops."""

from __future__ import annotations

import pytest

from phys import compiler
from phys.teaching import Lesson, images, quick
from phys.teaching.settings import QUICK_VARIABLE, is_quick


@pytest.fixture(params=["compiled", "uncompiled"])
def compiles(request, monkeypatch):
    monkeypatch.delenv(QUICK_VARIABLE, raising=False)
    monkeypatch.setattr(compiler, "available", lambda: request.param == "compiled")
    return request.param == "compiled"


def test_without_a_word_settings_are_full_where_loops_are_compiled_and_small_elsewhere(compiles):
    assert is_quick() is not compiles
    assert quick("full", "small") == ("full" if compiles else "small")
    assert quick("full", "small", uncompiled="least") == ("full" if compiles else "least")


def test_what_the_environment_asks_for_goes_first(compiles, monkeypatch):
    monkeypatch.setenv(QUICK_VARIABLE, "0")
    assert quick("full", "small", uncompiled="least") == "full"
    monkeypatch.setenv(QUICK_VARIABLE, "1")
    assert quick("full", "small") == "small"
    assert quick("full", "small", uncompiled="least") == ("small" if compiles else "least")


def test_no_setting_can_be_a_setting(compiles):
    assert quick(None, 500) == (None if compiles else 500)


def test_a_browser_trains_on_the_embedded_digits(monkeypatch):
    monkeypatch.delenv(QUICK_VARIABLE, raising=False)
    monkeypatch.setattr(compiler, "available", lambda: False)
    assert images().name == "digits"


def test_the_opening_says_why_settings_are_small(compiles, monkeypatch, capsys):
    Lesson("01_one_device").opening()
    assert ("numba" in capsys.readouterr().out) is not compiles
    monkeypatch.setenv(QUICK_VARIABLE, "0")
    Lesson("01_one_device").opening()
    assert "numba" not in capsys.readouterr().out
