"""The cache of compiled kernels: private, checked before it is imported, shared by processes."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from phys import compiler
from tests.phys.helpers import ALL_LAWS

pytestmark = pytest.mark.skipif(
    not compiler.available(), reason="numba is missing or switched off: nothing is compiled"
)

TEXT = "VALUE = {}\n"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache; modules that the test imports from it are forgotten afterwards."""
    monkeypatch.setenv("CROSSPOINT_CACHE", str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("crosspoint_"):
            del sys.modules[name]


def forget(name: str) -> None:
    del sys.modules[name]


def test_the_folder_is_private_and_bears_the_version_of_numba(cache: Path) -> None:
    import numba

    folder = compiler.cache_folder()
    assert folder.parent == cache
    assert numba.__version__ in folder.name
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_module_is_named_by_its_content(cache: Path) -> None:
    one, two = compiler.load("t", TEXT.format(1)), compiler.load("t", TEXT.format(2))
    assert (one.VALUE, two.VALUE) == (1, 2)
    assert one.__name__ != two.__name__
    assert compiler.load("t", TEXT.format(1)) is one
    files = sorted(p.name for p in compiler.cache_folder().glob("*.py"))
    assert files == sorted(f"{m.__name__}.py" for m in (one, two))
    assert Path(one.__file__).read_text() == TEXT.format(1)


@pytest.mark.parametrize("content", ["VALUE = 666\n", "", "syntax error (", "\x00"])
def test_a_tampered_file_is_rewritten_before_it_is_imported(cache: Path, content: str) -> None:
    module = compiler.load("t", TEXT.format(3))
    path = Path(module.__file__)
    forget(module.__name__)
    path.write_text(content)
    assert compiler.load("t", TEXT.format(3)).VALUE == 3
    assert path.read_text() == TEXT.format(3)


def test_a_file_that_is_no_text_is_rewritten_too(cache: Path) -> None:
    module = compiler.load("t", TEXT.format(4))
    path = Path(module.__file__)
    forget(module.__name__)
    path.write_bytes(b"\xff\xfe\x80")
    assert compiler.load("t", TEXT.format(4)).VALUE == 4


def test_no_draft_is_left_behind(cache: Path) -> None:
    compiler.load("t", TEXT.format(5))
    assert [p.suffix for p in compiler.cache_folder().iterdir() if p.is_file()] == [".py"]


def test_a_module_that_fails_to_import_is_not_kept(cache: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        compiler.load("t", "VALUE = 1 / 0\n")
    assert not [name for name in sys.modules if name.startswith("crosspoint_t_")]


@pytest.fixture
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Temporary folders of the compiler lie below this one."""
    import tempfile

    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    compiler._temporary_folder.cache_clear()
    yield place
    compiler._temporary_folder.cache_clear()


def test_a_cache_that_cannot_be_written_falls_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_temporary_folder: Path
) -> None:
    (tmp_path / "file").write_text("no folder can be made below a file")
    monkeypatch.setenv("CROSSPOINT_CACHE", str(tmp_path / "file" / "cache"))
    folder = compiler.cache_folder()
    assert folder.parent == own_temporary_folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert compiler.cache_folder() == folder, "one for the whole process"


def test_a_cache_whose_disk_is_nearly_full_is_not_used(
    cache: Path, monkeypatch: pytest.MonkeyPatch, own_temporary_folder: Path
) -> None:
    usage = shutil.disk_usage(cache.parent)
    for free, used in ((compiler.ROOM, True), (compiler.ROOM - 1, False)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, n=free: usage._replace(free=n))
        assert (compiler.cache_folder().parent == cache) == used
    assert compiler.cache_folder().parent == own_temporary_folder


def test_a_folder_that_others_may_write_is_not_used(
    cache: Path, own_temporary_folder: Path
) -> None:
    folder = compiler.cache_folder()
    folder.chmod(0o777)
    assert compiler.cache_folder().parent == own_temporary_folder
    folder.chmod(0o700)
    assert compiler.cache_folder() == folder


def test_the_variable_switches_numba_off(repository: Path) -> None:
    script = (
        "from phys import Crossbar, Device, compiler, fast\n"
        "from theory import laws\n"
        "x = Crossbar(2, 2, Device(laws.soft_bounds(1, -1, 0), dw_min=0.01))\n"
        "print(compiler.available(), fast.engine_name(x.kernel))"
    )
    for value, expected in (("0", "False numpy"), ("1", "True compiled")):
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=repository,
            env={**os.environ, "CROSSPOINT_NUMBA": value},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert done.stdout.strip() == expected


PROCESS = """
import sys
from phys import compiler
text = '''from numba import njit

@njit(cache=True)
def double(x):
    return 2 * x
'''
values = [compiler.load("shared", text).double(21)]
for n in range(40):
    values.append(compiler.load("many", f"VALUE = {n}\\n").VALUE)
assert values == [42, *range(40)], values
"""


def test_processes_that_start_at_once_share_a_cache(tmp_path: Path, repository: Path) -> None:
    """Three processes write and import the same modules at the same time."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS],
            cwd=repository,
            env={**os.environ, "CROSSPOINT_CACHE": str(tmp_path)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    errors = [process.communicate(timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], errors
    (folder,) = tmp_path.iterdir()
    assert len(list(folder.glob("*.py"))) == 41
    assert not list(folder.glob("*.part"))


# -- the text of the modules -------------------------------------------------------------------
def test_kernels_are_compiled_without_fast_math() -> None:
    """Neither reordering nor contraction: only then do all engines find the same bits."""
    for module in (compiler.core(), compiler.network_module()):
        text = Path(module.__file__).read_text()
        decorators = {line for line in text.splitlines() if line.startswith("@njit")}
        inner = f"@njit({compiler.OPTIONS}, {compiler.INNER})"
        assert decorators <= {f"@njit({compiler.OPTIONS})", inner}
        assert inner in decorators
        assert "fastmath" not in text


PARTS = f"""from numba import njit

from phys.inner_functions import Inner, inner


{compiler.decorators(called_from_python=False)}
def twice(x):
    return 2 * x


{compiler.decorators(called_from_python=True)}
def four_times(x):
    return twice(twice(x))


{compiler.decorators(called_from_python=True)}
def twice_and_one(x):
    return twice(x) + 1
"""


def test_what_loops_call_is_optimised_with_them_alone(cache: Path) -> None:
    module = compiler.load("parts", PARTS)
    assert module.four_times(3) == 12
    assert all("define" not in code for code in module.twice.inspect_llvm().values())
    assert all("define" in code for code in module.four_times.inspect_llvm().values())

    forget(module.__name__)
    again = compiler.load("parts", PARTS)
    assert again.twice_and_one(3) == 7
    assert sum(again.twice.stats.cache_hits.values()) == 1
    assert not again.twice.stats.cache_misses
    assert again.four_times(5) == 20


def test_what_has_no_entry_for_python_says_so(cache: Path) -> None:
    module = compiler.load("parts", PARTS)
    with pytest.raises(TypeError, match="twice can only be called by compiled functions"):
        module.twice(1)
    assert module.four_times(1) == 4
    with pytest.raises(TypeError, match="twice can only be called by compiled functions"):
        module.twice(1)


BLAS_PROGRAM = """
import sys
from phys import compiler
compiler.core()
print("scipy.linalg" in sys.modules)
import numba, numpy as np
own = numba.njit(lambda a: (np.dot(a, a), np.cov(a)))
product, covariance = own(np.array([[1.0, 2.0], [3.0, 4.0]]))
print(product.tolist(), covariance.tolist())
import scipy.linalg
print(scipy.linalg.det(product))
"""


def test_blas_is_imported_where_it_is_called_and_not_before(cache: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", BLAS_PROGRAM], capture_output=True, text=True, check=True
    )
    before, own, after = ran.stdout.splitlines()
    assert before == "False"
    assert own == "[[7.0, 10.0], [15.0, 22.0]] [[0.5, 0.5], [0.5, 0.5]]"
    assert float(after) == pytest.approx(4.0)


def test_modules_of_one_law_are_shared() -> None:
    from phys import Device, fast
    from theory import laws

    a = Device(laws.soft_bounds(1, -1, 0.1)).kernel
    b = Device(laws.soft_bounds(3, -2, -0.5)).kernel
    assert fast.law_module(a) is fast.law_module(b)
    assert fast.law_module(a) is not fast.law_module(Device(ALL_LAWS["square"]).kernel)
