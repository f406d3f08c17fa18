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


def compiled_lane_dot() -> Any:
    """Return `lane_dot` as a numba intrinsic that emits sixteen-lane LLVM vectors."""
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    def tree_sum(builder: Any, lanes: Any) -> Any:
        i32 = ir.IntType(32)
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

    @intrinsic
    def lane_dot(typingctx: Any, w: Any, r: Any, d: Any) -> Any:
        wide = w.dtype == types.float64
        signature = (types.float64 if wide else types.float32)(w, r, d)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            single, double = ir.FloatType(), ir.DoubleType()
            element = double if wide else single
            vector = ir.VectorType(element, LANES)
            arrays = [
                context.make_array(kind)(context, builder, value)
                for kind, value in zip(signature.args, args, strict=True)
            ]
            count = cgutils.unpack_tuple(builder, arrays[2].shape, 1)[0]
            width = ir.Constant(count.type, LANES)
            whole = builder.mul(builder.sdiv(count, width), width)
            lanes = cgutils.alloca_once_value(builder, ir.Constant(vector, [0.0] * LANES))

            def product(load: Any) -> Any:
                w_value, r_value = load(arrays[0].data, element), load(arrays[1].data, element)
                d_value = load(arrays[2].data, single)
                if wide:
                    several = isinstance(d_value.type, ir.VectorType)
                    d_value = builder.fpext(d_value, vector if several else double)
                return builder.fmul(d_value, builder.fsub(w_value, r_value))

            zero, one = ir.Constant(count.type, 0), ir.Constant(count.type, 1)
            with cgutils.for_range_slice(builder, zero, whole, width) as (i, _):

                def load_lanes(data: Any, kind: Any, i: Any = i) -> Any:
                    lanes_of = ir.VectorType(kind, LANES)
                    place = builder.bitcast(builder.gep(data, [i]), lanes_of.as_pointer())
                    return builder.load(place, align=4)

                builder.store(builder.fadd(builder.load(lanes), product(load_lanes)), lanes)
            with cgutils.for_range_slice(builder, whole, count, one) as (i, _):

                def load_one(data: Any, kind: Any, i: Any = i) -> Any:
                    return builder.load(builder.gep(data, [i]))

                lane = builder.trunc(builder.sub(i, whole), ir.IntType(32))
                current = builder.load(lanes)
                value = builder.fadd(builder.extract_element(current, lane), product(load_one))
                builder.store(builder.insert_element(current, value, lane), lanes)
            return tree_sum(builder, builder.load(lanes))

        return signature, codegen

    return lane_dot
