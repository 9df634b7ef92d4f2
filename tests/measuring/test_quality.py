"""Picture quality: each measure against a value computed by hand."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from app.face.geometry import Box
from app.measuring.quality import measure_quality, sharpness


def gaussian_laplacian(luma: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The same by SciPy."""
    smooth = ndimage.gaussian_filter(luma.astype(float), 1.0, mode="mirror", truncate=4.0)
    return np.asarray(ndimage.laplace(smooth, mode="mirror"))


NOISE = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)


def test_brightness_is_that_of_the_box_not_of_its_margin() -> None:
    crop = np.zeros((130, 130, 3), np.uint8)
    crop[15:115, 15:115] = 51  # the box: 1 / 1.3 of the crop
    quality = measure_quality(crop, 1.3, Box(0, 0, 100, 100), 200, 200)
    assert quality.brightness == pytest.approx(51 / 255)
    assert quality.sharpness == 0.0


@pytest.mark.parametrize(
    ("box", "truncated"),
    [
        (Box(10, 10, 50, 50), False),
        (Box(-1.5, 10, 50, 50), False),  # 2 % outside
        (Box(-10, 10, 50, 50), True),
        (Box(60, 60, 50, 50), True),
        (Box(-500, -500, 1000, 1000), True),
    ],
)
def test_truncated(box: Box, truncated: bool) -> None:
    assert measure_quality(NOISE, 1.3, box, 100, 100).truncated is truncated


def test_face_pixels() -> None:
    assert measure_quality(NOISE, 1.3, Box(0, 0, 40, 90), 100, 100).face_pixels == 60


def test_sharpness_is_its_formula() -> None:
    luma = NOISE[..., 0]
    ratio = gaussian_laplacian(luma).var() / luma.var()
    assert sharpness(luma) == pytest.approx(ratio / (ratio + 0.01), rel=0.01)


def test_sharpness_falls_with_blur_and_ignores_contrast() -> None:
    luma = cv2.resize(NOISE[::8, ::8, 0], (64, 64), interpolation=cv2.INTER_CUBIC)
    values = [sharpness(cv2.GaussianBlur(luma, (0, 0), sigma)) for sigma in (0.5, 1.5, 3.0, 6.0)]
    assert values == sorted(values, reverse=True)
    assert sharpness(luma // 2 + 60) == pytest.approx(sharpness(luma), abs=0.05)
