"""Sheets show what they claim: right colours at the right pixels."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.face.geometry import Box
from app.face.landmarks import scheme
from training.contact_sheet import (
    GREEN,
    RED,
    Detection,
    contact_sheet,
    detection_tile,
    landmark_tile,
    save_picture,
)

GREY = np.full((32, 32, 3), 90, np.uint8)
FIVE = np.array([[0.25, 0.25], [0.75, 0.25], [0.5, 0.5], [0.25, 0.75], [0.75, 0.75]])


def at(tile: NDArray[np.uint8], unit_x: float, unit_y: float, size: int = 128) -> list[int]:
    """The colour of the pixel that holds a point of the unit crop."""
    return [int(value) for value in tile[int(unit_y * size), int(unit_x * size)]]


def test_truth_is_red_and_the_prediction_green_over_it() -> None:
    truth = FIVE + np.array([0.1, 0.0])
    tile = landmark_tile(GREY, FIVE, truth, scheme("five"), "3.21 %", size=128)
    assert tile.shape == (128 + 18, 128, 3)
    assert at(tile, 0.25, 0.25) == list(GREEN)
    assert at(tile, 0.35, 0.25) == list(RED)
    assert at(tile, 0.05, 0.05) == [90, 90, 90]
    same = landmark_tile(GREY, FIVE, FIVE, scheme("five"), "", size=128)
    assert at(same, 0.25, 0.25) == list(GREEN)


def test_points_that_are_not_seen_or_not_finite_are_not_drawn() -> None:
    seen = np.array([False, True, True, True, True])
    tile = landmark_tile(GREY, None, FIVE, scheme("five"), "", seen=seen, size=128)
    assert at(tile, 0.25, 0.25) == [90, 90, 90]
    assert at(tile, 0.75, 0.25) == list(RED)
    nowhere = np.full((5, 2), np.nan)
    empty = landmark_tile(GREY, nowhere, None, scheme("five"), "", size=128)
    assert (empty[:128] == 90).all()


def test_edges_are_drawn_between_points() -> None:
    tile = landmark_tile(GREY, FIVE, None, scheme("five"), "", size=128)
    # The mouth corners are joined: half-way between them there is the line.
    assert at(tile, 0.5, 0.75)[1] > 150


def test_the_caption_is_written_under_the_picture() -> None:
    tile = landmark_tile(GREY, None, None, scheme("five"), "3.21 % ü", size=128)
    assert tile[128:].max() > 200


def test_boxes_of_a_picture_are_drawn_in_its_letterbox() -> None:
    image = np.full((50, 100, 3), 90, np.uint8)
    found = Detection(Box(59.5, 9.5, 20, 20), FIVE * 20 + np.array([60, 10]), 0.9)
    tile = detection_tile(image, [found], [Box(9.5, 9.5, 20, 20)], "street.jpg", size=200)
    assert tile.shape == (218, 200, 3)
    assert tile[110:190, :].max() == 0  # the empty part of the letterbox
    # Left edges: (9.5 + 0.5) * 2 - 0.5 = 19.5 and 119.5, each shared by two pixels.
    reds, greens = tile[40, 19:21, 0].astype(int), tile[40, 119:121, 1].astype(int)
    assert (reds - tile[40, 19:21, 1] > 60).all()
    assert (greens - tile[40, 119:121, 0] > 60).all()


def test_a_sheet_is_a_grid_with_an_unfinished_last_row() -> None:
    tiles = [np.full((10, 8, 3), value, np.uint8) for value in (10, 20, 30, 40, 50)]
    sheet = contact_sheet(tiles, columns=3)
    assert sheet.shape == (20, 24, 3)
    assert [int(sheet[y, x, 0]) for y, x in ((0, 0), (9, 16), (10, 0), (19, 15), (19, 23))] == [
        *(10, 30, 40, 50),
        0,
    ]


def test_a_sheet_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([])


def test_pictures_are_saved_as_rgb(tmp_path: Path) -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[..., 0] = 200
    save_picture(tmp_path / "new" / "sheet.png", picture)
    read = cv2.imread(str(tmp_path / "new" / "sheet.png"))
    assert read is not None
    assert read[0, 0].tolist() == [0, 0, 200]  # OpenCV reads blue first
