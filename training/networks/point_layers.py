"""What is seen where each point lies, and read-outs of its own for each point."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from training.networks.bins import bin_centres
from training.networks.landmarks import FixedBias

_DEVIATION = 0.6  # of the bells, in cells: about what bilinear sampling looks at


@keras.saving.register_keras_serializable("mien")
class LocalFeatures(layers.Layer):
    """Points (N, K, 2) in the unit square and features (N, cells, cells, C) of it -> (N, K, C): the
    features around each point, by bells.

    Bells rather than bilinear sampling: a product of matrices, where gathering is exported with
    dozens of steps about indices.
    """

    def call(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        points, features = inputs
        count, cells, channels = points.shape[1], features.shape[1], features.shape[3]
        # Shapes are given whole: indexing with None is exported with a slice that cuts nothing.
        away = ops.reshape(points, (-1, count, 2, 1)) - bin_centres(0.0, 1.0, cells)
        squared = ops.reshape(ops.square(away), (-1, 2 * cells))
        at = ops.exp(ops.matmul(squared, _exponents(cells)))
        at = ops.reshape(at, (-1, count, cells**2))
        return ops.matmul(at, ops.reshape(features, (-1, cells**2, channels)))

    def compute_output_shape(
        self, input_shape: list[tuple[int | None, ...]]
    ) -> tuple[int | None, ...]:
        return (*input_shape[0][:2], input_shape[1][-1])


def _exponents(cells: int) -> NDArray[np.float32]:
    """(2 * cells, cells * cells): makes of squared distances from columns and rows the exponent of
    each cell's bell, by rows; in a product this is faster than two bells multiplied cell by cell.
    """
    one, ones = np.eye(cells, dtype=np.float32), np.ones((1, cells), np.float32)
    negative = -0.5 * np.float32(cells / _DEVIATION) ** 2
    return negative * np.vstack([np.kron(ones, one), np.kron(one, ones)])


@keras.saving.register_keras_serializable("mien")
class PointReadOut(layers.Layer):
    """(N, K, F) -> (N, K, width), linear, with weights of its own for each point.

    start: the values that it begins with, almost, one for each of width.
    """

    def __init__(self, start: list[float], **options: Any) -> None:
        super().__init__(**options)
        self.start = start

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        points, width = int(input_shape[1] or 0), len(self.start)
        small = keras.initializers.RandomNormal(stddev=0.1 / np.sqrt(input_shape[2] or 1))
        self.kernel = self.add_weight((points, width, input_shape[2]), small, name="kernel")
        begin = FixedBias(self.start * points)
        self.bias = self.add_weight((points, width), begin, name="bias")

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        points, features = inputs.shape[1:]
        each = ops.reshape(inputs, (-1, points, 1, features))
        return ops.sum(each * self.kernel, axis=-1) + self.bias

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:2], len(self.start))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "start": self.start}
