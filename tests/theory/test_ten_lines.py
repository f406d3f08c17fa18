"""A custom law, from definition to symmetry point and theory, in ten lines."""

from __future__ import annotations

import inspect


def ten_lines():
    from sympy import Rational

    from theory import SHD, DeviceLaw, alternating_cycle, w

    law = DeviceLaw("mine", up=Rational(13, 10) * (1 - w) ** 2, down=1 + w, bounds=(-1, 1))
    point = law.symmetry_point()
    cycle = alternating_cycle(law).orbits(0.001)[0]
    tilt = SHD(law, reference=0).tilt
    print(law, point.expression, point.stable, cycle.after_down, tilt)
    return law, point, cycle, tilt


def test_ten_lines_are_enough():
    lines = [x for x in inspect.getsource(ten_lines).splitlines()[1:] if x.strip()]
    assert len(lines) <= 10
    law, point, cycle, tilt = ten_lines()
    assert law.G.subs({law.G.free_symbols.pop(): point.expression}).simplify() == 0
    assert point.stable
    assert cycle.after_down < point.value < cycle.after_up
    assert tilt != 0
