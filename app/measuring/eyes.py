"""How far each eye is open: as the model tells it, or else from the landmarks alone (ibug-68).

From the landmarks it is the eye aspect ratio of Soukupova and Cech (2016): the mean distance of the
two pairs of lid points over the distance of the corners.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.measuring.alignment import HeadInCrop

Array = NDArray[np.float64]

_RIGHT = slice(36, 42)  # the subject's: corner, two upper lid points, corner, two lower ones
_LEFT = slice(42, 48)
_WIDEST_TURN = 60.0  # degrees of yaw: beyond, the eye's width is foreshortened to half and less
_NARROWEST = 6.0  # image pixels of eye width: the lids are then about two pixels apart
_LARGEST_STD = 0.15  # of the eye's width: as much as an open and a shut eye differ
# A model that tells which points show tells covered eyes by that, its deviations hardly: behind
# dark glasses they stay small. Of 6,000 eyes (`python -m benchmarks.usability_eyes` on renders of a
# seed of their own) 4 % of the hidden ones are called measurable, where 0.5 and 0.15 left 11 %, and
# as many of the others are lost, 32 %.
LEAST_VISIBLE = 0.85  # of its six points on average
_LARGEST_STD_TOLD = 0.2


@dataclass(frozen=True, slots=True)
class Eye:
    """openness: no unit, about 0.3 open; shut it is 0 as models tell it, below 0.15 from landmarks.
    measurable: whether to trust it.
    """

    openness: float
    measurable: bool


@dataclass(frozen=True, slots=True)
class Eyes:
    """The subject's eyes."""

    left: Eye
    right: Eye


def measure_eyes(points: Array, std: Array, yaw: float | None) -> Eyes:
    """Openness of both eyes from the landmarks.

    points: (68, 2) image pixels. std: (68,) image pixels. yaw: canonical, degrees; None when
    unknown (then nothing is measurable).
    """
    turned = yaw is None or abs(yaw) > _WIDEST_TURN
    left, right = points[_LEFT], points[_RIGHT]
    return Eyes(
        left=Eye(_aspect_ratio(left), not turned and _clear(left, std[_LEFT])),
        right=Eye(_aspect_ratio(right), not turned and _clear(right, std[_RIGHT])),
    )


def told_eyes(head: HeadInCrop, points: Array, std: Array) -> Eyes:
    """Openness as the model tells it, of eyes that it sees; otherwise as `measure_eyes`.

    It means the opening over the width in space, so a foreshortened eye is as good as another: of
    a head turned to the side the nose hides the far eye alone.
    """
    right, left = np.maximum(head.openness, 0.0).tolist()

    seen_right, seen_left = eyes_seen(head)

    def clear(eye: slice) -> bool:
        return _clear(points[eye], std[eye], _LARGEST_STD_TOLD)

    return Eyes(
        left=Eye(left, head.yaw <= _WIDEST_TURN and seen_left >= LEAST_VISIBLE and clear(_LEFT)),
        right=Eye(
            right, head.yaw >= -_WIDEST_TURN and seen_right >= LEAST_VISIBLE and clear(_RIGHT)
        ),
    )


def eyes_seen(head: HeadInCrop) -> tuple[float, float]:
    """0..1, how much of the right and the left eye shows, as the model tells it."""
    return float(head.visible[_RIGHT].mean()), float(head.visible[_LEFT].mean())


def _aspect_ratio(points: Array) -> float:
    width = math.dist(points[0], points[3])
    lids = (math.dist(points[1], points[5]) + math.dist(points[2], points[4])) / 2
    return lids / width if width > 0 else 0.0


def _clear(points: Array, std: Array, largest: float = _LARGEST_STD) -> bool:
    """Whether the eye is large enough, and its landmarks certain enough."""
    width = math.dist(points[0], points[3])
    return width >= _NARROWEST and float(std.mean()) <= largest * width
