"""How far a face is turned in the image plane, and its box once it is turned back.

Tilt: degrees, > 0 clockwise as the viewer sees it: the direction in the image of the head's own
vertical. That is the roll of a face that looks into the camera, and it stays defined for a profile,
whose roll is not a turn in the image.
"""

import cmath
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.face.geometry import Box

# From the eyes to the mouth, corrected by the nose, which shows to which side the mouth stands out
# before the eyes, and steadied by the lines through the eyes and through the mouth, which vanish in
# a profile. The two weights are those of the least mean error on 10,000 renders with yaw to +-90,
# pitch to +-60 and roll, points off by a tenth of their spread: 4 degrees below 15 degrees of yaw,
# 7 beyond 60; eyes to mouth alone 6 and 9, the least-squares turn of a frontal face 4 and 12.
_NOSE, _ACROSS = 0.2, 0.2

# Of h^2 - w^2 over h^2 + w^2, for an upright box w wide and h high.
_USUAL_LENGTH, _LARGEST_LENGTH = 0.25, 0.6
_UNCLEAR = 0.25  # |cos 2a| below which the box at 45 degrees hardly tells the length


def tilt_of(points_in_image: ArrayLike) -> float:
    """Degrees in (-180, 180] from five points (5, 2), scheme "five"; 0 where they tell nothing."""
    right, left, nose, mouth_right, mouth_left = (
        complex(x, y) for x, y in np.asarray(points_in_image, np.float64).tolist()
    )
    eyes, mouth = (right + left) / 2, (mouth_right + mouth_left) / 2
    down = mouth - eyes - _NOSE * (nose - (eyes + mouth) / 2)
    across = _ACROSS * (left - right + mouth_left - mouth_right)
    direction = across - 1j * down
    if not cmath.isfinite(direction) or direction == 0:
        return 0.0
    return math.degrees(cmath.phase(direction))


def upright_box(box: Box, tilt: float) -> Box:
    """The box that a face has once it is turned back by `tilt` about the box's centre.

    A face fills its box like an ellipse, so the box of a tilted face holds a turned ellipse: its
    squared half sides are mixtures of the upright ones, which is undone here. At 45 degrees all
    mixtures look alike; there a face is taken to be as long as faces usually are.
    """
    across, along = box.width**2, box.height**2
    mixed = math.cos(math.radians(2 * tilt))
    length = _USUAL_LENGTH
    if abs(mixed) >= _UNCLEAR:
        length = (along - across) / (along + across) / mixed
        length = min(max(length, -_LARGEST_LENGTH), _LARGEST_LENGTH)
    width = math.sqrt((along + across) * (1 - length) / 2)
    height = math.sqrt((along + across) * (1 + length) / 2)
    x, y = box.centre
    return Box(x - width / 2, y - height / 2, width, height)


def turned(
    points: ArrayLike, centre: tuple[float, float], clockwise_degrees: float
) -> NDArray[np.float64]:
    """Points (..., 2) turned about `centre`, in the frame that both are given in."""
    cosine = math.cos(math.radians(clockwise_degrees))
    sine = math.sin(math.radians(clockwise_degrees))
    offset = np.asarray(points, np.float64) - centre
    return np.asarray(offset @ np.array([[cosine, sine], [-sine, cosine]]) + centre)
