"""The one sum that is written in vector instructions by hand: sixteen lanes, always the same order.

A compiler may only use vector registers for a sum if it may change the order of the additions,
and then the bits depend on the machine. Here the order is part of the definition: row ``i`` goes
to lane ``i % 16``, and the lanes are added as a tree. LLVM maps the sixteen lanes to whatever
registers the processor has; the bits stay the same.
"""

from typing import Any

import numpy as np

LANES = 16


def lane_dot(w: Any, r: Any, d: Any) -> Any:
    """Return ``sum_i d_i (w_i - r_i)``: the definition that the vector code follows.

    In float32, or in float64 where the weights are float64.
    """
    lanes = np.zeros(LANES, dtype=w.dtype)
    for i in range(len(d)):
        lanes[i % LANES] += d[i] * (w[i] - r[i])
    half = LANES // 2
    while half:
        lanes = lanes[:half] + lanes[half : 2 * half]
        half //= 2
    return lanes[0]


def plain_lane_dot(w: Any, d: Any) -> Any:
    """Return ``sum_i d_i w_i`` in the order of `lane_dot`, which a reference of zero gives too."""
    return lane_dot(w, np.zeros_like(w), d)


def compiled_lane_dots() -> Any:
    """Return `lane_dot` and `plain_lane_dot` as numba intrinsics that emit LLVM vectors."""
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    i32 = ir.IntType(32)

    def tree_sum(builder: Any, lanes: Any) -> Any:
        half = LANES // 2
        while half > 1:
            undefined = ir.Constant(lanes.type, ir.Undefined)
            index = ir.VectorType(i32, half)
            low = builder.shuffle_vector(
                lanes, undefined, ir.Constant(index, [i32(k) for k in range(half)])
            )
            high = builder.shuffle_vector(
                lanes, undefined, ir.Constant(index, [i32(half + k) for k in range(half)])
            )
            lanes = builder.fadd(low, high)
            half //= 2
        return builder.fadd(
            builder.extract_element(lanes, i32(0)), builder.extract_element(lanes, i32(1))
        )

    def first_lanes(builder: Any, count: Any) -> Any:
        """Return which lanes a rest of `count` values fills."""
        numbers = ir.VectorType(count.type, LANES)
        undefined = ir.Constant(numbers, ir.Undefined)
        one = builder.insert_element(undefined, count, i32(0))
        every = builder.shuffle_vector(
            one, undefined, ir.Constant(ir.VectorType(i32, LANES), [0] * LANES)
        )
        places = ir.Constant(numbers, [count.type(k) for k in range(LANES)])
        return builder.icmp_signed("<", places, every)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        """Emit the sum; the arguments are the weights, perhaps their reference, and `d`."""
        single, double = ir.FloatType(), ir.DoubleType()
        element = double if signature.args[0].dtype == types.float64 else single
        vector = ir.VectorType(element, LANES)
        arrays = [
            context.make_array(kind)(context, builder, value)
            for kind, value in zip(signature.args, args, strict=True)
        ]
        count = cgutils.unpack_tuple(builder, arrays[-1].shape, 1)[0]
        width = ir.Constant(count.type, LANES)
        whole = builder.mul(builder.sdiv(count, width), width)
        lanes = cgutils.alloca_once_value(builder, ir.Constant(vector, [0.0] * LANES))

        def loaded(array: Any, kind: Any, i: Any, chosen: Any) -> Any:
            lanes_of = ir.VectorType(kind, LANES)
            place = builder.bitcast(builder.gep(array.data, [i]), lanes_of.as_pointer())
            if chosen is None:
                return builder.load(place, align=4)
            masked = cgutils.get_or_insert_function(
                builder.module,
                ir.FunctionType(lanes_of, [place.type, i32, chosen.type, lanes_of]),
                f"llvm.masked.load.v{LANES}f{64 if kind is double else 32}.p0",
            )
            nothing = ir.Constant(lanes_of, [0.0] * LANES)
            return builder.call(masked, [place, i32(4), chosen, nothing])

        def added(i: Any, chosen: Any = None) -> Any:
            weights, *reference, d = arrays
            w, factor = loaded(weights, element, i, chosen), loaded(d, single, i, chosen)
            for r in reference:
                w = builder.fsub(w, loaded(r, element, i, chosen))
            if element is double:
                factor = builder.fpext(factor, vector)
            return builder.fadd(builder.load(lanes), builder.fmul(factor, w))

        zero = ir.Constant(count.type, 0)
        with cgutils.for_range_slice(builder, zero, whole, width) as (i, _):
            builder.store(added(i), lanes)
        with builder.if_then(builder.icmp_signed("<", whole, count)):
            chosen = first_lanes(builder, builder.sub(count, whole))
            builder.store(builder.select(chosen, added(whole, chosen), builder.load(lanes)), lanes)
        return tree_sum(builder, builder.load(lanes))

    @intrinsic
    def lane_dot(typingctx: Any, w: Any, r: Any, d: Any) -> Any:
        return w.dtype(w, r, d), codegen

    @intrinsic
    def plain_lane_dot(typingctx: Any, w: Any, d: Any) -> Any:
        return w.dtype(w, d), codegen

    return lane_dot, plain_lane_dot
