"""distances-mlp: the distances of all pairs of 68 points -> roll, pitch, yaw in degrees.

Distances stay what they are when a picture is turned, so roll cannot be learnt from them, and they
grow with the face. The repaired form divides them by the distance of the outer eye corners and adds
the angle of the line between these.
"""

import math
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike, NDArray

from training.networks.rotation_forms import RotationFromAngles

POINTS = 68
DISTANCES = POINTS * (POINTS - 1) // 2
_FIRST, _SECOND = np.triu_indices(POINTS, 1)
_EYES = (36, 45)  # outer corners: the subject's right, the left
# Squared lengths of the unit crop, far below a pixel: keeps root and division away from 0.
_TINY = 1e-8
_L2 = 0.01


@keras.saving.register_keras_serializable("mien")
class PairDistances(layers.Layer):
    """Points (N, 68, 2) -> the distances of all pairs (N, 2278); repaired: over that of the outer
    eye corners, and the degrees that their line is turned clockwise, (N, 2279).
    """

    def __init__(self, repaired: bool, **options: Any) -> None:
        super().__init__(**options)
        self.repaired = repaired

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        apart = ops.take(inputs, _FIRST, axis=1) - ops.take(inputs, _SECOND, axis=1)
        distances = ops.sqrt(ops.sum(ops.square(apart), axis=-1) + _TINY)
        if not self.repaired:
            return distances
        right, left = (inputs[:, corner] for corner in _EYES)
        eyes = left - right
        between = ops.sqrt(ops.sum(ops.square(eyes), axis=-1, keepdims=True) + _TINY)
        turned = ops.arctan2(eyes[:, 1:], eyes[:, :1]) * (180 / math.pi)
        return ops.concatenate([distances / between, turned], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, int]:
        return (input_shape[0], DISTANCES + self.repaired)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "repaired": self.repaired}


@keras.saving.register_keras_serializable("mien")
class Standardised(layers.Layer):
    """(N, F) -> the same over `deviation` after `mean` is taken away, both (F,).

    They are constants of the graph and no parameters. (Keras' own Normalization holds such numbers
    in tensors that an export would take for further inputs.)
    """

    def __init__(self, mean: list[float], deviation: list[float], **options: Any) -> None:
        super().__init__(**options)
        self.mean, self.deviation = mean, deviation

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        mean, deviation = (np.array(v, np.float32) for v in (self.mean, self.deviation))
        return (inputs - mean) / deviation

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "deviation": self.deviation}


def distances_mlp(points: ArrayLike, *, repaired: bool = False) -> keras.Model:
    """(N, 68, 2) unit crop -> (N, 3) roll, pitch, yaw in degrees; 45,823 parameters (20 more in the
    repaired form, for its angle).

    points: (n, 68, 2), those of the training faces; their features' mean and deviation standardise
    what goes in.
    """
    inputs = keras.Input((POINTS, 2), name="points")
    features = PairDistances(repaired, name="distances")
    mean, deviation = _moments(features, np.asarray(points, np.float32))
    x = Standardised(mean, deviation)(features(inputs))
    for width in (20, 10):
        x = layers.Dense(width, activation="relu", kernel_regularizer=keras.regularizers.L2(_L2))(x)
    name = "distances_mlp_repaired" if repaired else "distances_mlp"
    return keras.Model(inputs, layers.Dense(3, name="angles")(x), name=name)


def posing_network(landmarks: keras.Model, trained: keras.Model) -> keras.Model:
    """The graph to export: crops -> `points` (N, 68, 2), unit crop, and the `rotation` (N, 3, 3)
    that `trained` reads off them.

    landmarks: a network of training.networks.landmarks.
    """
    points = landmarks.output[..., :2]
    rotation = RotationFromAngles(name="rotation")(trained(points))
    return keras.Model(landmarks.input, {"points": points, "rotation": rotation})


def _moments(
    features: PairDistances, points: NDArray[np.float32]
) -> tuple[list[float], list[float]]:
    """Mean and deviation of each feature, (F,); of one that never changes the deviation is 1."""
    values = np.concatenate(
        [np.asarray(features(points[start : start + 512])) for start in range(0, len(points), 512)]
    ).astype(np.float64)
    deviation = values.std(axis=0)
    return values.mean(axis=0).tolist(), np.where(deviation > 0, deviation, 1.0).tolist()
