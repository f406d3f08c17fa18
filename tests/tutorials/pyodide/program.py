"""What runs in Pyodide without its compiled packages: the theory, and events on a clock."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from importlib.metadata import requires
from typing import Any

COMPILED = {"PIL", "llvmlite", "matplotlib", "numba", "numpy", "scipy", "sklearn"}


def import_all(package: Any) -> dict[str, str]:
    """Import every module of a package, and return which of them need what."""
    lacking = {}
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if found.name.endswith("__main__"):
            continue
        try:
            importlib.import_module(found.name)
        except ModuleNotFoundError as problem:
            lacking[found.name] = str(problem.name).partition(".")[0]
    return lacking


def alternating_pulses() -> list[float]:
    """Send pulses to one device on SimPy's clock, by the law's own steps, and return its weight."""
    import simpy

    from theory import laws, w

    law = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)
    weights = [0.0]

    def controller(clock: simpy.Environment) -> Any:
        for pulse in range(200):
            step = law.up if pulse % 2 == 0 else -law.down
            yield clock.timeout(1)
            weights.append(weights[-1] + 0.02 * float(step.subs(w, weights[-1])))

    clock = simpy.Environment()
    clock.process(controller(clock))
    clock.run()
    return [clock.now, weights[-1], float(law.symmetry_point())]


import phys  # noqa: E402
import theory  # noqa: E402
from theory import derive  # noqa: E402

proofs = {
    name: bool(getattr(derive, name)(theory.laws.soft_bounds()).verify().is_proof)
    for name in derive.NAMES
}
print(
    json.dumps(
        {
            "platform": sys.platform,
            "theory": import_all(theory),
            "phys": import_all(phys),
            "compiled": sorted(COMPILED),
            "proofs": proofs,
            "pulses": alternating_pulses(),
            "requires": requires("crosspoint"),
        }
    )
)
