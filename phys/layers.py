"""What a network is made of: descriptions of layers, and how they fit one behind the other.

A layer with weights is one crossbar. Fully connected, it sees its whole input at once; a
convolution sees one patch after another, each as a vector on the same column lines (Gokmen, Onen
and Haensch 2017). Maps are stored position by position with the channels side by side, so that
the rows of a patch lie side by side too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from phys import checked
from phys.checked import InputError

POOLINGS = ("max", "average")
MOST_LINES = 2**24
Shape = tuple[int, int, int]
"""Height, width and channels of a map."""


@dataclass(frozen=True)
class Dense:
    """A fully connected layer.

    Parameters
    ----------
    units : int
        Outputs, the rows of its array.
    """

    units: int

    def __post_init__(self) -> None:
        checked.whole("units", self.units, 1, MOST_LINES)


@dataclass(frozen=True)
class Conv:
    """A convolution without padding; its array has ``kernel**2 * channels of the input + 1`` lines.

    Parameters
    ----------
    channels : int
        Output channels, the rows of its array.
    kernel : int
        Side of a patch, in pixels.
    stride : int
        Pixels from one patch to the next.
    """

    channels: int
    kernel: int
    stride: int = 1

    def __post_init__(self) -> None:
        checked.whole("channels", self.channels, 1, MOST_LINES)
        checked.whole("kernel", self.kernel, 1)
        checked.whole("stride", self.stride, 1)


@dataclass(frozen=True)
class Pool:
    """Pooling of the map that a convolution leaves, after its activation; without weights.

    Parameters
    ----------
    size : int
        Side of the squares, side by side, of which each leaves one value.
    kind : str
        "max" or "average".
    """

    size: int
    kind: str = "max"

    def __post_init__(self) -> None:
        checked.whole("size", self.size, 1)
        checked.choice("kind", self.kind, POOLINGS)


LayerList = Sequence[Dense | Conv | Pool]
HIDDEN = {"mnist": (256, 128), "digits": (64, 32)}
WORD = re.compile(
    r"conv(?P<channels>\d+)x(?P<kernel>\d+)|(?P<kind>(avg)?)pool(?P<size>\d+)|(?P<units>\d+)"
)
LENET5: LayerList = (Conv(6, 5), Pool(2), Conv(16, 5), Pool(2), Dense(120), Dense(84), Dense(10))
"""LeNet-5 after LeCun et al., Proc. IEEE 86:2278 (1998): full connections, no padding."""


@dataclass(frozen=True)
class Stage:
    """One layer with weights and its place in the network.

    Attributes
    ----------
    source : Shape
        Height, width and channels of the map that enters; a vector is (1, 1, units).
    kernel, stride : int
        Side of a patch and distance between patches; 0 for a fully connected layer.
    rows : int
        Output channels or units.
    pool : int
        Side of the pooling squares; 1 for none.
    average : bool
        Pooling takes the mean, not the largest.
    bias_line : bool
        One more column line carries 1.
    """

    source: Shape
    rows: int
    kernel: int = 0
    stride: int = 1
    pool: int = 1
    average: bool = False
    bias_line: bool = field(default=True, repr=False)

    @property
    def inputs(self) -> int:
        """Numbers that enter an output, the bias not among them."""
        height, width, channels = self.source
        return (self.kernel**2 if self.kernel else height * width) * channels

    @property
    def cols(self) -> int:
        """Column lines, the bias line included if there is one."""
        return self.inputs + self.bias_line

    @property
    def map(self) -> Shape:
        """Height, width and channels of the outputs, before pooling."""
        if not self.kernel:
            return (1, 1, self.rows)
        height, width, _ = self.source
        return (
            (height - self.kernel) // self.stride + 1,
            (width - self.kernel) // self.stride + 1,
            self.rows,
        )

    @property
    def target(self) -> Shape:
        """Height, width and channels of what the next layer sees."""
        height, width, rows = self.map
        return (height // self.pool, width // self.pool, rows)

    @property
    def patches(self) -> int:
        """Vectors that the array sees for one sample, one after another."""
        return self.map[0] * self.map[1]

    @property
    def fan(self) -> int:
        """Inputs of an output plus outputs of an input, for the range of the initial weights."""
        return self.inputs + self.rows * max(self.kernel**2, 1)

    def geometry(self) -> np.ndarray:
        """Return the numbers that the compiled loops need, int64 (9,)."""
        return np.array(
            [
                *self.source,
                self.kernel,
                self.stride,
                self.map[0],
                self.map[1],
                self.pool,
                self.average,
            ],
            dtype=np.int64,
        )


def stages(layers: LayerList, image_shape: tuple[int, int]) -> tuple[Stage, ...]:
    """Fit layers one behind the other, from an image on.

    Parameters
    ----------
    layers : list of Dense, Conv and Pool
        In order; a Pool follows a Conv, and no Conv follows a Dense.
    image_shape : tuple of int
        Rows and columns of an image.

    Raises
    ------
    InputError
        Layers that do not fit; the message names the layer, its input and the remedy.

    Examples
    --------
    >>> [(stage.rows, stage.cols, stage.patches) for stage in stages(LENET5, (28, 28))]
    [(6, 26, 576), (16, 151, 64), (120, 257, 1), (84, 121, 1), (10, 85, 1)]
    """
    made: list[Stage] = []
    shape: Shape = (*image_shape, 1)
    previous: Dense | Conv | Pool | None = None
    for number, layer in enumerate(layers):
        place = f"layers[{number}] = {layer!r}"
        if isinstance(layer, Pool):
            if not isinstance(previous, Conv):
                raise InputError(f"{place} pools what no convolution made; put it behind a Conv")
            made[-1] = _pooled(made[-1], layer, place)
        elif isinstance(layer, Conv):
            if isinstance(previous, Dense):
                raise InputError(f"{place} follows a Dense layer; put convolutions first")
            made.append(_convolution(shape, layer, place))
        elif isinstance(layer, Dense):
            made.append(Stage(shape, layer.units))
        else:
            raise InputError(f"{place} is no layer; give Dense, Conv or Pool of phys.layers")
        shape, previous = made[-1].target, layer
    if not isinstance(previous, Dense):
        raise InputError(f"layers end with {previous!r}; end with Dense(classes)")
    return tuple(made)


def _convolution(shape: Shape, layer: Conv, place: str) -> Stage:
    height, width, channels = shape
    if layer.kernel > min(height, width):
        raise InputError(
            f"{place}: a patch of {layer.kernel} x {layer.kernel} does not fit its input of "
            f"{height} x {width} pixels and {channels} channels; take a kernel of at most "
            f"{min(height, width)}, or pool less before it"
        )
    return Stage(shape, layer.channels, layer.kernel, layer.stride)


def _pooled(stage: Stage, layer: Pool, place: str) -> Stage:
    height, width, channels = stage.map
    if height % layer.size or width % layer.size:
        raise InputError(
            f"{place}: squares of {layer.size} x {layer.size} do not tile its input of "
            f"{height} x {width} pixels and {channels} channels; take a size that divides both "
            f"sides, or another kernel before it"
        )
    return replace(stage, pool=layer.size, average=layer.kind == "average")


def dense_stages(units: Sequence[int]) -> tuple[Stage, ...]:
    """Return fully connected layers between so many units, inputs first.

    Examples
    --------
    >>> [(stage.rows, stage.cols) for stage in dense_stages((784, 128, 10))]
    [(128, 785), (10, 129)]
    """
    return tuple(Stage((1, 1, inputs), outputs) for inputs, outputs in pairwise(units))


def stages_for(
    layers: Any, data: str, image_shape: tuple[int, int], classes: int
) -> tuple[Stage, ...]:
    """Return the layers that `phys.train` was asked for, fitted to its data.

    Parameters
    ----------
    layers : tuple of int, list of Dense, Conv and Pool, "lenet5" or None
        Units per layer, inputs and classes included; or layers behind the image; or the default
        for the data.
    data : str
        Name of the data.
    image_shape : tuple of int
        Rows and columns of an image.
    classes : int

    Raises
    ------
    InputError
        Layers that do not fit the data or each other.
    """
    pixels = image_shape[0] * image_shape[1]
    if layers is None:
        return dense_stages((pixels, *HIDDEN.get(data, (64,)), classes))
    if isinstance(layers, str):
        checked.choice("layers", layers, ("lenet5",))
        layers = LENET5
    if not isinstance(layers, Sequence):
        raise InputError(
            f"layers = {layers!r} is a {type(layers).__name__}; give units per layer, a list of "
            f'Dense, Conv and Pool, or "lenet5"'
        )
    if any(isinstance(layer, Dense | Conv | Pool) for layer in layers):
        made = stages(layers, image_shape)
        if made[-1].rows < classes:
            raise InputError(
                f"layers end with {layers[-1]!r}, and the data have {classes} classes; end with "
                f"Dense({classes})"
            )
        return made
    sizes = tuple(checked.whole(f"layers[{k}]", n, 1, MOST_LINES) for k, n in enumerate(layers))
    if len(sizes) < 2 or sizes[0] != pixels or sizes[-1] < classes:
        raise InputError(
            f"layers = {sizes} do not fit the data: {pixels} inputs and {classes} classes; "
            f"give ({pixels}, ..., {classes})"
        )
    return dense_stages(sizes)


def parse_layers(text: str) -> Any:
    """Read layers from words between commas, as the command line takes them.

    Whole numbers alone are units per layer, inputs first; with convolutions among them, the layers
    behind the image.

    Raises
    ------
    InputError
        A word that is no layer.

    Examples
    --------
    >>> parse_layers("784,128,10")
    (784, 128, 10)
    >>> parse_layers("conv6x5,pool2,10")
    [Conv(channels=6, kernel=5, stride=1), Pool(size=2, kind='max'), Dense(units=10)]
    """
    if text == "lenet5":
        return text
    layers: list[Dense | Conv | Pool] = []
    for word in text.split(","):
        match = WORD.fullmatch(word.strip())
        if match is None:
            raise InputError(
                f"layers: {word.strip()!r} is no layer; write units such as 784,256,128,10, or "
                f"lenet5, or conv6x5 (6 channels, 5 x 5 pixels), pool2, avgpool2 and units"
            )
        if match["channels"]:
            layers.append(Conv(int(match["channels"]), int(match["kernel"])))
        elif match["size"]:
            layers.append(Pool(int(match["size"]), "average" if match["kind"] else "max"))
        else:
            layers.append(Dense(int(match["units"])))
    if all(isinstance(layer, Dense) for layer in layers):
        return tuple(layer.units for layer in layers if isinstance(layer, Dense))
    return layers
