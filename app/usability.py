"""May a program act on these numbers? Verdicts with reasons, by thresholds that are written down.

The thresholds are set by hand, on the careful side; they are not calibrated against errors yet.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box
from app.pose import Pose
from app.quality import Quality

SMALLEST_FACE = 24  # image pixels: features are then a few pixels apart
LEAST_CONFIDENCE = 0.5
DARKEST, BRIGHTEST = 0.06, 0.97
LEAST_SHARPNESS = 0.08
LARGEST_STD = 0.06  # median over the points, share of the face's size
LARGEST_YAW, LARGEST_PITCH = 75.0, 60.0  # degrees: beyond, half of the points are hidden
LARGEST_MISFIT = 0.08  # of the rigid head to the landmarks, share of the face's size


@dataclass(frozen=True, slots=True)
class Usable:
    """landmarks, pose: whether to trust them. reasons: why not, see `Usable` in the schemas."""

    landmarks: bool
    pose: bool
    reasons: tuple[str, ...]


def judge(
    box: Box,
    confidence: float | None,
    std: NDArray[np.float64],
    quality: Quality,
    pose: Pose | None,
) -> Usable:
    """Verdict over one face; std: (K,) image pixels."""
    size = box.area**0.5
    of_image = {
        "small": quality.face_pixels < SMALLEST_FACE,
        "truncated": quality.truncated,
        "low_confidence": confidence is not None and confidence < LEAST_CONFIDENCE,
        "dark": quality.brightness < DARKEST,
        "bright": quality.brightness > BRIGHTEST,
        "blurred": quality.sharpness < LEAST_SHARPNESS,
        "uncertain": float(np.median(std)) > LARGEST_STD * size,
    }
    of_pose = {"no_pose": pose is None}
    if pose is not None:
        of_pose["out_of_range"] = abs(pose.yaw) > LARGEST_YAW or abs(pose.pitch) > LARGEST_PITCH
        of_pose["misfit"] = pose.reprojection_error > LARGEST_MISFIT * size
    landmarks = not any(of_image.values())
    return Usable(
        landmarks=landmarks,
        pose=landmarks and not any(of_pose.values()),
        reasons=tuple(name for name, holds in (of_image | of_pose).items() if holds),
    )
