"""The axes in which the uncertainty of a rotation is stated: those of the unrolled head.

F = Ry(-yaw) Rx(-pitch) is the head before it was tilted, R = F Rz(roll). Its x axis lies level: a
small turn about it is one of elevation (pitch); about y, of azimuth (yaw) times the cosine of the
pitch; about z, which the face looks along, of roll. Degrees throughout, over any leading axes.
"""

import numpy as np
from numpy.typing import ArrayLike

from app.face.rotation import from_euler, to_euler, to_rotation_vector, turn
from app.face.rotation_forms import Array, matrices

_LOCKED = 1e-7  # cosine of the pitch below which no axis of the unrolled head is told by its z


def unrolled(rotation: ArrayLike) -> Array:
    """(..., 3, 3) -> F (..., 3, 3): F's z axis is the head's, its x axis level.

    Looking straight up or down the head counts as not tilted, as in `to_euler`.
    """
    r = matrices(rotation)
    x, y, z = r[..., 0, 2], r[..., 1, 2], r[..., 2, 2]
    locked = np.hypot(x, z) < _LOCKED
    along, into = np.where(locked, r[..., 0, 0], z), np.where(locked, r[..., 2, 0], -x)
    length = np.hypot(along, into)
    along, into = along / length, into / length
    # Written out, as the x axis has no second part: numpy's cross product takes far longer.
    frame = np.zeros(r.shape)
    frame[..., 0, 0], frame[..., 2, 0] = along, into
    frame[..., 0, 1], frame[..., 1, 1], frame[..., 2, 1] = (
        y * into,
        z * along - x * into,
        -y * along,
    )
    frame[..., 2] = r[..., 2]
    return frame


def axis_errors(predicted: ArrayLike, truth: ArrayLike) -> Array:
    """(..., 3) degrees: the turn from the true to the predicted rotation, about the axes of the
    predicted unrolled head.
    """
    found, true = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    in_camera = to_rotation_vector(found @ np.swapaxes(true, -1, -2))
    return np.asarray(np.degrees(_turned(np.swapaxes(unrolled(found), -1, -2), in_camera)))


def with_roll_of(truth: ArrayLike, other: ArrayLike) -> Array:
    """The rotation that faces as `truth` does, rolled as `other`: for labels without roll."""
    yaw, pitch, _ = to_euler(truth)
    return from_euler(yaw, pitch, to_euler(other)[2])


def turned_std(rotation: ArrayLike, std: ArrayLike, clockwise_degrees: ArrayLike) -> Array:
    """(..., 3) deviations of `rotation` -> those of the rotation once the image has been turned.

    The errors about the three axes are taken as independent; what of them lies along the new axes
    counts.
    """
    before, after = unrolled(rotation), unrolled(turn(rotation, clockwise_degrees))
    between = np.swapaxes(after, -1, -2) @ turn(before, clockwise_degrees)
    variance = np.asarray(std, np.float64) ** 2
    return np.asarray(np.sqrt(_turned(between**2, variance)))


def _turned(matrix: Array, vector: Array) -> Array:
    return np.asarray((matrix @ vector[..., None])[..., 0])
