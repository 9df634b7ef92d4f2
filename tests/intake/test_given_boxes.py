"""Boxes that a caller sends, against the image they are for; their syntax: see test_parsing."""

import pytest

from app.errors import InvalidParameter
from app.face.geometry import Box
from app.intake.given_boxes import check_boxes


def boxes(count: int, side: float) -> list[Box]:
    return [Box(0.0, 0.0, side, side)] * count


def test_boxes_may_cover_a_large_image_a_few_times() -> None:
    check_boxes(boxes(8, 6000.0), 0, 6000, 6000)
    with pytest.raises(InvalidParameter, match=r"image 3 cover its 6000 x 6000 pixels 9 times"):
        check_boxes(boxes(9, 6000.0), 3, 6000, 6000)
    # What of a box lies outside the image costs nothing.
    check_boxes(boxes(8, 20_000.0), 0, 6000, 6000)


def test_a_hundred_boxes_of_a_camera_frame_are_possible() -> None:
    check_boxes(boxes(100, 480.0), 0, 640, 480)
