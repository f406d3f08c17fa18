"""theory must work where numpy, simpy, scipy, matplotlib and phys cannot be imported."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"numpy", "simpy", "scipy", "matplotlib", "phys", "numba"}:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
import theory
from theory import SHD, alternating_cycle, derive, laws, sgd_equilibrium
law = laws.soft_bounds(0.6, -0.6, 0.3)
assert str(law.symmetry_point().expression) == "9/50"
for entry in laws.CATALOGUE.values():
    entry.law().symmetry_points()
alternating_cycle(law).orbits(0.001)
sgd_equilibrium(laws.linear_asymmetry()).solution
derive.shd_energy(law).verify()
loaded = {n.split(".")[0] for n in sys.modules} & {"numpy", "simpy", "scipy", "matplotlib", "phys"}
assert not loaded, loaded
try:
    import numpy
except ImportError:
    print("blocked and fine")
"""


def test_theory_works_without_numbers(repository):
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=repository, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "blocked and fine"


def test_theory_names_no_numeric_package(repository):
    for file in (repository / "theory").rglob("*.py"):
        for line in file.read_text().splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]):
                root = words[1].split(".")[0]
                assert root not in {"numpy", "simpy", "scipy", "matplotlib", "phys"}, (file, line)
