"""Head pose as the model answers it for a crop, brought back before the camera."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.face.head_axes import turned_std, unrolled
from app.face.rotation import turn
from app.measuring.alignment import HeadInCrop
from app.measuring.pose import UNKNOWN_ANGLE, Pose, angle_std

Array = NDArray[np.float64]


def pose_from_rotation(rotation: Array, crop_angle: float, view: Array) -> Pose:
    """Without deviations. rotation: (3, 3) as the crop shows the head. The others: see below."""
    return Pose.of(view @ (turn(rotation, crop_angle) if crop_angle else rotation), "direct")


def pose_from_head(
    head: HeadInCrop, crop_angle: float, view: Array, convention: str | None = None
) -> Pose:
    """crop_angle: of the crop that the model saw (`Crop.angle`), degrees. view: (3, 3), towards
    the head (`view_towards`). convention: the one whose angles get a standard deviation; None: do
    without.
    """
    pose = pose_from_rotation(head.rotation, crop_angle, view)
    if convention is None:
        return pose
    std = head.rotation_std
    if crop_angle:
        std = turned_std(head.rotation, std, crop_angle)
    return replace(pose, std=_spread(pose, std, convention))


def _spread(pose: Pose, std: Array, convention: str) -> Mapping[str, float]:
    if convention != "canonical":
        axes = unrolled(pose.rotation) * std
        return angle_std(pose.rotation, axes @ axes.T, convention)
    # Written out, since nearly everybody asks for these. The turn about y is one of yaw times the
    # cosine of the pitch, and takes the roll along by the tangent.
    elevation, azimuth, roll = std.tolist()
    pitch = math.radians(pose.pitch)
    level = max(math.cos(pitch), 1e-6)
    spread = {
        "yaw": azimuth / level,
        "pitch": elevation,
        "roll": math.hypot(roll, azimuth * math.sin(pitch) / level),
    }
    return {name: min(value, UNKNOWN_ANGLE) for name, value in spread.items()}
