"""Loops over devices whose steps are Python functions, written to be read and to be compiled.

`phys.compiler` puts them beside the compiled step functions of the device, as the loops of
`phys.loops.arrays`. A device that changes between updates has one more function, `relaxed`.
"""


def steps_into(weights, c, stride, up, steps):
    """Compute the step of one pulse at each of the flat `weights`."""
    for device in range(weights.size):
        o = device * stride
        steps[device] = up_step(weights[device], c, o) if up else down_step(weights[device], c, o)


def relax_array(weights, c, stride):
    """Let every device of an array change as it does between two updates."""
    columns, rows = weights.shape
    for j in range(columns):
        w = weights[j]
        first = j * rows
        for i in range(rows):
            w[i] = relaxed(w[i], c, (first + i) * stride)


def update_array(weights, c, stride, *rest):
    """Apply the update of `phys.loops.arrays`, of these arguments, and let the devices relax."""
    plain_update(weights, c, stride, *rest)
    relax_array(weights, c, stride)


def update_column(weights, c, stride, *rest):
    """Apply the update of a column, and let the devices relax."""
    plain_column(weights, c, stride, *rest)
    relax_array(weights, c, stride)


def give_column(weights, c, stride, *rest):
    """Give pulses to a column, and let the devices relax."""
    plain_give(weights, c, stride, *rest)
    relax_array(weights, c, stride)


KERNELS = ("steps_into",)
RELAXING = ("relax_array", "update_array", "update_column", "give_column")
CALLED_FROM_PYTHON = ("steps_into", "relax_array", "update_array")
