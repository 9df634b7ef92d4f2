"""The rotation convention, and every conversion from and to it.

Camera frame, as in OpenCV: x to the right of the image, y down, z away from the camera. A rotation
R (3, 3) takes head coordinates to camera coordinates; identity is an upright face that looks
straight into the camera. Head frame: x to the subject's left (the image's right when frontal), y
down, z into the head. Degrees, as the viewer of the image sees it: yaw > 0 the face turns to the
image's right, pitch > 0 it looks up, roll > 0 it tilts clockwise. R = Ry(-yaw) Rx(-pitch) Rz(roll):
yaw and pitch are the azimuth and elevation of the facing direction R (0, 0, -1), roll is the turn
about it.

All functions work on float64 and over any leading axes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from app.face.one_rotation import LOCKED, euler_of
from app.face.rotation_forms import (
    Array,
    about,
    from_quaternion,
    from_six,
    matrices,
    to_quaternion,
    to_rotation_vector,
    to_six,
)

__all__ = [
    "CONVENTIONS",
    "Convention",
    "from_300w_lp",
    "from_euler",
    "from_quaternion",
    "from_six",
    "geodesic_degrees",
    "mirror",
    "to_300w_lp",
    "to_euler",
    "to_quaternion",
    "to_rotation_vector",
    "to_six",
    "turn",
]

_MIRROR = np.outer((-1.0, 1.0, 1.0), (-1.0, 1.0, 1.0))  # M R M for M = diag(-1, 1, 1), by element


def from_euler(yaw: ArrayLike, pitch: ArrayLike, roll: ArrayLike) -> Array:
    """Degrees, broadcast to (...), -> (..., 3, 3)."""
    yaw, pitch, roll = np.broadcast_arrays(*(np.asarray(a, np.float64) for a in (yaw, pitch, roll)))
    return about(1, -yaw) @ about(0, -pitch) @ about(2, roll)


def to_euler(rotation: ArrayLike) -> tuple[Array, Array, Array]:
    """(..., 3, 3) -> yaw (-180, 180], pitch [-90, 90], roll (-180, 180], each (...), degrees.

    At gimbal lock (looking straight up or down) roll is 0.
    """
    r = matrices(rotation)
    facing = -r[..., :, 2]
    level = np.hypot(facing[..., 0], facing[..., 2])
    pitch = np.arctan2(-facing[..., 1], level)
    locked = level < LOCKED
    yaw = np.where(
        locked,
        np.arctan2(r[..., 2, 0], r[..., 0, 0]),
        np.arctan2(facing[..., 0], -facing[..., 2]),
    )
    # The head's x axis within the plane that the unrolled head's x and y axes span. Taking the
    # plane from the yaw just found makes the three angles give R back even close to the lock.
    sine, cosine = np.sin(yaw), np.cos(yaw)
    unrolled_y = np.stack([sine * np.sin(pitch), np.cos(pitch), -cosine * np.sin(pitch)], axis=-1)
    along_x = r[..., 0, 0] * cosine + r[..., 2, 0] * sine
    along_y = (r[..., :, 0] * unrolled_y).sum(axis=-1)
    roll = np.where(locked, 0.0, np.arctan2(along_y, along_x))
    return _degrees(yaw), np.degrees(pitch) + 0.0, _degrees(roll)


def mirror(rotation: ArrayLike) -> Array:
    """The rotation of the mirrored image: yaw and roll change sign, pitch stays."""
    return matrices(rotation) * _MIRROR


def turn(rotation: ArrayLike, clockwise_degrees: ArrayLike) -> Array:
    """The rotation once the image has been turned clockwise (frontal face: roll + degrees)."""
    return about(2, np.asarray(clockwise_degrees, np.float64)) @ matrices(rotation)


def geodesic_degrees(first: ArrayLike, second: ArrayLike) -> Array:
    """The angle of the turn between two rotations, 0..180; never NaN for rotations."""
    relative = np.swapaxes(matrices(first), -1, -2) @ matrices(second)
    skew = relative - np.swapaxes(relative, -1, -2)
    # Sine and cosine together: arccos alone is blind near 0 and 180 and leaves its domain by
    # rounding.
    sine = np.linalg.norm(skew, axis=(-2, -1)) / np.sqrt(8.0)
    cosine = (np.trace(relative, axis1=-2, axis2=-1) - 1) / 2
    return np.asarray(np.degrees(np.arctan2(sine, cosine)))


def from_300w_lp(pitch: ArrayLike, yaw: ArrayLike, roll: ArrayLike) -> Array:
    """Angles in degrees as in the labels of 300W-LP and AFLW2000-3D -> (..., 3, 3).

    Their matrix is Rx Ry Rz of transposed elementary matrices in a frame with y up and z to the
    viewer.
    """
    pitch, yaw, roll = np.broadcast_arrays(*(np.asarray(a, np.float64) for a in (pitch, yaw, roll)))
    return about(0, -pitch) @ about(1, yaw) @ about(2, roll)


def to_300w_lp(rotation: ArrayLike) -> tuple[Array, Array, Array]:
    """(..., 3, 3) -> pitch, yaw [-90, 90], roll in degrees; the inverse of `from_300w_lp`.

    At the lock (yaw of +-90) roll is 0.
    """
    r = matrices(rotation)
    level = np.hypot(r[..., 0, 0], r[..., 0, 1])
    yaw = np.arctan2(r[..., 0, 2], level)
    locked = level < LOCKED
    pitch = np.where(
        locked, np.arctan2(-r[..., 2, 1], r[..., 1, 1]), np.arctan2(r[..., 1, 2], r[..., 2, 2])
    )
    # Undo the pitch found; what is left of the second row is the roll, also close to the lock.
    second = np.cos(pitch)[..., None] * r[..., 1, :] - np.sin(pitch)[..., None] * r[..., 2, :]
    roll = np.where(locked, 0.0, np.arctan2(second[..., 0], second[..., 1]))
    return _degrees(pitch), np.degrees(yaw) + 0.0, _degrees(roll)


@dataclass(frozen=True, slots=True)
class Convention:
    """A named way to write a rotation down. fields: one (3, 3) rotation -> its named values."""

    name: str
    description: str
    fields: Callable[[Array], dict[str, float | list[float]]]


def _canonical(rotation: Array) -> dict[str, float | list[float]]:
    yaw, pitch, roll = euler_of(rotation)
    return {"yaw": yaw, "pitch": pitch, "roll": roll}


def _300w_lp(rotation: Array) -> dict[str, float | list[float]]:
    pitch, yaw, roll = to_300w_lp(rotation)
    return {"pitch": float(pitch), "yaw": float(yaw), "roll": float(roll)}


def _opencv(rotation: Array) -> dict[str, float | list[float]]:
    return {"rotation_vector": to_rotation_vector(rotation).tolist()}


def _openvino(rotation: Array) -> dict[str, float | list[float]]:
    yaw, pitch, roll = euler_of(rotation)
    return {"yaw": yaw, "pitch": 0.0 - pitch, "roll": roll}


CONVENTIONS: Mapping[str, Convention] = MappingProxyType(
    {
        convention.name: convention
        for convention in (
            Convention(
                "canonical",
                "Degrees. yaw > 0: the face turns to the image's right; pitch > 0: it looks up; "
                "roll > 0: it tilts clockwise in the image. R = Ry(-yaw) Rx(-pitch) Rz(roll).",
                _canonical,
            ),
            Convention(
                "300w-lp",
                "Degrees, as in the labels of 300W-LP and AFLW2000-3D. yaw > 0: the nose points to "
                "the image's left; pitch > 0: up; roll > 0: clockwise. "
                "R = Rx(-pitch) Ry(yaw) Rz(roll).",
                _300w_lp,
            ),
            Convention(
                "opencv-rodrigues",
                "Rotation vector in radians of the rotation from head to camera, as cv2.Rodrigues "
                "and cv2.solvePnP write it; head axes: subject's left, down, into the head.",
                _opencv,
            ),
            Convention(
                "openvino",
                "Degrees, by the matrix in the documentation of head-pose-estimation-adas-0001. "
                "yaw > 0: to the image's right; pitch > 0: DOWN; roll > 0: clockwise. "
                "R = Ry(-yaw) Rx(pitch) Rz(roll).",
                _openvino,
            ),
        )
    }
)


def _degrees(radians: Array) -> Array:
    """Degrees in (-180, 180], without a negative zero."""
    degrees = np.degrees(radians)
    return np.where(degrees <= -180.0, degrees + 360.0, degrees) + 0.0
