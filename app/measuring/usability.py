"""May a program act on these numbers? Verdicts with reasons, by thresholds that were measured.

What speaks against the picture and the box is here; what speaks against an answer depends on the
kind of the model: `app.measuring.landmark_limits`, `app.measuring.face_limits`.
`python -m benchmarks.usability --data DIR` measures the limits: answers that are known to be right
or wrong, and how many of each are refused.
"""

import math
from dataclasses import dataclass

from app.face.geometry import Box, face_box
from app.face.schemes.ibug_68 import IBUG_68
from app.measuring import face_limits, landmark_limits
from app.measuring.alignment import HeadInCrop
from app.measuring.pose import Array, Pose
from app.measuring.quality import Quality

SMALLEST_FACE = 24  # image pixels: features are then a few pixels apart
LEAST_CONFIDENCE = 0.5
DARKEST, BRIGHTEST = 0.06, 0.97
LEAST_SHARPNESS = 0.08
# IoU of the box with the face box of the landmarks. Photographs have 0.74 and more (99 %); boxes
# eight times too long or more have less than 0.35, all of them; no right answer to a box of 0.7
# times the face's size is refused, 2 % at 1.5 times (landmarks-68).
LEAST_OVERLAP = 0.4
# The pose asks for more, since from a box beside the face it goes wrong before the landmarks do:
# how far the middles of both boxes are apart (share of the sides), and the logarithm of the ratio
# of their sizes, since a crop follows from these two; each alone up to this much, together as on an
# ellipse. Of 3,419 poses that are wrong by more than 10 degrees because the box was moved and
# scaled at will 3 % are kept (face-68-research, validation; 23 % by `LEAST_OVERLAP` alone), and 3 %
# of the right ones are lost where it was moved by up to 10 % and scaled by 15 %. An IoU of 0.65
# keeps 2 %, but loses half of the right poses for boxes 1.25 times as large.
FARTHEST_OF_POSE, MOST_SCALED_OF_POSE = 0.16, 0.28


@dataclass(frozen=True, slots=True)
class Usable:
    """landmarks, pose: whether to trust them. reasons: why not, see `Usable` in the schemas."""

    landmarks: bool
    pose: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeenBox:
    """The box beside the face box of the landmarks. overlap: their IoU. away: between their
    middles, share of the sides. scaled: the logarithm of how many times the box is as large.
    size: of the face, pixels.
    """

    overlap: float
    away: float
    scaled: float
    size: float


def judge(
    box: Box,
    confidence: float | None,
    points: Array,
    std: Array,
    quality: Quality,
    pose: Pose | None,
    head: HeadInCrop | None = None,
    split: float = 0.0,
) -> Usable:
    """Verdict over one face, all of it in the image turned so that the head is upright.

    points: (K, 2), std: (K,), both in image pixels. head: of the models that tell it; split: how
    far the pose is from theirs, degrees.
    """
    seen = seen_as(points, box)
    size = seen.size
    of_image = _against_image(confidence, quality, seen.overlap, head)
    if head is None:
        of_landmarks = landmark_limits.against_landmarks(std / size)
    else:
        of_landmarks = face_limits.against_landmarks(std / size, head)
    if pose is None:
        of_pose = {"no_pose": True}
    elif head is None:
        of_pose = landmark_limits.against_pose(points, std / size, pose, size)
    else:
        of_pose = face_limits.against_pose(std / size, pose, head, split, size)
    beside = math.hypot(seen.away / FARTHEST_OF_POSE, seen.scaled / MOST_SCALED_OF_POSE)
    of_pose |= {"box_mismatch": of_image["box_mismatch"] or not beside <= 1}
    reasons = of_image | of_landmarks | of_pose
    # A pose that does not come from the landmarks does not need them either.
    direct = pose is not None and pose.method == "direct"
    needed = of_image | of_pose if direct else reasons
    return Usable(
        landmarks=not any((of_image | of_landmarks).values()),
        pose=not any(needed.values()),
        reasons=tuple(name for name, holds in reasons.items() if holds),
    )


def judge_unrated(confidence: float | None, quality: Quality) -> Usable:
    """Verdict over an answer whose model does not say how far it is to be trusted: not at all."""
    reasons = {**_against_image(confidence, quality, 1.0, None), "unrated": True}
    return Usable(False, False, tuple(name for name, holds in reasons.items() if holds))


def _against_image(
    confidence: float | None, quality: Quality, overlap: float, head: HeadInCrop | None
) -> dict[str, bool]:
    """What no number about this face survives. Every limit is written so that NaN fails it."""
    doubted = confidence is not None and not confidence >= LEAST_CONFIDENCE
    absent = head is not None and not head.presence >= face_limits.LEAST_PRESENCE
    return {
        "small": not quality.face_pixels >= SMALLEST_FACE,
        "truncated": quality.truncated,
        "low_confidence": doubted or absent,
        "dark": not quality.brightness >= DARKEST,
        "bright": not quality.brightness <= BRIGHTEST,
        "blurred": not quality.sharpness >= LEAST_SHARPNESS,
        "box_mismatch": not overlap >= LEAST_OVERLAP,
    }


def seen_as(points: Array, box: Box) -> SeenBox:
    """points: (K, 2) of the landmarks that were found in the box."""
    seen = _box_of(points, box)
    (x, y), (seen_x, seen_y) = box.centre, seen.centre
    # Between both sizes: a box that is somewhat off changes the one, a wrong answer the other.
    across, along = (box.width * seen.width) ** 0.5, (box.height * seen.height) ** 0.5
    away = math.hypot((x - seen_x) / across, (y - seen_y) / along)
    scaled = math.log(box.area / seen.area) / 2
    return SeenBox(seen.iou(box), away, scaled, (across * along) ** 0.5)


def _box_of(points: Array, box: Box) -> Box:
    """The face box that the landmarks say; the box itself where they say none."""
    if len(points) != len(IBUG_68):
        return box
    try:
        return face_box(points)
    except ValueError:  # all points in one place or on one line
        return box
