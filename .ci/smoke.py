"""Try an installed wheel from outside the checkout: theory, one array, a training, the command.

Usage: python -I smoke.py numba|numpy -- the argument says which way the kernels have to run. Both
ways print the same, to the last bit.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import sysconfig
from pathlib import Path


def main(kernels: str) -> None:
    if (importlib.util.find_spec("numba") is not None) != (kernels == "numba"):
        sys.exit(f"this environment is not the one to try {kernels} kernels in")

    import numpy as np

    import phys
    import theory

    checkout = Path(__file__).resolve().parent.parent
    for package in (theory, phys):
        if Path(package.__file__).resolve().is_relative_to(checkout):
            sys.exit(f"{package.__name__} was imported from the checkout, not from the wheel")

    law = theory.laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)
    point = law.symmetry_point()
    assert point.expression * 10 == 3, point
    print(f"symmetry point: {point.expression}")

    xbar = phys.Crossbar(4, 3, phys.Device(law, dw_min=0.01), seed=0)
    phys.zero_shift(xbar)
    distance = np.abs(xbar.reference - 0.3).max()
    # One step F(w*) dw_min for the up-down cycle, which straddles the point, one for what is left.
    assert distance <= 2 * 0.91 * 0.01, distance
    print(f"zero-shifted: the references are within {distance:.4f} of it")

    xbar.update(np.array([1.0, 0.5, -0.25]), np.ones(4), lr=0.5, pulses=31)
    print(f"weights after one pulsed update: {xbar.weights.tobytes().hex()}")

    # A network of one layer learns within the few samples that a smoke test has time for.
    for algorithm, layers, floor in (("sgd", (64, 10), 0.5), ("shd", (64, 16, 10), 0.0)):
        history = phys.train(
            data="digits",
            algorithm=algorithm,
            device=phys.Device(law, dw_min=0.001),
            layers=layers,
            epochs=4,
            seed=0,
            zero_shift=True,
            samples=300,
        )
        assert floor <= history.accuracy[-1] <= 1, history.accuracy
        print(f"{algorithm} on 300 digits: accuracies {history.accuracy}")

    command = Path(sysconfig.get_path("scripts")) / "crosspoint"
    shown = subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout
    assert "demo" in shown, shown
    print("crosspoint --help: ok")


if __name__ == "__main__":
    main(sys.argv[1])
