"""Turn the readable loops into compiled modules, once, and keep them on disk.

numba caches compiled code beside a source file, so every kernel gets one: the loops of the package
`phys.loops` and the step functions of a law are written to a module whose name is the hash of its
content, in the user's cache folder (or `CROSSPOINT_CACHE`), and compiled the first time they are
called. The folder is private (mode 0700), a file is compared with the wanted text before it is
imported, and it appears by an atomic rename.

Without numba, or with ``CROSSPOINT_NUMBA=0``, nothing here is used: see `phys.arrays`.
"""

import ast
import contextlib
import errno
import hashlib
import importlib.util
import inspect
import os
import shutil
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path
from types import ModuleType

from phys import elementary, random_bits
from phys.functions import loops as function_loops
from phys.functions.compiled import OF_THIS_PROCESS
from phys.loops import arrays as array_loops
from phys.loops import layer_steps
from phys.loops import lines as loops
from phys.loops import maps as network_loops
from phys.loops import outputs as output_loops
from phys.loops import packed as packed_loops
from phys.loops import reads as read_loops
from phys.loops import training as training_loops

# Trainings may run in threads; a kernel is loaded once.
_LOADING = threading.RLock()

NOT_COMPILED = (
    "KERNELS",
    "CALLED_FROM_PYTHON",
    "SHARED",
    "STEPS",
    "WITHOUT_LAW",
    "OF_A_LAW",
    "RELAXING",
    "NAMES",
    "BY_UNIT_VECTOR",
)
RELAXES = "\ndef relaxed("
PLAIN = """

plain_update = update_array
plain_column = update_column
plain_give = give_column"""
OPTIONS = "cache=True, nogil=True, error_model='numpy', no_cfunc_wrapper=True"
INNER = "no_cpython_wrapper=True, pipeline_class=Inner"
"""What is added for a function that Python does not call."""

GENERATORS = ("simd.py", "slot_bits.py", "inner_functions.py")
"""The files, beside this one, by which the code of a function depends on more than its text."""

ROOM = 2**25
"""Bytes that a disk must have free to take kernels; those of a training are some ten megabytes."""

PREAMBLE = f"""import numpy as np
from numba import njit

from phys.inner_functions import Inner, inner


@inner
@njit({OPTIONS}, {INNER})
def where(condition, a, b):
    return a if condition else b
"""

INTRINSICS = """from phys.simd import compiled_lane_dots
from phys.slot_bits import GROUP, compiled_bit_functions, compiled_firing_lines

lane_dot, plain_lane_dot = compiled_lane_dots()
firing_lines = compiled_firing_lines()
lowest_bit, count_bits = compiled_bit_functions()
"""


@cache
def available() -> bool:
    """Whether kernels can be compiled: numba is installed and CROSSPOINT_NUMBA is not 0."""
    if os.environ.get("CROSSPOINT_NUMBA", "1") == "0":
        return False
    return importlib.util.find_spec("numba") is not None


def cache_folder() -> Path:
    """Return the private folder of the compiled kernels, made where it is missing.

    Where the user's cache cannot be written, or its disk is nearly full, a temporary folder serves
    for this process.
    """
    import numba
    import platformdirs

    root = os.environ.get("CROSSPOINT_CACHE") or platformdirs.user_cache_dir("crosspoint")
    folder = Path(root) / f"kernels-numba-{numba.__version__}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o022:
            raise PermissionError(f"{folder} can be written by others")
        if shutil.disk_usage(folder).free < ROOM:
            raise OSError(errno.ENOSPC, "the disk of the cache is nearly full")
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError:
        return _temporary_folder()
    return folder


@cache
def _temporary_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="crosspoint-kernels-"))


def decorators(called_from_python: bool) -> str:
    """Return the lines above a function that make it a compiled one."""
    return f"@njit({OPTIONS})" if called_from_python else f"@inner\n@njit({OPTIONS}, {INNER})"


def kernel_source(module: ModuleType, only: tuple[str, ...] | None = None) -> str:
    """Return the constants of `module` and its functions named in `KERNELS`, made compilable."""
    names = module.KERNELS if only is None else only
    parts = []
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.FunctionDef) and node.name in names:
            called = decorators(node.name in module.CALLED_FROM_PYTHON)
            parts.append(f"\n\n{called}\n{ast.unparse(node)}")
        elif (
            isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") not in NOT_COMPILED
        ):
            parts.append(ast.unparse(node))
    return "\n".join(parts)


def load(stem: str, text: str) -> ModuleType:
    """Import `text` as a module from the cache folder, writing it there first if need be.

    A text that names something of this process alone, or imports from a module that does, makes a
    module that is not kept on disk.
    """
    name = hashlib.sha256(text.encode()).hexdigest()[:20]
    if OF_THIS_PROCESS in text:
        name = f"{OF_THIS_PROCESS}_{name}"
    name = f"crosspoint_{stem}_{name}"
    with _LOADING:
        if name in sys.modules:
            return sys.modules[name]
        return _in_memory(name, text) if OF_THIS_PROCESS in text else _import(name, text)


def _in_memory(name: str, text: str) -> ModuleType:
    module = ModuleType(name)
    exec(compile(text.replace("cache=True, ", ""), f"<{name}>", "exec"), vars(module))
    sys.modules[name] = module
    return module


def _import(name: str, text: str) -> ModuleType:
    path = cache_folder() / f"{name}.py"
    content = text.encode()
    if not path.exists() or path.read_bytes() != content:
        handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(draft).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(draft).unlink()
            raise
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _digest(name: str) -> str:
    return hashlib.sha256(Path(__file__).with_name(name).read_bytes()).hexdigest()


def postpone_blas() -> None:
    """Let numba import what it needs for BLAS where that is called, which no kernel does.

    By itself it imports `scipy.linalg` with its first function, to see whether it is there: some
    14 MiB of memory.
    """
    if "numba.np.arraymath" in sys.modules or "scipy.linalg" in sys.modules:
        return
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    modules["scipy.linalg"] = None
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        del modules["scipy.linalg"]
    found = importlib.util.find_spec("scipy") is not None
    for name, module in list(sys.modules.items()):
        if name.startswith("numba.np.") and hasattr(module, "_HAVE_BLAS"):
            vars(module)["_HAVE_BLAS"] = found


@cache
def core() -> ModuleType:
    """Return the compiled functions that no law enters: random numbers, exp, reads, trains."""
    postpone_blas()
    text = "\n".join(
        (
            PREAMBLE,
            INTRINSICS,
            kernel_source(random_bits),
            kernel_source(elementary),
            kernel_source(loops),
            kernel_source(read_loops),
            kernel_source(array_loops, array_loops.WITHOUT_LAW),
            *(f"# {name}: {_digest(name)}" for name in GENERATORS),
            "",
        )
    )
    return load("core", text)


def compiled_steps(step_source: str) -> str:
    """Return the head of a module around step functions, and these functions, made compilable."""
    return "\n".join(
        (
            f"import numpy as np\nfrom numba import njit\nfrom {core().__name__} import *\n",
            step_source.replace("\ndef ", f"\n\n{decorators(False)}\ndef "),
        )
    )


@cache
def law_module(step_source: str) -> ModuleType:
    """Return the compiled loops of one array for the step functions in `step_source`."""
    parts = [compiled_steps(step_source), kernel_source(array_loops, array_loops.OF_A_LAW)]
    if RELAXES in step_source:
        parts += [PLAIN]
        parts += [kernel_source(function_loops, function_loops.RELAXING)]
    parts += [kernel_source(packed_loops, packed_loops.NAMES)]
    return load("law", "\n".join((*parts, "")))


@cache
def step_module(step_source: str) -> ModuleType:
    """Return the compiled loops of `phys.functions.loops` for the step functions in the text."""
    parts = [compiled_steps(step_source), kernel_source(function_loops)]
    if RELAXES in step_source:
        parts += [kernel_source(function_loops, ("relax_array",))]
    return load("steps", "\n".join((*parts, "")))


@cache
def network_module() -> ModuleType:
    """Return the compiled forward and backward pass of a network, into which no law enters."""
    text = "\n".join(
        (
            f"import numpy as np\nfrom numba import njit\nfrom {core().__name__} import *",
            kernel_source(output_loops),
            kernel_source(training_loops, training_loops.SHARED),
            "",
        )
    )
    return load("network", text)


def unit_vector_updates() -> str:
    """Return the functions of `phys.loops.packed` for an array that has no update of a column."""
    source = kernel_source(packed_loops, packed_loops.BY_UNIT_VECTOR)
    return f"{source}\n\npulse_column = unit_vector_column\npulse_full = unit_vector_full\n"


def training_module(step: str, laws: dict[str, ModuleType], plain: bool = True) -> ModuleType:
    """Return the compiled training loop around a layer step.

    Parameters
    ----------
    step : str
        Name of a function in `phys.loops.layer_steps`.
    laws : dict of str to module
        The compiled loops of each array's law, from `law_module`; none for weights without devices.
    plain : bool
        The loop `train` of `phys.loops.training`; or else `train_maps` of `phys.loops.maps`.
    """
    loop = kernel_source(training_loops, ("train",)) if plain else kernel_source(network_loops)
    text = "\n".join(
        (
            f"import numpy as np\nfrom numba import njit\nfrom {core().__name__} import *",
            f"from {network_module().__name__} import *",
            *(
                f"from {module.__name__} import {name} as {name}_{array}"
                for array, module in laws.items()
                for name in packed_loops.NAMES
            ),
            "",
            kernel_source(layer_steps, (*layer_steps.SHARED, step)),
            f"\nlayer_step = {step}\n",
            loop,
            "",
        )
    )
    return load("training", text)
