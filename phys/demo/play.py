"""The demonstration: six trainings that tell what an asymmetric device does, and what mends it.

Two stories, on soft-bound devices whose up steps are stronger than their down steps: zero-shifting
mends pulsed SGD where the devices have many states, and SHD, zero-shifted, trains even where they
have few.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from phys import checked
from phys.data import Dataset
from phys.demo.shift import ShiftTest, shift_test
from phys.device import Device
from phys.history import History, Progress
from phys.spread import Spread
from phys.training import train
from theory import Derivation, DeviceLaw, derive, laws

IMBALANCE = 0.3
DW_MIN = 0.001
MANY_STATES, FEW_STATES = 2.0, 0.6
EPOCHS = {"mnist": 4, "digits": 40}
ENERGY_POINTS = {"mnist": 24, "digits": 8}
MOST_JOBS = 64
SPREAD = Spread(step=0.3, bounds=0.3, imbalance=0.01)


@dataclass(frozen=True)
class Arm:
    """One of the trainings.

    Attributes
    ----------
    key : str
        Its letter.
    title : str
    algorithm : str
    bound : float or None
        Soft bounds at plus and minus this; None for floating-point weights.
    zero_shift : bool
    energy : bool
        Whether to record the energy.
    """

    key: str
    title: str
    algorithm: str
    bound: float | None
    zero_shift: bool
    energy: bool = False

    @property
    def name(self) -> str:
        """Title and device in one line."""
        return self.title if self.bound is None else f"{self.title}, bounds ±{self.bound:g}"

    def device(self) -> Device | None:
        """Return its device, None for floating-point weights."""
        return None if self.bound is None else Device(law_of(self.bound), dw_min=DW_MIN)


ARMS = (
    Arm("a", "Floating-point SGD", "float", None, False),
    Arm("b", "Pulsed SGD, not zero-shifted", "sgd", MANY_STATES, False),
    Arm("c", "Pulsed SGD, zero-shifted", "sgd", MANY_STATES, True),
    Arm("d", "Pulsed SGD, zero-shifted", "sgd", FEW_STATES, True),
    Arm("e", "SHD, not zero-shifted", "shd", FEW_STATES, False),
    Arm("f", "SHD, zero-shifted", "shd", FEW_STATES, True, energy=True),
)

RATES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "mnist": {
        "a": {"lr": 0.05},
        "b": {"lr": 0.1, "pulses": 10},
        "c": {"lr": 0.1, "pulses": 10},
        "d": {"lr": 0.1, "pulses": 10},
        "e": {"lr_a": 0.05, "lr_c": 0.2, "transfer_every": 1, "pulses": 10},
        "f": {"lr_a": 0.05, "lr_c": 0.2, "transfer_every": 1, "pulses": 10},
    },
    "digits": {
        "a": {"lr": 0.05},
        "b": {"lr": 0.1, "pulses": 31},
        "c": {"lr": 0.03, "pulses": 31},
        "d": {"lr": 0.3, "pulses": 31},
        "e": {"lr_a": 0.02, "lr_c": 0.2, "transfer_every": 2, "pulses": 10},
        "f": {"lr_a": 0.02, "lr_c": 0.2, "transfer_every": 2, "pulses": 10},
    },
}
"""Settings of each arm, chosen by the coarse sweep in ``benchmarks/choose_rates.py``.

No setting takes (e) away from chance for long; it has those of (f), so that zero-shifting is all
that they differ in.
"""


@dataclass
class DemoResult:
    """Everything that the report shows.

    Attributes
    ----------
    dataset : Dataset
    epochs, seed, samples, jobs : int
    law : DeviceLaw
        The soft-bound law with every parameter symbolic.
    derivation : Derivation
        Of its symmetry point, each step checked.
    shift : ShiftTest
    histories : dict of arm key to History
    seconds : float
        Wall-clock time of everything but the report.
    memory : float or None
        Peak memory of the process so far, MiB, where the system tells.
    command : str
        What made it.
    """

    dataset: Dataset
    epochs: int
    seed: int
    samples: int
    jobs: int
    law: DeviceLaw
    derivation: Derivation
    shift: ShiftTest
    histories: dict[str, History] = field(default_factory=dict)
    seconds: float = 0.0
    memory: float | None = None
    command: str = ""


def law_of(bound: float) -> DeviceLaw:
    """Return the imbalanced soft-bound law with bounds at plus and minus `bound`."""
    return laws.soft_bounds(w_max=bound, w_min=-bound, imbalance=IMBALANCE)


def derived() -> tuple[DeviceLaw, Derivation]:
    """Return the symbolic soft-bound law and the checked derivation of its symmetry point."""
    law = laws.soft_bounds()
    return law, derive.symmetry_point(law).verify()


def measured(seed: int) -> ShiftTest:
    """Zero-shift the arrays that are compared with theory."""
    return shift_test(law_of(FEW_STATES), DW_MIN, seed, SPREAD)


def run_arm(
    arm: Arm,
    dataset: Dataset,
    epochs: int,
    seed: int,
    samples: int | None = None,
    progress: Callable[[Progress], Any] | None = None,
    **rates: Any,
) -> History:
    """Train one arm, with its settings from `RATES` or with those given instead."""
    return train(
        dataset,
        arm.algorithm,
        arm.device(),
        epochs,
        seed,
        arm.zero_shift,
        samples,
        record_energy=ENERGY_POINTS[dataset.name] if arm.energy else 0,
        progress=progress,
        **(rates or RATES[dataset.name][arm.key]),
    )


def run_arms(
    dataset: Dataset,
    epochs: int,
    seed: int,
    samples: int | None = None,
    jobs: int = 2,
    follow: Callable[[str], Callable[[Progress], Any]] | None = None,
    arms: tuple[Arm, ...] = ARMS,
) -> dict[str, History]:
    """Train several arms, `jobs` at a time; the compiled loops run in parallel threads.

    Parameters
    ----------
    dataset : Dataset
    epochs, seed, samples, jobs
    follow : callable, optional
        Given an arm's key, returns what is called with its progress.
    arms : tuple of Arm

    Returns
    -------
    dict of arm key to History, in the order of `arms`

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C; every arm has then stopped.
    """
    checked.whole("jobs", jobs, 1, MOST_JOBS)
    stop = threading.Event()

    def watched(key: str) -> Callable[[Progress], None]:
        show = follow(key) if follow else None

        def report(now: Progress) -> None:
            # A signal reaches only the main thread; this is how it stops the others.
            if stop.is_set():
                raise KeyboardInterrupt
            if show is not None:
                show(now)

        return report

    # The last in the table take longest: started first, they leave no core idle at the end.
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        waiting: dict[str, Future[History]] = {
            arm.key: pool.submit(run_arm, arm, dataset, epochs, seed, samples, watched(arm.key))
            for arm in reversed(arms)
        }
        try:
            done, _ = wait(waiting.values(), return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return {arm.key: waiting[arm.key].result() for arm in arms}


def begin(
    dataset: Dataset,
    epochs: int | None = None,
    seed: int = 0,
    samples: int | None = None,
    jobs: int = 2,
    command: str = "",
) -> DemoResult:
    """Check the settings, derive the symmetry point and zero-shift the test arrays.

    Parameters
    ----------
    dataset : Dataset
    epochs : int, optional
        Default: 4 for MNIST, 40 over the much smaller digits.
    seed, samples, jobs
        See `run_arms`.
    command : str
        What the report says about how it was made.
    """
    began = time.perf_counter()
    count = EPOCHS[dataset.name] if epochs is None else checked.whole("epochs", epochs, 1)
    checked.whole("seed", seed, 0, 2**63 - 1)
    checked.whole("jobs", jobs, 1, MOST_JOBS)
    total = len(dataset.train_labels)
    used = total if samples is None else checked.whole("samples", samples, 1, total)
    law, derivation = derived()
    result = DemoResult(
        dataset, count, seed, used, jobs, law, derivation, measured(seed), command=command
    )
    result.seconds = time.perf_counter() - began
    return result


def finish(
    result: DemoResult, follow: Callable[[str], Callable[[Progress], Any]] | None = None
) -> DemoResult:
    """Train the arms, and return the result with their histories."""
    began = time.perf_counter()
    result.histories = run_arms(
        result.dataset, result.epochs, result.seed, result.samples, result.jobs, follow
    )
    result.seconds += time.perf_counter() - began
    result.memory = peak_memory()
    return result


def peak_memory() -> float | None:
    """Return the largest memory of this process so far, in MiB, or None where it is not told."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak) / (2**20 if sys.platform == "darwin" else 2**10)
