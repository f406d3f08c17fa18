"""Sweeps: many trainings over devices, algorithms and seeds, kept one by one as they end.

`plan` writes out the runs, `store` keeps their results, `local` and `cluster` work through those
that are not kept yet, and `maps` draws what was found. `crosspoint sweep` is the same from the
command line.
"""

from phys.sweep.plan import Choices, grid, random_runs
from phys.sweep.run import SweepReport, sweep
from phys.sweep.settings import Run, perform
from phys.sweep.store import Store, StoreError

__all__ = [
    "Choices",
    "Run",
    "Store",
    "StoreError",
    "SweepReport",
    "grid",
    "perform",
    "random_runs",
    "sweep",
]
