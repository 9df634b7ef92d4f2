"""A tiny anchor-free face detector: a plain convolutional trunk, a top-down pyramid, one cell one
guess.

Every cell of the strides 8, 16 and 32 gives a score, a box and five points, already decoded to
pixels of the input, so nothing of the decoding can differ between training and serving. Height and
width are free (multiples of 32).

Plain 3x3 convolutions with 1x1 bottlenecks are used, not depthwise ones: on one CPU core they train
twice as fast at two to three times the arithmetic.
"""

import math

import keras
from keras import layers, ops

from training.networks.layers import convolution, pixels_to_unit_range

STRIDES = (8, 16, 32)
POINTS = 5
CELL_VALUES = 1 + 4 + 2 * POINTS
"""One cell of the training network's output: logit, x, y, width, height, five points (x, y)."""

_BASE_SIZE = 4.0  # box sides are exp(value) times this many strides
_POINT_REACH = 2.0  # points lie within a few times this many strides from the cell
_LOG_SIZE_LIMIT = 4.0
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
        centre, stride = grid[..., :2], grid[..., 2:]
        log_size = ops.clip(raw[..., 3:5], -_LOG_SIZE_LIMIT, _LOG_SIZE_LIMIT)
        size = ops.exp(log_size) * (_BASE_SIZE * stride)
        corner = centre + raw[..., 1:3] * stride - 0.5 * size
        points = raw[..., 5:] * (_POINT_REACH * stride) + ops.tile(centre, (1, 1, POINTS))
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


def _trunk(x: keras.KerasTensor, widths: tuple[int, int, int]) -> list[keras.KerasTensor]:
    """Features of the strides 8, 16 and 32."""
    # No normalisation at half resolution: there it would cost more than the convolution itself.
    x = layers.Conv2D(8, 4, strides=2, padding="same", activation="relu")(x)
    x = convolution(x, 32, stride=2)
    features = []
    for channels, blocks in zip(widths, (2, 2, 2), strict=True):
        x = convolution(x, channels, stride=2)
        for _ in range(blocks):
            x = _residual(x)
        features.append(x)
    return features


def _pyramid(features: list[keras.KerasTensor], channels: int) -> list[keras.KerasTensor]:
    """Adds what the coarser levels saw to the finer ones."""
    merged = convolution(features[-1], channels, kernel=1)
    levels = [merged]
    for feature in reversed(features[:-1]):
        merged = layers.Add()(
            [convolution(feature, channels, kernel=1), layers.UpSampling2D(2)(merged)]
        )
        levels.insert(0, merged)
    return levels


def _head(level: keras.KerasTensor, stride: int) -> keras.KerasTensor:
    x = convolution(convolution(level, level.shape[-1] // 2, kernel=1), level.shape[-1])
    logit_start = keras.initializers.Constant(-math.log((1 - _PRIOR) / _PRIOR))
    logit = layers.Conv2D(1, 1, bias_initializer=logit_start, name=f"logit_{stride}")(x)
    place = layers.Conv2D(CELL_VALUES - 1, 1, name=f"place_{stride}")(x)
    return layers.Concatenate()([logit, place])


def detector_network(widths: tuple[int, int, int] = (48, 64, 96), pyramid: int = 48) -> keras.Model:
    """The network that is trained: uint8 RGB (N, H, W, 3) -> (N, M, 15), see `CELL_VALUES`.

    M = H * W / 64 + H * W / 256 + H * W / 1024: all cells of stride 8 first, then 16, then 32.
    """
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    levels = _pyramid(_trunk(pixels_to_unit_range(images), widths), pyramid)
    maps = [_head(level, stride) for level, stride in zip(levels, STRIDES, strict=True)]
    return keras.Model(images, DecodeCells(name="cells")(maps), name="detector")


@keras.saving.register_keras_serializable("mien")
class SplitCells(layers.Layer):
    """(N, M, 15) -> boxes (N, M, 4), scores (N, M) in 0..1, points (N, M, 5, 2)."""

    def call(self, cells: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
        points = ops.reshape(cells[..., 5:], (-1, ops.shape(cells)[1], POINTS, 2))
        return {
            "boxes": cells[..., 1:5],
            "scores": ops.sigmoid(cells[..., 0]),
            "points": points,
        }


def served_network(trained: keras.Model) -> keras.Model:
    """What is exported: the trained network with the outputs `boxes`, `scores`, `points` of the
    service.
    """
    return keras.Model(trained.input, SplitCells(name="faces")(trained.output), name="detector")
