"""Rotation vectors and angles -> rotation matrices, inside the network.

Always a proper rotation, and neither value nor gradient is ever NaN, whatever the numbers are.
"""

import math

import keras
from keras import layers, ops

# Radians squared; below it the series is exact in float32, above it the quotients are.
_SMALL = 1e-4


@keras.saving.register_keras_serializable("mien")
class RotationFromVector(layers.Layer):
    """(N, 3) axis times angle in radians, as cv2.Rodrigues writes it -> (N, 3, 3)."""

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        squared = ops.sum(ops.square(inputs), axis=-1, keepdims=True)
        small = squared < _SMALL
        # The inner choice keeps the gradient of the unused branch finite.
        angle = ops.sqrt(ops.where(small, ops.ones_like(squared), squared))
        half = ops.sin(angle / 2) / angle
        sine = ops.where(small, 1 - squared / 6, ops.sin(angle) / angle)  # sin(a) / a
        cosine = ops.where(small, 0.5 - squared / 24, 2 * half * half)  # (1 - cos(a)) / a^2
        x, y, z = (inputs[:, axis] for axis in range(3))
        sx, sy, sz = (sine[:, 0] * part for part in (x, y, z))
        along = 1 - (cosine * squared)[:, 0]
        cx, cy, cz = (cosine[:, 0] * part for part in (x, y, z))
        return _rows(
            [along + cx * x, cx * y - sz, cx * z + sy],
            [cx * y + sz, along + cy * y, cy * z - sx],
            [cx * z - sy, cy * z + sx, along + cz * z],
        )

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], 3, 3)


@keras.saving.register_keras_serializable("mien")
class RotationFromAngles(layers.Layer):
    """(N, 3) roll, pitch, yaw in degrees -> (N, 3, 3) of the canonical convention,
    Ry(-yaw) Rx(-pitch) Rz(roll) (app.face.rotation).
    """

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        radians = inputs * (math.pi / 180)
        sine, cosine = ops.sin(radians), ops.cos(radians)
        (sr, sp, sy), (cr, cp, cy) = (
            [parts[:, axis] for axis in range(3)] for parts in (sine, cosine)
        )
        return _rows(
            [cy * cr + sy * sp * sr, sy * sp * cr - cy * sr, -sy * cp],
            [cp * sr, cp * cr, sp],
            [sy * cr - cy * sp * sr, -sy * sr - cy * sp * cr, cy * cp],
        )

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], 3, 3)


def _rows(*rows: list[keras.KerasTensor]) -> keras.KerasTensor:
    return ops.stack([ops.stack(row, axis=-1) for row in rows], axis=1)
