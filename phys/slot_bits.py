"""Which lines fire in a slot, thirty-two lines and two slots at a time.

An update draws one hash for two slots of every line that carries a value, and most of them do not
fire. A compiler turns the draws alone into vector instructions; here the comparisons end as bits of
a word, and what follows visits the set bits only.
"""

from typing import Any

import numpy as np

from phys.random_bits import GOLDEN, LOW_32, MIX_1, MIX_2, U32, child

GROUP = 32


def firing_lines(keys: Any, thresholds: Any, first: Any, pair: Any) -> Any:
    """Return which lines of a group fire in slots ``2 pair`` and ``2 pair + 1``, as uint64.

    Bit ``k`` is set where line ``first + k`` fires in the even slot, bit ``32 + k`` where it fires
    in the odd one: where the slot's half of the hash is below the line's threshold.
    """
    mask = 0
    for k in range(GROUP):
        bits = child(keys[first + k], np.uint64(pair))
        mask |= int((bits & LOW_32) < thresholds[first + k]) << k
        mask |= int((bits >> U32) < thresholds[first + k]) << (GROUP + k)
    return np.uint64(mask)


def lowest_bit(mask: Any) -> Any:
    """Return the place of the lowest set bit of a uint64; 64 where none is set."""
    return (int(mask) & -int(mask)).bit_length() - 1 if mask else 64


def count_bits(mask: Any) -> Any:
    """Return how many bits of a uint64 are set."""
    return int(mask).bit_count()


def compiled_firing_lines() -> Any:
    """Return `firing_lines` as a numba intrinsic that emits LLVM vectors."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    @intrinsic
    def firing_lines(typingctx: Any, keys: Any, thresholds: Any, first: Any, pair: Any) -> Any:
        signature = types.uint64(keys, thresholds, types.int64, types.int64)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            word = ir.IntType(64)
            group = ir.VectorType(word, GROUP)

            def splat(value: Any) -> Any:
                undefined = ir.Constant(group, ir.Undefined)
                one = builder.insert_element(undefined, value, ir.IntType(32)(0))
                lanes = ir.Constant(ir.VectorType(ir.IntType(32), GROUP), [0] * GROUP)
                return builder.shuffle_vector(one, undefined, lanes)

            def constant(value: Any) -> Any:
                return ir.Constant(group, [word(int(value))] * GROUP)

            def loaded(kind: Any, value: Any) -> Any:
                data = context.make_array(kind)(context, builder, value).data
                place = builder.bitcast(builder.gep(data, [args[2]]), group.as_pointer())
                return builder.load(place, align=8)

            def mixed(z: Any, shift: int) -> Any:
                return builder.xor(z, builder.lshr(z, constant(shift)))

            def as_word(fires: Any) -> Any:
                return builder.zext(builder.bitcast(fires, ir.IntType(GROUP)), word)

            step = builder.mul(builder.add(args[3], word(1)), word(int(GOLDEN)))
            z = builder.add(loaded(signature.args[0], args[0]), splat(step))
            z = builder.mul(mixed(z, 30), constant(MIX_1))
            z = builder.mul(mixed(z, 27), constant(MIX_2))
            z = mixed(z, 31)
            below = loaded(signature.args[1], args[1])
            even = builder.icmp_unsigned("<", builder.and_(z, constant(LOW_32)), below)
            odd = builder.icmp_unsigned("<", builder.lshr(z, constant(U32)), below)
            return builder.or_(as_word(even), builder.shl(as_word(odd), word(GROUP)))

        return signature, codegen

    return firing_lines


def compiled_bit_functions() -> Any:
    """Return `lowest_bit` and `count_bits` as numba intrinsics."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    @intrinsic
    def lowest_bit(typingctx: Any, mask: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.cttz(args[0], ir.IntType(1)(0))

        return types.int64(types.uint64), codegen

    @intrinsic
    def count_bits(typingctx: Any, mask: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.ctpop(args[0])

        return types.int64(types.uint64), codegen

    return lowest_bit, count_bits
