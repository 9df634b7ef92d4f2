"""Small pictures of one face each with what the model said: points, and where the head faces."""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face.landmarks import scheme
from training.contact_sheet import (
    GREEN,
    RED,
    TILE,
    Picture,
    landmark_tile,
)
from training.faces.posed import PosedFaces

Floats = NDArray[np.float64]

_ARM = 0.35  # of the tile's side: a face turned to the profile


def posed_tile(posed: PosedFaces, index: int, caption: str, truth: Floats | None = None) -> Picture:
    """The crop, the points found, and lines along which the head faces: true red, found green.

    truth: (68, 2) true points in the unit crop.
    """
    points = posed.answers.points[index]
    tile = landmark_tile(posed.crops[index], points, truth, scheme("ibug-68"), caption)
    for rotation, colour in ((posed.rotation, RED), (posed.answers.rotation, GREEN)):
        x, y, _ = -rotation[index][:, 2] * _ARM * TILE
        middle = (TILE // 2, TILE // 2)
        end = (round(TILE / 2 + x), round(TILE / 2 + y))
        cv2.arrowedLine(tile, middle, end, colour, 2, cv2.LINE_AA)
    return tile
