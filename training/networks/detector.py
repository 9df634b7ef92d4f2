"""A tiny anchor-free face detector: a plain convolutional trunk, a top-down pyramid, one cell one
guess.

Every cell of the strides 8, 16 and 32 gives a score, a box and five points, already decoded to
pixels of the input, so nothing of the decoding can differ between training and serving. Height and
width are free (multiples of 32).

Plain 3x3 convolutions with 1x1 bottlenecks are used, not depthwise ones: on one CPU core they train
twice as fast at two to three times the arithmetic. Channels are multiples of 16, the width in which
onnxruntime computes; it would fill up others with zeros.
"""

import math

import keras
from keras import layers, ops

from training.networks.layers import PixelConvolution, convolution

STRIDES = (8, 16, 32)
POINTS = 5
CELL_VALUES = 1 + 4 + 2 * POINTS
"""One cell of the training network's output: logit, x, y, width, height, five points (x, y)."""

SERVED_CELLS = 400
"""As many cells leave the exported network: enough for a picture of a hundred faces."""

_BASE_SIZE = 4.0  # box sides are exp(value) times this many strides
_POINT_REACH = 2.0  # points lie within a few times this many strides from the cell
_LOG_SIZE_LIMIT = 4.0
_READ_OUT = 64
_PRIOR = 0.01  # share of cells that show a face, roughly: where the scores start


@keras.saving.register_keras_serializable("mien")
class DecodeCells(layers.Layer):
    """Raw maps (N, H / stride, W / stride, 15) of all strides -> (N, M, 15) in pixels of the
    network's input.

    Cells are numbered row by row, finest stride first. The pixel frame has pixel centres at
    integers, so the centre of cell i is i * stride + (stride - 1) / 2; a box is (x, y, width,
    height) with (x, y) its top-left edge.
    """

    def call(self, maps: list[keras.KerasTensor]) -> keras.KerasTensor:
        raw = ops.concatenate([ops.reshape(m, (ops.shape(m)[0], -1, CELL_VALUES)) for m in maps], 1)
        grids = [_grid(m, stride) for m, stride in zip(maps, STRIDES, strict=True)]
        grid = ops.concatenate([ops.reshape(grid, (1, -1, 3)) for grid in grids], axis=1)
        corner, size, points = _decoded(raw, grid[..., :2], grid[..., 2:])
        return ops.concatenate([raw[..., :1], corner, size, points], axis=-1)

    def compute_output_shape(
        self, input_shape: list[tuple[int | None, ...]]
    ) -> tuple[int | None, ...]:
        cells = 0
        for _, height, width, _ in input_shape:
            if height is None or width is None:
                return (input_shape[0][0], None, CELL_VALUES)
            cells += height * width
        return (input_shape[0][0], cells, CELL_VALUES)


def _decoded(
    raw: keras.KerasTensor, centre: keras.KerasTensor, stride: keras.KerasTensor
) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
    """Raw cells (..., 15), their centres (..., 2) and strides (..., 1) -> corner (..., 2), size
    (..., 2) and points (..., 10), in pixels of the network's input.
    """
    log_size = ops.clip(raw[..., 3:5], -_LOG_SIZE_LIMIT, _LOG_SIZE_LIMIT)
    size = ops.exp(log_size) * (_BASE_SIZE * stride)
    corner = centre + raw[..., 1:3] * stride - 0.5 * size
    points = raw[..., 5:] * (_POINT_REACH * stride) + ops.tile(centre, (1, 1, POINTS))
    return corner, size, points


def _grid(feature: keras.KerasTensor, stride: int) -> keras.KerasTensor:
    """(1, H, W, 3): x, y of each cell's centre and its stride, in pixels of the network's input."""
    # Counting ones makes a grid of any size, which exports to ONNX with free height and width.
    ones = ops.ones_like(feature[:1, :, :, :1])
    first = (stride - 1) / 2 - stride
    x = ops.cumsum(ones, axis=2) * stride + first
    y = ops.cumsum(ones, axis=1) * stride + first
    return ops.concatenate([x, y, ones * stride], axis=-1)


def _residual(x: keras.KerasTensor) -> keras.KerasTensor:
    """1x1 to half the channels, 3x3 back, shortcut."""
    channels = x.shape[-1]
    y = convolution(x, channels // 2, kernel=1)
    y = convolution(y, channels, activate=False)
    return layers.ReLU()(layers.Add()([x, y]))


def _trunk(images: keras.KerasTensor, widths: tuple[int, int, int]) -> list[keras.KerasTensor]:
    """Features of the strides 8, 16 and 32."""
    # No normalisation at half resolution: there it would cost more than the convolution itself.
    x = PixelConvolution(16, 3, strides=2, padding="same", activation="relu")(images)
    # Few channels where there are many pixels: what is saved here pays for the blocks below.
    x = convolution(x, 16, stride=2)
    features = []
    for channels, blocks in zip(widths, (3, 3, 2), strict=True):
        x = convolution(x, channels, stride=2)
        for _ in range(blocks):
            x = _residual(x)
        features.append(x)
    return features


def _pyramid(
    features: list[keras.KerasTensor], channels: tuple[int, int, int]
) -> list[keras.KerasTensor]:
    """Adds what the coarser levels saw to the finer ones."""
    merged = convolution(features[-1], channels[-1], kernel=1)
    levels = [merged]
    for feature, width in zip(features[-2::-1], channels[-2::-1], strict=True):
        coarser = merged if merged.shape[-1] == width else convolution(merged, width, kernel=1)
        merged = layers.Add()(
            [convolution(feature, width, kernel=1), layers.UpSampling2D(2)(coarser)]
        )
        levels.insert(0, merged)
    return levels


def _head(level: keras.KerasTensor, bottleneck: int, stride: int) -> keras.KerasTensor:
    """(N, H, W, C) -> raw maps (N, H, W, 15)."""
    x = convolution(convolution(level, bottleneck, kernel=1), level.shape[-1])
    # Where the points are depends on the tilt as no linear read-out can tell.
    x = convolution(x, _READ_OUT, kernel=1)
    return layers.Conv2D(CELL_VALUES, 1, bias_initializer=FewFaces(), name=f"cells_{stride}")(x)


@keras.saving.register_keras_serializable("mien")
class FewFaces(keras.initializers.Initializer):
    """Biases of a head: scores start at the share of cells that show a face, the rest at 0."""

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> keras.KerasTensor:
        logit = -math.log((1 - _PRIOR) / _PRIOR)
        return ops.convert_to_tensor([logit] + [0.0] * (shape[0] - 1), dtype)


def detector_network(
    widths: tuple[int, int, int] = (32, 64, 96),
    pyramid: tuple[int, int, int] = (32, 48, 48),
    bottlenecks: tuple[int, int, int] = (16, 32, 48),
) -> keras.Model:
    """The network that is trained: uint8 RGB (N, H, W, 3) -> (N, M, 15), see `CELL_VALUES`.

    widths, pyramid, bottlenecks: channels of the trunk, of the pyramid and of its heads by stride.
    M = H * W / 64 + H * W / 256 + H * W / 1024: all cells of stride 8 first, then 16, then 32.
    """
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    levels = _pyramid(_trunk(images, widths), pyramid)
    heads = zip(levels, bottlenecks, STRIDES, strict=True)
    maps = [_head(level, bottleneck, stride) for level, bottleneck, stride in heads]
    return keras.Model(images, DecodeCells(name="cells")(maps), name="detector")


@keras.saving.register_keras_serializable("mien")
class BestCells(layers.Layer):
    """Raw maps of all strides -> the `SERVED_CELLS` cells that most likely show a face, best first.

    Out: boxes (N, C, 4), scores (N, C) in 0..1, points (N, C, 5, 2), all in pixels of the network's
    input; C is less in pictures of fewer cells. Few cells are decoded instead of all, and
    the answer comes sorted.
    """

    def call(self, maps: list[keras.KerasTensor]) -> dict[str, keras.KerasTensor]:
        batch = ops.shape(maps[0])[0]
        raw = ops.concatenate([ops.reshape(m, (batch, -1, CELL_VALUES)) for m in maps], axis=1)
        cells = ops.shape(raw)[1]
        logits, index = ops.top_k(raw[..., 0], ops.minimum(cells, SERVED_CELLS))
        # All rows of the batch below each other: taking along an axis exports as something slower.
        first = ops.expand_dims(ops.arange(batch, dtype=index.dtype) * cells, 1)
        best = ops.take(ops.reshape(raw, (-1, CELL_VALUES)), index + first, axis=0)
        centre, stride = _place_of_cells(index, ops.shape(maps[0])[1], ops.shape(maps[0])[2])
        corner, size, points = _decoded(best, centre, stride)
        return {
            "boxes": ops.concatenate([corner, size], axis=-1),
            "scores": ops.sigmoid(logits),
            "points": ops.reshape(points, (batch, -1, POINTS, 2)),
        }


def _place_of_cells(
    index: keras.KerasTensor, rows: keras.KerasTensor, columns: keras.KerasTensor
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Centres (..., 2) and strides (..., 1) of cells by number, for rows x columns of stride 8."""
    fine, middle = rows * columns, (rows // 2) * (columns // 2)
    beyond_fine = ops.cast(index >= fine, index.dtype)
    beyond_middle = ops.cast(index >= fine + middle, index.dtype)
    in_level = index - beyond_fine * fine - beyond_middle * middle
    coarser = 1 + beyond_fine + 2 * beyond_middle
    width = columns // coarser
    place = ops.stack([in_level % width, in_level // width], axis=-1)
    stride = ops.expand_dims(ops.cast(coarser * STRIDES[0], "float32"), -1)
    return (ops.cast(place, "float32") + 0.5) * stride - 0.5, stride


def served_network(trained: keras.Model) -> keras.Model:
    """What is exported: the trained network with the outputs `boxes`, `scores`, `points` of the
    service.
    """
    maps = trained.get_layer("cells").input
    return keras.Model(trained.input, BestCells(name="faces")(maps), name="detector")
