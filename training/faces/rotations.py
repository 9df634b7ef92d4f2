"""Errors of rotations about the axes of the unrolled head, in tensors."""

import keras
from keras import ops

_TINY = 1e-12


def axis_errors(true: keras.KerasTensor, predicted: keras.KerasTensor) -> keras.KerasTensor:
    """(N, 3, 3) twice -> (N, 3) radians: the turn from true to predicted as a rotation vector about
    the axes of the true head unrolled (elevation, azimuth, roll).

    Its length is the geodesic distance, 0..pi. It is never NaN, and neither is its gradient, which
    does not vanish towards 180 degrees, where that of a trace or of a sine does.
    """
    error = ops.matmul(predicted, ops.transpose(true, (0, 2, 1)))
    vector = rotation_vector(error)
    return ops.squeeze(ops.matmul(vector[:, None, :], unrolled(true)), axis=1)


def unrolled(rotation: keras.KerasTensor) -> keras.KerasTensor:
    """F = Ry(-yaw) Rx(-pitch) of rotations (N, 3, 3): same facing direction, roll 0.

    A head that looks straight up or down is taken to have yaw 0.
    """
    z = rotation[:, :, 2]
    level = ops.square(z[:, 0]) + ops.square(z[:, 2])
    locked = level < _TINY
    length = ops.sqrt(ops.where(locked, ops.ones_like(level), level))
    x = ops.stack(
        [
            ops.where(locked, ops.ones_like(level), z[:, 2] / length),
            ops.zeros_like(level),
            ops.where(locked, ops.zeros_like(level), -z[:, 0] / length),
        ],
        axis=-1,
    )
    y = ops.stack(
        [
            z[:, 1] * x[:, 2] - z[:, 2] * x[:, 1],
            z[:, 2] * x[:, 0] - z[:, 0] * x[:, 2],
            z[:, 0] * x[:, 1] - z[:, 1] * x[:, 0],
        ],
        axis=-1,
    )
    return ops.stack([x, y, z], axis=-1)


def rotation_vector(rotation: keras.KerasTensor) -> keras.KerasTensor:
    """(N, 3, 3) -> (N, 3): axis times angle, 0..pi.

    By way of the quaternion's largest component, which is at least a half, so that nothing is
    divided by a small number.
    """
    r = rotation
    xx, yy, zz = r[:, 0, 0], r[:, 1, 1], r[:, 2, 2]
    wx, wy, wz = r[:, 2, 1] - r[:, 1, 2], r[:, 0, 2] - r[:, 2, 0], r[:, 1, 0] - r[:, 0, 1]
    xy, xz, yz = r[:, 1, 0] + r[:, 0, 1], r[:, 0, 2] + r[:, 2, 0], r[:, 2, 1] + r[:, 1, 2]
    # 4 q q^T: each row is the quaternion times one of its components.
    diagonal = [1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz]
    rows = ops.stack(
        [
            ops.stack([diagonal[0], wx, wy, wz], axis=-1),
            ops.stack([wx, diagonal[1], xy, xz], axis=-1),
            ops.stack([wy, xy, diagonal[2], yz], axis=-1),
            ops.stack([wz, xz, yz, diagonal[3]], axis=-1),
        ],
        axis=1,
    )
    best = ops.one_hot(ops.argmax(ops.stack(diagonal, axis=-1), axis=-1), 4, dtype=rows.dtype)
    row = ops.sum(best[:, :, None] * rows, axis=1)
    quaternion = row / ops.sqrt(ops.sum(ops.square(row), axis=-1, keepdims=True) + _TINY)
    quaternion = ops.where(quaternion[:, :1] < 0, -quaternion, quaternion)
    # Smoothed at 0, where angle over sine tends to 2.
    sine = ops.sqrt(ops.sum(ops.square(quaternion[:, 1:]), axis=-1, keepdims=True) + _TINY)
    return quaternion[:, 1:] * (2 * ops.arctan2(sine, quaternion[:, :1]) / sine)
