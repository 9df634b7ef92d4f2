"""One face cut out of its photograph, generously: room for turning, scaling and shifting."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.face.geometry import CROP_SCALE, Box, crop_transform, invert, transform, warp
from training.samples import FaceSample

_MARGIN = 2.0  # side of a cutting in sides of the crop that networks see
_SMALLEST_FACE = 24.0  # pixels; the labels of smaller faces are mostly rounding


@dataclass(frozen=True, slots=True, eq=False)
class Cutting:
    """pixels: (S, S, 3) uint8. box: x, y, width, height, in pixels of the cutting. to_cutting: (2,
    3), image pixels -> unit cutting.
    """

    pixels: NDArray[np.uint8]
    box: tuple[float, float, float, float]
    to_cutting: NDArray[np.float64]

    def place(self, points_in_image: ArrayLike) -> NDArray[np.float64]:
        """(..., 2) image pixels -> (..., 2) pixels of the cutting."""
        return transform(self.to_cutting, points_in_image) * len(self.pixels) - 0.5


def cut_out(image: NDArray[np.uint8], box: Box, size: int) -> Cutting:
    """image: (H, W, 3) RGB. size: pixels of the cutting's side, twice that of what a network sees
    of it.
    """
    to_image = crop_transform(box, CROP_SCALE * _MARGIN)
    to_cutting = invert(to_image)
    scale = size / np.hypot(*to_image[:, 0])
    left, top = transform(to_cutting, [box.x, box.y]) * size - 0.5
    edges = (left, top, box.width * scale, box.height * scale)
    return Cutting(warp(image, to_image, size), edges, to_cutting)


def flaw(face: FaceSample) -> str | None:
    """Why a face cannot be learnt from, whatever is to be learnt; None if it can."""
    if face.ignore:
        return "marked to be ignored"
    if face.box is not None and min(face.box.width, face.box.height) < _SMALLEST_FACE:
        return f"smaller than {_SMALLEST_FACE:g} px"
    if face.points_in_image is not None and not np.isfinite(face.points_in_image).all():
        return "points are not finite"
    return None
