"""How numba compiles a function that other compiled functions call, and Python never.

By itself numba optimises every function to the end, makes machine code of it with an entry for
Python and one for C, and optimises it once more in each function that calls it, level by level. A
function that is only ever a part of others needs none of that: it is kept in LLVM's language, and
optimised once, together with the function that Python calls. That halves the time of the compiler.

This module needs numba; the compiled modules import it, see `phys.compiler`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import LoweringPass, register_pass
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import AnnotateTypes

ENVIRONMENT = "_ZN08NumbaEnv"
"""How numba's names begin for what a function keeps of its module."""


class InnerLibrary(JITCodeLibrary):
    """The code of a function and of those that it calls, to be linked into that of its callers."""

    def _optimize_final_module(self) -> None:
        """Leave this to the callers."""

    def _finalize_final_module(self) -> None:
        """Keep the code for the callers, and make machine code of nothing but its variables."""
        code: Any = self._final_module
        for function in code.functions:
            if not function.is_declaration and function.linkage == binding.Linkage.external:
                function.linkage = "linkonce_odr"
        module = self._codegen._create_empty_module(self.name)
        for known in code.global_variables:
            if known.name.startswith(ENVIRONMENT):
                variable = ir.GlobalVariable(module, cgutils.voidptr_t, known.name)
                variable.linkage = "common"
                variable.initializer = ir.Constant(cgutils.voidptr_t, None)
        self._shared_module = code
        self._final_module = binding.parse_assembly(str(module))
        self._final_module.name = code.name
        super()._finalize_final_module()  # type: ignore[no-untyped-call]


@register_pass(mutates_CFG=False, analysis_only=False)
class TakeInnerLibrary(LoweringPass):
    """Put the code of a function into an `InnerLibrary`."""

    _name = "take_inner_library"

    def __init__(self) -> None:
        LoweringPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Make the library before numba makes its own."""
        name = state.func_id.func_qualname
        state.library = InnerLibrary(state.targetctx.codegen(), name)  # type: ignore[no-untyped-call]
        state.library.enable_object_caching()
        return True


class Inner(CompilerBase):
    """Numba's compiler for such functions."""

    def define_pipelines(self) -> list[Any]:
        """Return the one pipeline."""
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.add_pass_after(TakeInnerLibrary, AnnotateTypes)
        manager.finalize()
        return [manager]


class InnerFunction(CPUDispatcher):
    """A numba function without an entry for Python."""

    def __call__(self, *arguments: Any, **named: Any) -> None:
        """Refuse: there is nothing to call."""
        raise TypeError(f"{self.py_func.__name__} can only be called by compiled functions")


def inner(function: Any) -> Any:
    """Mark a numba function that was compiled without an entry for Python."""
    function.__class__ = InnerFunction
    return function
