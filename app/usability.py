"""May a program act on these numbers? Verdicts with reasons, by thresholds that were measured.

`python -m benchmarks.usability --data DIR` measures them: answers that are known to be right or
wrong, and how many of each are refused. They belong to one model; a new one is measured again. The
numbers below are those of landmarks-68 of November 2026 on: 416 crops of 104 photographs (300-W,
validation); 252 right answers for people who look at most 15 degrees to the side (Pointing'04,
persons 1 to 10), called frontal below; 1,000 boxes without a face and 300 of noise; 208 faces
upside down, 323 lying on their side, 408 boxes half beside the face; 400 profiles (75 and 90
degrees) and 199 faces at 60 degrees, all answered wrong, with a pose of about 30 degrees.

Not told: a nod of 60 degrees (17 % refused within 30 degrees of yaw, all of them wrong), and a turn
of 45 degrees that is answered as 20 (39 %).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box, face_box
from app.face.schemes.ibug_68 import IBUG_68
from app.pose import Pose
from app.quality import Quality

SMALLEST_FACE = 24  # image pixels: features are then a few pixels apart
LEAST_CONFIDENCE = 0.5
DARKEST, BRIGHTEST = 0.06, 0.97
LEAST_SHARPNESS = 0.08
UNSURE = 0.9  # quantile over the points: the tenth of them that the model is least sure of
# What the model expects to be off by, share of the face's size. Photographs have 0.026 (median),
# faces upside down 0.042, noise 0.06. Refuses 0.7 % of photographs, no frontal face; 98.6 % of
# upside-down and 98.5 % of lying faces, 94 % of boxes beside the face, all boxes of half a face or
# of twice its size whose landmarks are wrong, all noise, 99.8 % of boxes without a face.
LARGEST_STD = 0.033
# The pose asks for more: with `NEAREST_NOSE` it refuses 98 % of profiles and 90 % at 60 degrees; no
# frontal face, and 5 % of photographs (1.8 % of those within 25 degrees).
LARGEST_STD_OF_POSE = 0.0295
# IoU of the box with the face box of the landmarks. Photographs have 0.74 and more (99 %); boxes
# eight times too long or more have less than 0.35, all of them; no right answer to a box of 0.7
# times the face's size is refused, 2 % at 1.5 times.
LEAST_OVERLAP = 0.4
# See `nose_between_eyes`: 0.12 is the mean head at 38 degrees. The model's pose stops following
# there, its nose tip goes on. Alone it refuses 67 % at 60 degrees, 2 % of photographs.
NEAREST_NOSE = 0.12
# Degrees. No answer beyond was seen to be right; wrong ones from boxes of half a face go to 60.
LARGEST_YAW, LARGEST_PITCH = 50.0, 45.0
# Of the rigid head to the landmarks, share of the face's size: no photograph and no frontal face
# has as much, half of the answers to boxes of half a face do.
LARGEST_MISFIT = 0.055

_RIGHT_EYE, _LEFT_EYE, _NOSE_TIP = 36, 45, 30  # outer corners


@dataclass(frozen=True, slots=True)
class Usable:
    """landmarks, pose: whether to trust them. reasons: why not, see `Usable` in the schemas."""

    landmarks: bool
    pose: bool
    reasons: tuple[str, ...]


def judge(
    box: Box,
    confidence: float | None,
    points: NDArray[np.float64],
    std: NDArray[np.float64],
    quality: Quality,
    pose: Pose | None,
) -> Usable:
    """Verdict over one face; points: (K, 2), std: (K,), both in image pixels."""
    seen = _box_of(points, box)
    # Between both sizes: a box that is somewhat off changes the one, a wrong answer the other.
    size = (box.area * seen.area) ** 0.25
    unsure = float(np.quantile(std, UNSURE)) / size
    # Every limit is written so that NaN fails it.
    of_image = {
        "small": not quality.face_pixels >= SMALLEST_FACE,
        "truncated": quality.truncated,
        "low_confidence": confidence is not None and not confidence >= LEAST_CONFIDENCE,
        "dark": not quality.brightness >= DARKEST,
        "bright": not quality.brightness <= BRIGHTEST,
        "blurred": not quality.sharpness >= LEAST_SHARPNESS,
        "uncertain": not unsure <= LARGEST_STD,
        "box_mismatch": not seen.iou(box) >= LEAST_OVERLAP,
    }
    of_pose = {"no_pose": pose is None}
    if pose is not None:
        inside = abs(pose.yaw) <= LARGEST_YAW and abs(pose.pitch) <= LARGEST_PITCH
        of_pose["uncertain_pose"] = not unsure <= LARGEST_STD_OF_POSE
        of_pose["turned_away"] = not nose_between_eyes(points) >= NEAREST_NOSE
        of_pose["out_of_range"] = not inside
        of_pose["misfit"] = not pose.reprojection_error <= LARGEST_MISFIT * size
    landmarks = not any(of_image.values())
    return Usable(
        landmarks=landmarks,
        pose=landmarks and not any(of_pose.values()),
        reasons=tuple(name for name, holds in (of_image | of_pose).items() if holds),
    )


def nose_between_eyes(points: NDArray[np.float64]) -> float:
    """The nose tip's distance to the nearer outer eye corner over that to the farther one.

    Along the line through both corners: 1 when the nose is midway, 0 when it is level with a
    corner, negative beyond it; 0.27 for the mean head at 30 degrees of yaw, 0 at 45. NaN for two
    corners in one place. points: (68, 2).
    """
    right, left, nose = points[_RIGHT_EYE], points[_LEFT_EYE], points[_NOSE_TIP]
    across = left - right
    with np.errstate(invalid="ignore"):
        share = float((nose - right) @ across / (across @ across))
    near, far = sorted((share, 1.0 - share))
    return near / far


def _box_of(points: NDArray[np.float64], box: Box) -> Box:
    """The face box that the landmarks say; the box itself where they say none."""
    if len(points) != len(IBUG_68):
        return box
    try:
        return face_box(points)
    except ValueError:  # all points in one place or on one line
        return box
