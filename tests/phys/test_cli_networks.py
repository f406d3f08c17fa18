"""Options of `crosspoint train` about the network: they reach the training, or are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from phys.cli import main

SHORT = ["train", "--dataset", "digits", "--samples", "30", "--epochs", "1", "--quiet"]


def run(*words: str) -> Any:
    return CliRunner().invoke(main, [*SHORT, *words])


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (["--layers", "conv3x3,pool2,10", "--algorithm", "float"], {}),
        (["--layers", "64,10", "--update", "expected"], {"update": "expected"}),
        (["--layers", "64,10", "--mapping", "one-sided"], {"mapping": "one-sided"}),
        (
            [
                "--layers",
                "64,10",
                "--output-scale",
                "learned",
                "--bias",
                "digital",
                "--lr-digital",
                "0.02",
                "--initial-weights",
                "fan-in",
            ],
            {
                "output_scale": "learned",
                "bias": "digital",
                "lr_digital": 0.02,
                "initial_weights": "fan-in",
            },
        ),
    ],
)
def test_options_reach_the_training(words: list[str], settings: dict[str, Any]) -> None:
    result = run("--json", *words)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)["settings"]
    assert settings.items() <= told.items()
    assert len(told["layers"]) == 2


def test_read_model_is_part_of_the_settings() -> None:
    ideal, real = (
        json.loads(run("--json", "--layers", "64,10", "--read-model", name).stdout)
        for name in ("ideal", "aihwkit")
    )
    assert "output_noise=0.06" in real["settings"]["read_model"]
    assert "read_model" not in ideal["settings"]
    assert ideal["loss"] != real["loss"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--layers", "64,ten"], "'ten' is no layer"),
        (["--layers", "lenet5"], "a patch of 5 x 5 does not fit its input of 2 x 2"),
        (["--layers", "conv3x3,pool4,10"], "squares of 4 x 4 do not tile"),
        (["--mapping", "opposite", "--zero-shift-arrays", "a"], "in place of a reference"),
        (["--algorithm", "float", "--read-model", "aihwkit"], "no devices"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(words: list[str], message: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.output
    assert result.output.count("\n") == 1
