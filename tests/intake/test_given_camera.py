"""Cameras that cannot have taken an image are refused, crops and scaled images are not."""

import math

import pytest

from app.errors import InvalidParameter
from app.face.pnp import Camera
from app.intake.given_camera import check_camera

WRONG = {
    "normalised": ((1.67, 1.67, 0.5, 0.5), "fx=1.67"),
    "millimetres": ((4, 4, 320, 240), "fx=4"),
    "flat": ((640, 1, 320, 240), "fx=640 and fy=1"),
    "stretched": ((640, 1300, 320, 240), "fx=640 and fy=1300"),
    "wide along y": ((30, 15.5, 320, 240), "fy=15.5"),
    "far to the left": ((640, 640, -1e6, 240), "cx=-1e+06"),
    "far below": ((640, 640, 320, 2000), "cy=2000 lies 1520 pixels beside"),
}
POSSIBLE = {
    "assumed": (640, 640, 319.5, 239.5),
    "as wide as hfov_deg may be": (320 / math.tan(math.radians(85)), 27.99, 319.5, 239.5),
    # 4000 pixels wide, 53 degrees; from its right edge
    "a crop": (4000, 4000, 1999.5 - 3360, 239.5),
    "scaled from 1920 x 1080": (640 / 1920 * 1500, 480 / 1080 * 1500, 320, 240),
    "a long lens": (1e5, 1e5, 320, 240),
}


@pytest.mark.parametrize("case", WRONG)
def test_impossible_cameras(case: str) -> None:
    values, named = WRONG[case]
    with pytest.raises(InvalidParameter) as caught:
        check_camera(Camera(*values), 3, 640, 480)
    assert named in caught.value.detail
    assert "not normalised, not millimetres" in caught.value.detail


@pytest.mark.parametrize("case", POSSIBLE)
def test_possible_cameras(case: str) -> None:
    check_camera(Camera(*POSSIBLE[case]), 0, 640, 480)


def test_the_image_decides() -> None:
    # 28 pixels are 170 degrees of 640, and a usual lens of 32.
    check_camera(Camera(28, 28, 16, 12), 0, 32, 24)
    with pytest.raises(InvalidParameter, match="image 1"):
        check_camera(Camera(27.5, 27.5, 320, 240), 1, 640, 480)
