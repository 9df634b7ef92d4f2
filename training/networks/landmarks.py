"""MobileNetV2-like regression of landmarks with a standard deviation for each."""

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from training.networks.layers import pixels_to_unit_range
from training.networks.trunk import crop_trunk

# The first guess of every standard deviation, in unit-crop lengths; about 5 % of the eye distance.
_FIRST_STD = 0.02


@keras.saving.register_keras_serializable("mien")
class StopGradient(layers.Layer):
    """Passes its input on and no gradient back: the deviations must not disturb the points."""

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        return ops.stop_gradient(inputs)


def landmark_network(
    size: int, points: int, mean_points: NDArray[np.float32] | None = None, dropout: float = 0.1
) -> keras.Model:
    """Crop -> points and the logarithm of their standard deviations.

    In: (N, size, size, 3) pixels 0..255, RGB. Out: (N, points, 3): x, y in the unit crop, log of
    the standard deviation per axis in unit-crop lengths. `mean_points` (points, 2) starts the
    read-out at the mean face, so that training begins with its error and not with noise.
    """
    if size % 32:
        raise ValueError(f"size must be a multiple of 32, received {size}")

    # === Functional model ===
    crops = keras.Input((size, size, 3), name="crops")
    x = pixels_to_unit_range(crops)
    x = crop_trunk(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(dropout)(x)

    # === Heads ===
    start = np.full((points, 2), 0.5, np.float32) if mean_points is None else mean_points
    small = keras.initializers.VarianceScaling(0.01)
    xy = layers.Dense(
        points * 2, kernel_initializer=small, bias_initializer=_constant(start), name="xy"
    )(x)
    log_std = layers.Dense(
        points,
        kernel_initializer=small,
        bias_initializer=keras.initializers.Constant(float(np.log(_FIRST_STD))),
        name="log_std",
    )(StopGradient()(x))
    outputs = layers.Concatenate(name="points_and_log_std")(
        [layers.Reshape((points, 2))(xy), layers.Reshape((points, 1))(log_std)]
    )
    return keras.Model(crops, outputs, name="landmarks")


def serving_network(trained: keras.Model, std_scale: float = 1.0) -> keras.Model:
    """The graph to export: outputs `points` (N, K, 2) and `std` (N, K), both in unit-crop lengths.

    std_scale: the calibration factor of the deviations, measured on validation faces.
    """
    prediction = trained.output
    points = layers.Lambda(lambda p: p[..., :2], name="points")(prediction)
    std = layers.Lambda(lambda p: ops.exp(p[..., 2]) * std_scale, name="std")(prediction)
    return keras.Model(trained.input, [points, std], name="landmarks_serving")


def _constant(values: NDArray[np.float32]) -> keras.initializers.Initializer:
    flat = np.asarray(values, np.float32).ravel()
    return (
        keras.initializers.Constant(flat.tolist()) if flat.size == 1 else FixedBias(flat.tolist())
    )


@keras.saving.register_keras_serializable("mien", name="_FixedBias")  # as in files saved before
class FixedBias(keras.initializers.Initializer):
    """Starts a bias at the values given."""

    def __init__(self, values: list[float]) -> None:
        self.values = values

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> keras.KerasTensor:
        return ops.reshape(ops.convert_to_tensor(self.values, dtype=dtype or "float32"), shape)

    def get_config(self) -> dict[str, list[float]]:
        return {"values": self.values}
