"""The fast engine's update with deterministic timing faults: a fraction of a step per device."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from phys import arrays, compiler, fast
from phys.loops import arrays as array_loops
from phys.loops import timed as timed_loops
from phys.pulses import plan_update, update_key

if TYPE_CHECKING:
    from phys.crossbar import Crossbar


@cache
def _module(source: str) -> Any:
    law = compiler.law_module(source)
    text = "\n".join(
        (
            f"import numpy as np\nfrom numba import njit\nfrom {law.__name__} import *",
            compiler.kernel_source(timed_loops),
            "",
        )
    )
    return compiler.load("timed", text)


def update(
    crossbar: Crossbar,
    x: np.ndarray,
    d: np.ndarray,
    gain: np.float32,
    pulses: int,
    fractions: np.ndarray,
) -> None:
    """Apply one parallel stochastic update; same bits as `phys.arrays.update`.

    Parameters
    ----------
    fractions : float32 (columns, rows)
        From `phys.timing.Timing.device_fractions`.
    """
    kernel: Any = crossbar.kernel
    if fast.engine_name(kernel) == "numpy":
        arrays.update(crossbar, x, d, gain, pulses, fractions)
        return
    crossbar.statistics[array_loops.UPDATES] += 1
    plan = plan_update(x, d, gain, pulses, crossbar.streams, crossbar.updates)
    if plan is None:
        return
    given = _module(kernel.source).give_timed_pulses(
        crossbar.columns,
        crossbar.coefficients.reshape(-1),
        crossbar.stride,
        crossbar.noise,
        fractions,
        x,
        d,
        plan.columns.bits,
        plan.rows.bits,
        pulses,
        update_key(crossbar.streams[2], crossbar.updates),
    )
    arrays.count_update(crossbar, plan, given)
