"""Other ways to write a rotation matrix: quaternion, rotation vector, 6D; nothing here knows of
heads.

All functions work on float64 and over any leading axes.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_TINY = 1e-12


def about(axis: int, degrees: Array) -> Array:
    """Right-handed rotations about a camera axis, (...) degrees -> (..., 3, 3)."""
    radians = np.radians(degrees)
    following, last = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((*np.shape(radians), 3, 3))
    matrix[..., axis, axis] = 1.0
    matrix[..., following, following] = matrix[..., last, last] = np.cos(radians)
    matrix[..., last, following] = np.sin(radians)
    matrix[..., following, last] = -matrix[..., last, following]
    return matrix


def matrices(rotation: ArrayLike) -> Array:
    matrix = np.asarray(rotation, np.float64)
    if matrix.shape[-2:] != (3, 3):
        raise ValueError(f"A rotation is (..., 3, 3). Received shape: {matrix.shape}")
    return matrix


def to_quaternion(rotation: ArrayLike) -> Array:
    """(..., 3, 3) -> (..., 4) unit quaternion (w, x, y, z) with w >= 0."""
    r = matrices(rotation)
    xx, yy, zz = r[..., 0, 0], r[..., 1, 1], r[..., 2, 2]
    wx, wy, wz = (
        r[..., 2, 1] - r[..., 1, 2],
        r[..., 0, 2] - r[..., 2, 0],
        r[..., 1, 0] - r[..., 0, 1],
    )
    xy, xz, yz = (
        r[..., 1, 0] + r[..., 0, 1],
        r[..., 0, 2] + r[..., 2, 0],
        r[..., 2, 1] + r[..., 1, 2],
    )
    # 4 q q^T: each row is the quaternion times one of its components; the largest is the exact one.
    rows = np.stack(
        [
            np.stack([1 + xx + yy + zz, wx, wy, wz], axis=-1),
            np.stack([wx, 1 + xx - yy - zz, xy, xz], axis=-1),
            np.stack([wy, xy, 1 - xx + yy - zz, yz], axis=-1),
            np.stack([wz, xz, yz, 1 - xx - yy + zz], axis=-1),
        ],
        axis=-2,
    )
    best = np.argmax(np.diagonal(rows, axis1=-2, axis2=-1), axis=-1)
    quaternion = np.take_along_axis(rows, best[..., None, None], axis=-2)[..., 0, :]
    quaternion = quaternion / np.linalg.norm(quaternion, axis=-1, keepdims=True)
    return np.asarray(np.where(quaternion[..., :1] < 0, -quaternion, quaternion) + 0.0)


def from_quaternion(quaternion: ArrayLike) -> Array:
    """(..., 4) quaternion (w, x, y, z) of any length but zero (ValueError) -> (..., 3, 3)."""
    q = np.asarray(quaternion, np.float64)
    length = np.linalg.norm(q, axis=-1, keepdims=True)
    if q.shape[-1:] != (4,) or not np.all(length > _TINY):
        raise ValueError(f"A quaternion is (..., 4) and not zero. Received shape: {q.shape}")
    w, x, y, z = np.moveaxis(q / length, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def to_rotation_vector(rotation: ArrayLike) -> Array:
    """(..., 3, 3) -> (..., 3): the axis times the angle in radians, 0..pi."""
    q = to_quaternion(rotation)
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, q[..., :1])
    # angle / sine tends to 2 as both vanish.
    return q[..., 1:] * np.where(sine > _TINY, angle / np.maximum(sine, _TINY), 2.0)


def to_six(rotation: ArrayLike) -> Array:
    """(..., 3, 3) -> (..., 6): the first column, then the second (Zhou et al. 2019)."""
    r = matrices(rotation)
    return np.concatenate([r[..., :, 0], r[..., :, 1]], axis=-1)


def from_six(six: ArrayLike) -> Array:
    """(..., 6) two columns, neither unit nor orthogonal -> (..., 3, 3) by Gram-Schmidt.

    ValueError when the two are zero or parallel.
    """
    values = np.asarray(six, np.float64)
    if values.shape[-1:] != (6,):
        raise ValueError(f"The 6D form is (..., 6). Received shape: {values.shape}")
    x = _unit(values[..., :3])
    second = _unit(values[..., 3:])
    y = _unit(second - (x * second).sum(axis=-1, keepdims=True) * x)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not np.all(length > _TINY):
        raise ValueError(
            "The two columns of a 6D rotation must be finite, not zero and not parallel."
        )
    return np.asarray(vectors / length)
