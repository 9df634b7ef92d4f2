"""Head pose as the model answers it for a crop, brought back into the image.

The camera plays no part: a model that sees a crop does not know where in the image it was cut.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from app.alignment import HeadInCrop
from app.face.head_axes import turned_std, unrolled
from app.face.rotation import turn
from app.pose import UNKNOWN_ANGLE, Pose, angle_std

Array = NDArray[np.float64]


def pose_from_head(head: HeadInCrop, crop_angle: float, convention: str | None = None) -> Pose:
    """crop_angle: of the crop that the model saw (`Crop.angle`), degrees. convention: the one whose
    angles get a standard deviation; None: do without.
    """
    if not crop_angle:
        pose, std = Pose.of(head.rotation, "direct"), head.rotation_std
    else:
        pose = Pose.of(turn(head.rotation, crop_angle), "direct")
        std = head.rotation_std
        if convention is not None:
            std = turned_std(head.rotation, std, crop_angle)
    if convention is None:
        return pose
    return Pose.of(pose.rotation, "direct", _spread(pose, std, convention))


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
