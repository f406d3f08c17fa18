"""The command ``crosspoint simulate``: training steps pulse by pulse, with time and energy."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from phys.event_controller import StepResult
    from phys.timing import Timing
    from phys.update_times import ModeTime, UpdateTime

NAMED = ("ideal", "rasch-2024", "slow-settling")
MOST_SAMPLES = 2000
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--algorithm", type=click.Choice(["sgd", "shd", "tiki-taka"]), default="shd", show_default=True
)
@click.option("--samples", type=int, default=4, show_default=True, help="Samples to learn from.")
@click.option("--hidden", default="32", show_default=True, help="Units between, such as 64,32.")
@click.option("--timing", "named", type=click.Choice(NAMED), default="ideal", show_default=True)
@click.option("--pulse-ns", type=float, help="Pulse width.")
@click.option("--slot-ns", type=float, help="From one pulse of a train to the next.")
@click.option("--line-delay-ps", type=float, help="Delay from one crosspoint to the next.")
@click.option("--jitter-ps", type=float, help="Standard deviation of a pulse's start.")
@click.option("--settling-ns", type=float, help="Time constant of a weight after a pulse.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--time-line", type=FILE, help="Draw the last step's operations over time.")
@click.option("--diagram", type=FILE, help="Draw one update of a 4 x 5 array, pulse by pulse.")
@click.option("--vcd", type=FILE, help="Write that update as a waveform for GTKWave.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def simulate(
    algorithm: str,
    samples: int,
    hidden: str,
    named: str,
    seed: int,
    time_line: Path | None,
    diagram: Path | None,
    vcd: Path | None,
    as_json: bool,
    **times: float | None,
) -> None:
    """Learn from a few handwritten digits, every pulse and every switching device on a clock.

    Prints the last step's operations with their time and energy, what update times per sample the
    published assumptions give for an array of 512 x 512, and how the time of an update grows with
    the array in three modes of programming. The digits are scikit-learn's 8 x 8.
    """
    from phys import checked
    from phys.cli.common import check_writable, save_figure, to_json
    from phys.update_times import compare, compare_modes

    checked.whole("samples", samples, 1, MOST_SAMPLES)
    timing = _timing(named, times)
    for option, path in (("time-line", time_line), ("diagram", diagram), ("vcd", vcd)):
        if path is not None:
            check_writable(path.parent, f"--{option}", make=False)
    steps = _run(algorithm, samples, _units(hidden), timing, seed, as_json)
    published, modes = compare(), compare_modes()
    if as_json:
        click.echo(to_json(_as_dict(steps, published, modes)))
    else:
        click.echo(_text(steps, published, modes))
    if time_line is not None:
        from phys.trace_plots import time_line as drawn

        save_figure(drawn(steps[-1]), time_line)
    if diagram is not None or vcd is not None:
        _draw_update(timing, seed, diagram, vcd)


def _timing(named: str, times: dict[str, float | None]) -> Timing:
    from phys.timing import Timing

    timing: Timing = getattr(Timing, named.replace("-", "_"))()
    given = {name: value for name, value in times.items() if value is not None}
    return timing.with_values(**given)


def _units(text: str) -> tuple[int, ...]:
    from phys import checked
    from phys.checked import InputError

    try:
        units = [int(word) for word in text.split(",")]
    except ValueError:
        raise InputError(
            f"--hidden = {text!r} is no list of whole numbers; give one such as 64,32"
        ) from None
    return tuple(checked.whole("--hidden", n, 1, 4096) for n in units)


def _run(
    algorithm: str, samples: int, hidden: tuple[int, ...], timing: Timing, seed: int, quiet: bool
) -> list[StepResult]:
    from rich.progress import track

    from phys.algorithms import named_algorithm
    from phys.data import load
    from phys.device import Device
    from phys.event_controller import Controller
    from phys.network import Network
    from theory import laws

    device = Device(laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0), dw_min=0.001)
    chosen = named_algorithm(algorithm)
    data = load("digits")
    sizes = (data.train_images.shape[1], *hidden, 10)
    devices = dict.fromkeys(chosen.arrays, device)
    network = Network(sizes, chosen.arrays, devices, seed, terms=chosen.terms)
    network.programme_initial_weights()
    controller = Controller(network, chosen, timing)
    steps: list[StepResult] = []
    numbers = [n % len(data.train_images) for n in range(samples)]
    for n in track(numbers, "simulating", disable=quiet, transient=True, console=_console()):
        steps += controller.run(data.train_images[n : n + 1], data.train_labels[n : n + 1])
    return steps


def _console() -> Any:
    from rich.console import Console

    return Console(stderr=True)


def _text(steps: list[StepResult], published: list[UpdateTime], modes: list[ModeTime]) -> str:
    last = steps[-1]
    mean_ns = sum(step.time_ns for step in steps) / len(steps)
    in_turn = last.one_after_the_other_ns
    mean_pj = sum(step.energy_fj for step in steps) / len(steps) / 1e3
    lines = [
        f"step {len(steps)} of {len(steps)}:",
        last.table(),
        f"this step: {last.time_ns:.2f} ns; its operations one after the other: {in_turn:.2f} ns",
        f"mean of {len(steps)}: {mean_ns:.2f} ns and {mean_pj:.2f} pJ per sample",
        "",
        "update time per sample, ns, N = 512 (Rasch et al. 2024); see phys.update_times",
        f"{'algorithm':<14}{'published':>10}{'one phase':>11}{'two phases':>12}{'simulated':>11}",
    ]
    lines += [
        f"{t.algorithm:<14}{t.published:>10.1f}{t.formula:>11.1f}{t.two_phases:>12.1f}"
        f"{t.simulated:>11.1f}"
        for t in published
    ]
    lines += [
        "",
        "time of an update of N x N devices, ns, by mode of programming; see phys.programming",
        f"{'mode':<14}{'N':>10}{'theory':>11}{'simulated':>12}",
    ]
    lines += [f"{m.mode:<14}{m.size:>10}{m.theory:>11.0f}{m.simulated:>12.0f}" for m in modes]
    return "\n".join(lines)


def _as_dict(
    steps: list[StepResult], published: list[UpdateTime], modes: list[ModeTime]
) -> dict[str, Any]:
    return {
        "steps": [
            {
                "loss": step.loss,
                "time_ns": step.time_ns,
                "energy_fj": step.energy_fj,
                "pulses": step.pulses,
                "activities": [vars(activity) for activity in step.activities],
            }
            for step in steps
        ],
        "update_times_ns": [vars(time) for time in published],
        "programming_ns": [vars(mode) for mode in modes],
    }


def _draw_update(timing: Timing, seed: int, diagram: Path | None, vcd: Path | None) -> None:
    """Run one small update and draw it."""
    from phys.cli.common import save_figure, write_whole
    from phys.crossbar import Crossbar
    from phys.device import Device
    from phys.trace import Trace
    from phys.trace_plots import timing_diagram
    from phys.waveform import write_vcd
    from theory import laws

    device = Device(laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0), dw_min=0.001)
    trace = Trace()
    Crossbar(4, 5, device, seed=seed).update(
        [1, 0.6, 0.4, 0.8, 0.2], [0.8, -0.6, 0.4, -0.2], 0.005, engine="event", timing=timing,
        trace=trace,
    )  # fmt: skip
    if diagram is not None:
        save_figure(timing_diagram(trace, timing), diagram)
    if vcd is not None:
        wave = io.StringIO()
        write_vcd(trace, wave)
        write_whole(vcd, wave.getvalue())
