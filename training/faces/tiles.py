"""Small pictures of one face each with what the model said: points, and where the head faces."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face.landmarks import scheme
from training.contact_sheet import (
    GREEN,
    RED,
    TILE,
    Picture,
    contact_sheet,
    landmark_tile,
    save_picture,
)
from training.faces.posed import PosedFaces

Floats = NDArray[np.float64]

ON_A_SHEET = 40
_ARM = 0.35  # of the tile's side: a face turned to the profile


def write_sheets(
    folder: Path, badness: Floats, tile: Callable[[int], Picture], *, seed: int = 0
) -> None:
    """worst.png and random.png: the 40 items with the highest badness (NaN last), and any 40."""
    worst = np.argsort(-np.nan_to_num(badness, nan=-np.inf), kind="stable")
    drawn = np.random.default_rng(seed).permutation(len(badness))
    for name, chosen in (("worst", worst), ("random", drawn)):
        tiles = [tile(int(index)) for index in chosen[:ON_A_SHEET]]
        if tiles:
            save_picture(folder / f"{name}.png", contact_sheet(tiles))


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
