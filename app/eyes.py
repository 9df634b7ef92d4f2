"""How far each eye is open, from the landmarks alone (ibug-68).

Openness is the eye aspect ratio of Soukupova and Cech (2016): the mean distance of the two pairs of
lid points over the distance of the corners.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_RIGHT = slice(36, 42)  # the subject's: corner, two upper lid points, corner, two lower ones
_LEFT = slice(42, 48)
_WIDEST_TURN = 60.0  # degrees of yaw: beyond, the eye's width is foreshortened to half and less
_NARROWEST = 6.0  # image pixels of eye width: the lids are then about two pixels apart
_LARGEST_STD = 0.15  # of the eye's width: as much as an open and a shut eye differ


@dataclass(frozen=True, slots=True)
class Eye:
    """openness: no unit, about 0.3 open, below 0.15 shut. measurable: whether to trust it."""

    openness: float
    measurable: bool


@dataclass(frozen=True, slots=True)
class Eyes:
    """The subject's eyes."""

    left: Eye
    right: Eye


def measure_eyes(points: NDArray[np.float64], std: NDArray[np.float64], yaw: float | None) -> Eyes:
    """Openness of both eyes.

    points: (68, 2) image pixels. std: (68,) image pixels. yaw: canonical, degrees; None when
    unknown (then nothing is measurable).
    """
    turned = yaw is None or abs(yaw) > _WIDEST_TURN
    return Eyes(
        left=_eye(points[_LEFT], std[_LEFT], turned),
        right=_eye(points[_RIGHT], std[_RIGHT], turned),
    )


def _eye(points: NDArray[np.float64], std: NDArray[np.float64], turned: bool) -> Eye:
    width = math.dist(points[0], points[3])
    if not width > 0:
        return Eye(0.0, False)
    lids = (math.dist(points[1], points[5]) + math.dist(points[2], points[4])) / 2
    certain = float(std.mean()) <= _LARGEST_STD * width
    return Eye(lids / width, not turned and width >= _NARROWEST and certain)
