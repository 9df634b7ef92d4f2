"""Losses and metrics of the zoo.

Targets of points are (N, K, 3): x, y in the unit crop and a weight, 0 where a point was not seen;
predictions (N, K, 2). Targets and predictions of a head are both in the network's own form.
"""

import math
from collections.abc import Callable

import keras
from keras import ops

from training.faces.rotations import rotation_vector

Loss = Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]

_TINY = 1e-12


def squared_error(side: float = 1.0) -> Loss:
    """Mean squared error of the coordinates of points that exist, in pixels of a crop of `side`."""

    def loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
        squared = ops.mean(ops.square(side * (prediction - target[..., :2])), axis=-1)
        return _mean_of_seen(squared, target[..., 2])

    return loss


def mean_distance(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
    """Mean Euclidean distance over the points that exist, (N,), unit crop."""
    squared = ops.sum(ops.square(prediction - target[..., :2]), axis=-1)
    return _mean_of_seen(ops.sqrt(squared + _TINY), target[..., 2])


class PointDistance(keras.metrics.Mean):
    """Mean distance of the points that exist, in percent of the crop's side."""

    def __init__(self) -> None:
        super().__init__(name="distance_percent")

    def update_state(
        self,
        y_true: keras.KerasTensor,
        y_pred: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,
    ) -> None:
        super().update_state(100 * mean_distance(y_true, y_pred), sample_weight)


class Geodesic(keras.metrics.Mean):
    """The turn between true and predicted head in degrees, 0..180; never NaN.

    to_rotation: the network's form of a rotation (N, 3) -> (N, 3, 3).
    """

    def __init__(self, to_rotation: Callable[[keras.KerasTensor], keras.KerasTensor]) -> None:
        super().__init__(name="geodesic_degrees")
        self._to_rotation = to_rotation

    def update_state(
        self,
        y_true: keras.KerasTensor,
        y_pred: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,
    ) -> None:
        true, predicted = self._to_rotation(y_true), self._to_rotation(y_pred)
        error = rotation_vector(ops.matmul(predicted, ops.transpose(true, (0, 2, 1))))
        super().update_state(ops.norm(error, axis=-1) * (180 / math.pi), sample_weight)


def _mean_of_seen(values: keras.KerasTensor, weight: keras.KerasTensor) -> keras.KerasTensor:
    """(N, K) twice -> (N,); 0 for a face without points."""
    return ops.sum(weight * values, axis=-1) / ops.maximum(ops.sum(weight, axis=-1), 1.0)
