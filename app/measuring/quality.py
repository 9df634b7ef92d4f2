"""How good the picture of one face is: plain measures, each with its formula."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box

SHARPNESS_MIDDLE = 0.01
"""Ratio of variances at which sharpness is a half. In-the-wild portraits (300-W) have about 0.7;
blurred by 1, 2, 3, 5 % of the face's size they have about 0.5, 0.26, 0.14, 0.06."""

_TRUNCATED = 0.05  # detectors let good boxes stand out by a few pixels


@dataclass(frozen=True, slots=True)
class Quality:
    """brightness, sharpness: 0..1. face_pixels: root of the box's area. truncated: box leaves the
    image.
    """

    brightness: float
    sharpness: float
    face_pixels: int
    truncated: bool


def measure_quality(
    crop: NDArray[np.uint8], scale: float, box: Box, width: int, height: int
) -> Quality:
    """Quality of the face in `box` of an image of width x height pixels.

    crop: (S, S, 3) uint8 RGB, the model's crop of the box. scale: its side over the box's side.
    """
    size = crop.shape[0]
    margin = round(size * (1 - 1 / scale) / 2) if scale > 1 else 0
    luma = cv2.cvtColor(crop[margin : size - margin, margin : size - margin], cv2.COLOR_RGB2GRAY)
    return Quality(
        brightness=float(cv2.mean(luma)[0]) / 255,
        sharpness=sharpness(luma),
        face_pixels=round(box.area**0.5),
        truncated=_share_outside(box, width, height) > _TRUNCATED,
    )


def sharpness(luma: NDArray[Any]) -> float:
    """v / (v + 0.01), v = variance of the Laplacian over variance of the luma (H, W); 0 when flat.

    The Laplacian is that of the luma smoothed by one pixel, so that noise does not count as detail.
    The ratio does not change with brightness or contrast. It is measured at the model's crop size,
    so it says how sharp the face is for the model, not how sharp the photograph is.
    """
    values = luma.astype(np.float32)
    contrast = _variance(values)
    if contrast < 1.0:  # less than one grey level: there is nothing to be sharp
        return 0.0
    smooth = cv2.GaussianBlur(values, (0, 0), 1.0)
    ratio = _variance(cv2.Laplacian(smooth, cv2.CV_32F)) / contrast
    return ratio / (ratio + SHARPNESS_MIDDLE)


def _variance(values: NDArray[Any]) -> float:
    """OpenCV's, which is faster than numpy's."""
    return float(cv2.meanStdDev(values)[1][0, 0]) ** 2


def _share_outside(box: Box, width: int, height: int) -> float:
    across = min(box.x + box.width, width - 0.5) - max(box.x, -0.5)
    along = min(box.y + box.height, height - 0.5) - max(box.y, -0.5)
    return 1 - max(across, 0.0) * max(along, 0.0) / box.area
