"""A pass of numba's compiler after which a function of one number means what NumPy means by it.

* A Python number that meets the weight takes the weight's type, float32, as in NumPy; numba by
  itself would go on in double precision.
* `np.where`, `np.clip`, `np.ones_like` and `np.zeros_like` of numbers give a number.
* `np.exp`, `np.log` and `np.tanh` of float32 are those of `phys.elementary`: the same bits in every
  loop and on every machine.

This module needs numba; `phys.functions.compiled` imports it where it compiles.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numba.core import ir, ir_utils
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.untyped_passes import ReconstructSSA

from phys.functions.scalar import REPLACEMENTS, alongside

ARITHMETIC = (
    *(operator.add, operator.sub, operator.mul, operator.truediv),
    *(operator.iadd, operator.isub, operator.imul, operator.itruediv),
    *(operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne),
)


@register_pass(mutates_CFG=False, analysis_only=False)
class NumbersAsInNumPy(FunctionPass):
    """See the head of this file."""

    _name = "numbers_as_in_numpy"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Change the intermediate form of one function."""
        blocks = state.func_ir.blocks
        self.known: dict[str, Any] = {}
        self.changing: set[str] = set()
        self._look_through([a for block in blocks.values() for a in block.find_insts(ir.Assign)])
        for block in blocks.values():
            block.body = [new for old in block.body for new in self._adjusted(old, block.scope)]
        state.func_ir._definitions = ir_utils.build_definitions(blocks)
        return True

    def _look_through(self, assigns: list[Any]) -> None:
        """Find which variables stand for NumPy's functions, and which depend on the arguments."""
        before = -1
        while before != len(self.known) + len(self.changing):
            before = len(self.known) + len(self.changing)
            for assign in assigns:
                name, value = assign.target.name, assign.value
                self._note_function(name, value)
                follows = value.list_vars() if isinstance(value, ir.Expr) else [value]
                if isinstance(value, ir.Arg) or any(
                    isinstance(v, ir.Var) and v.name in self.changing for v in follows
                ):
                    self.changing.add(name)

    def _note_function(self, name: str, value: Any) -> None:
        if isinstance(value, ir.Global | ir.FreeVar):
            self.known[name] = value.value
        elif isinstance(value, ir.Var) and value.name in self.known:
            self.known[name] = self.known[value.name]
        elif (
            isinstance(value, ir.Expr)
            and value.op == "getattr"
            and self.known.get(value.value.name) is np
        ):
            self.known[name] = getattr(np, value.attr, None)

    def _adjusted(self, statement: Any, scope: Any) -> list[Any]:
        """Return the statements that take the place of one."""
        if not isinstance(statement, ir.Assign) or not isinstance(statement.value, ir.Expr):
            return [statement]
        expression = statement.value
        before: list[Any] = []
        if expression.op in ("binop", "inplace_binop") and expression.fn in ARITHMETIC:
            left, right = self._typed([expression.lhs, expression.rhs], scope, before)
            expression._kws |= {"lhs": left, "rhs": right}
        elif expression.op == "call":
            function = self.known.get(expression.func.name)
            if isinstance(function, np.ufunc) or function is np.where or function is np.clip:
                expression.args = self._typed(list(expression.args), scope, before)
            for replaced, scalar in REPLACEMENTS:
                if function is replaced:
                    name = ir.Global(scalar.__name__, scalar, statement.loc)
                    expression.func = self._assigned(name, scope, before)
        return [*before, statement]

    def _typed(self, operands: list[Any], scope: Any, before: list[Any]) -> list[Any]:
        """Put the operands that depend on no argument into the type of those that do."""
        changing = [v for v in operands if v.name in self.changing]
        typed = []
        for operand in operands:
            if operand.name not in self.changing:
                for other in changing:
                    function = ir.Global("alongside", alongside, other.loc)
                    call = ir.Expr.call(
                        self._assigned(function, scope, before), [operand, other], (), other.loc
                    )
                    operand = self._assigned(call, scope, before)
            typed.append(operand)
        return typed

    @staticmethod
    def _assigned(value: Any, scope: Any, before: list[Any]) -> Any:
        variable = scope.redefine("$numbers", value.loc)
        before.append(ir.Assign(value, variable, value.loc))
        return variable


class Compiler(CompilerBase):
    """Numba's compiler with this pass in it."""

    def define_pipelines(self) -> list[Any]:
        """Return the one pipeline."""
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.add_pass_after(NumbersAsInNumPy, ReconstructSSA)
        manager.finalize()
        return [manager]
