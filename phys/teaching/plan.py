"""The course: its notebooks in order, and the time that each takes."""

from __future__ import annotations

from dataclasses import dataclass

from phys.checked import InputError


@dataclass(frozen=True)
class Chapter:
    """One notebook.

    Attributes
    ----------
    name : str
        File name without ``.ipynb``.
    title : str
    minutes : int
        Reading, running and solving the exercises.
    goals : tuple of str
        What a reader can do afterwards, each a phrase that follows "you can".
    """

    name: str
    title: str
    minutes: int
    goals: tuple[str, ...]

    @property
    def module(self) -> str:
        """Name of the module in `phys.teaching.exercises` with this notebook's exercises."""
        return self.name.partition("_")[2]


COURSE = (
    Chapter(
        "00_start_here",
        "Start here",
        20,
        (
            "say which problem this course solves, from one picture",
            "answer exercises, place predictions and move sliders",
            "look up every symbol, in the code and in the papers",
        ),
    ),
    Chapter(
        "01_one_device",
        "One device",
        25,
        (
            "predict what a pulse does to a device, up and down",
            "split any device into a symmetric part F and an antisymmetric part G",
            "explain why a device that nobody teaches anything drifts to its symmetry point",
        ),
    ),
    Chapter(
        "02_symmetry_point",
        "The symmetry point",
        30,
        (
            "derive the symmetry point of a device, with every step checked by machine",
            "find it on a device whose law you do not know, by alternating pulses",
            "predict how many pulses that takes, and how close it comes",
        ),
    ),
    Chapter(
        "03_why_sgd_fails",
        "Why plain SGD fails",
        30,
        (
            "compute where plain SGD comes to rest on an asymmetric device",
            "write down the penalty that the device adds to the loss",
            "recognise a network that its devices pull off its optimum",
        ),
    ),
    Chapter(
        "04_zero_shifting",
        "Zero-shifting",
        25,
        (
            "zero-shift an array with real pulses",
            "repair a training on handwritten digits that imbalance has ruined",
            "say how exact the reference has to be",
        ),
    ),
    Chapter(
        "05_pulses_in_time",
        "Pulses in time",
        26,
        (
            "read a timing diagram of a crossbar",
            "compute how long an update takes, in parallel and one by one",
            "say what skew and slow switching do to an update",
        ),
    ),
    Chapter(
        "06_hamiltonian",
        "The Hamiltonian",
        33,
        (
            "write down the energy that SHD dissipates",
            "tell damped from undamped training by the numbers of the device",
            "say where the theory stops being exact",
        ),
    ),
    Chapter(
        "07_shd_on_mnist",
        "SHD on MNIST",
        25,
        (
            "choose the learning rates of SHD from theory",
            "compare four ways of training on the same devices",
            "test the theory on the weights of a trained network",
        ),
    ),
    Chapter(
        "08_your_own_device",
        "Your own device",
        25,
        (
            "define a device in ten lines, and test it",
            "read a counter-example and repair the law",
            "fit a law to measured pulses",
        ),
    ),
)


def chapter(name: str) -> Chapter:
    """Return the chapter of that name.

    Examples
    --------
    >>> chapter("01_one_device").title
    'One device'
    """
    for one in COURSE:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in COURSE)
    raise InputError(f"name = {name!r} is no notebook of this course; choose one of {names}")


def neighbours(name: str) -> tuple[Chapter | None, Chapter | None]:
    """Return the chapters before and after one."""
    place = COURSE.index(chapter(name))
    before = COURSE[place - 1] if place > 0 else None
    after = COURSE[place + 1] if place + 1 < len(COURSE) else None
    return before, after


def total_minutes() -> int:
    """Return how long the whole course takes."""
    return sum(one.minutes for one in COURSE)
