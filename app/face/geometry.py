"""Boxes and square face crops: one rule, used for serving and for training.

Frames. Image pixels: x right, y down, pixel CENTRES at integers, so an image spans
[-0.5, width - 0.5]. Unit crop: 0..1 spans a crop from edge to edge; crop pixel p of a crop of S
pixels has the unit coordinate (p + 0.5) / S.

Angle. A crop of `angle` degrees is turned clockwise in the image: a head whose roll is +angle
(tilted clockwise as the viewer sees it) stands upright in the crop. A rotation found in the crop is
brought back by `rotation.turn(rotation_in_crop, +angle)`, points by `Crop.points_to_image`.
"""

import math
from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

CROP_SCALE = 1.3
"""Side of the crop over the box's side (the root of its area)."""

_FOREHEAD = 0.25  # landmarks end at the brows, a face box at the forehead: share of the height
_MAX_SHRINK = 2.0  # bilinear sampling reads 2x2 pixels: beyond this it would skip some


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in image pixels; (x, y) is its top-left edge.

    ValueError unless finite and of positive size.
    """

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        values = (self.x, self.y, self.width, self.height)
        if not all(math.isfinite(value) for value in values):
            raise ValueError(f"A box needs finite numbers. Received: {values}")
        if self.width <= 0 or self.height <= 0:
            raise ValueError(f"A box needs a positive width and height. Received: {values}")

    @classmethod
    def from_corners(cls, x0: float, y0: float, x1: float, y1: float) -> Self:
        return cls(x0, y0, x1 - x0, y1 - y0)

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def area(self) -> float:
        return self.width * self.height

    def iou(self, other: "Box") -> float:
        """Intersection over union, 0..1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(width, 0.0) * max(height, 0.0)
        # Rounding may put two equal boxes a hair above 1.
        return min(shared / (self.area + other.area - shared), 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A square piece of an image.

    pixels: (S, S, 3) uint8 RGB. to_image: (2, 3) float64, affine from unit crop to image pixels.
    angle: degrees, see the module.
    """

    pixels: NDArray[np.uint8]
    to_image: NDArray[np.float64]
    angle: float

    @property
    def scale(self) -> float:
        """Image pixels per unit-crop length: multiply a unit-crop distance by it."""
        return math.sqrt(abs(_determinant(self.to_image)))

    def points_to_image(self, points_in_crop: ArrayLike) -> NDArray[np.float64]:
        """(..., 2) unit crop -> (..., 2) image pixels."""
        return transform(self.to_image, points_in_crop)

    def points_to_crop(self, points_in_image: ArrayLike) -> NDArray[np.float64]:
        """(..., 2) image pixels -> (..., 2) unit crop; the inverse of `points_to_image`."""
        return transform(invert(self.to_image), points_in_image)


def transform(affine: NDArray[np.float64], points: ArrayLike) -> NDArray[np.float64]:
    """Apply a (2, 3) affine to (..., 2) points."""
    return np.asarray(points, np.float64) @ affine[:, :2].T + affine[:, 2]


def invert(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of a (2, 3) affine. ValueError when it has none."""
    determinant = _determinant(affine)
    if not math.isfinite(determinant) or determinant == 0:
        raise ValueError(f"The affine has no inverse. Received: {affine.tolist()}")
    (a, b, x), (c, d, y) = affine.tolist()
    return np.array([[d, -b, b * y - d * x], [-c, a, c * x - a * y]]) / determinant


def crop_transform(box: Box, scale: float = CROP_SCALE, angle: float = 0.0) -> NDArray[np.float64]:
    """The (2, 3) affine from unit crop to image pixels of the crop rule.

    The crop is a square centred on the box, its side `scale * sqrt(width * height)`, turned
    clockwise in the image by `angle` degrees.
    """
    if not (math.isfinite(scale) and scale > 0 and math.isfinite(angle)):
        raise ValueError(f"A crop needs scale > 0 and a finite angle. Received: {scale}, {angle}")
    side = scale * math.sqrt(box.area)
    right = side * math.cos(math.radians(angle))
    down = side * math.sin(math.radians(angle))
    x, y = box.centre
    return np.array([[right, -down, x - (right - down) / 2], [down, right, y - (down + right) / 2]])


def face_crop(
    image: NDArray[np.uint8],
    box: Box,
    size: int,
    scale: float = CROP_SCALE,
    angle: float = 0.0,
) -> Crop:
    """Cut the square crop of `size` pixels for a face box; black outside the image."""
    to_image = crop_transform(box, scale, angle)
    return Crop(warp(image, to_image, size), to_image, angle)


def warp(image: NDArray[np.uint8], to_image: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """Sample a crop: image (H, W, 3) uint8, to_image (2, 3) unit crop -> image pixels; (size, size,
    3).

    Bilinear; when a crop pixel covers more than two image pixels, the region is first averaged over
    whole blocks, so that nothing aliases. Outside the image is black.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"An image is uint8 (H, W, 3). Received: {image.dtype} {image.shape}")
    if size < 1:
        raise ValueError(f"A crop needs a size of at least 1 pixel. Received: {size}")
    (a, b, x), (c, d, y) = to_image.tolist()
    determinant = a * d - b * c
    if not all(map(math.isfinite, (a, b, x, c, d, y, determinant))) or determinant == 0:
        raise ValueError(f"The affine must be finite and invertible. Received: {to_image.tolist()}")
    shrink = math.sqrt(abs(determinant)) / size
    # The hair keeps a whole-number shrink whole in spite of rounding.
    block = math.floor(shrink + 1e-6) if shrink > _MAX_SHRINK else 1
    # What bilinear sampling may touch beyond the corners: whole blocks, so that the blocks of an
    # upright crop start at its edge.
    margin = max(2 * block, 3)
    left, right, columns = _span(x, (a, b), image.shape[1], block, margin)
    top, bottom, rows = _span(y, (c, d), image.shape[0], block, margin)
    if right <= left or bottom <= top:
        return np.zeros((size, size, 3), np.uint8)
    region = image[top:bottom, left:right]
    across, along = (right - left) / columns, (bottom - top) / rows
    if (columns, rows) != (right - left, bottom - top):
        region = _uint8(cv2.resize(region, (columns, rows), interpolation=cv2.INTER_AREA))
    # Crop pixel p -> unit (p + 0.5) / size -> image -> region pixel (image - left + 0.5) / across -
    # 0.5
    start_x = x + (a + b) * 0.5 / size
    start_y = y + (c + d) * 0.5 / size
    crop_to_region = np.array(
        [
            [a / size / across, b / size / across, (start_x - left + 0.5) / across - 0.5],
            [c / size / along, d / size / along, (start_y - top + 0.5) / along - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return _uint8(
        cv2.warpAffine(
            region, crop_to_region, (size, size), flags=flags, borderMode=cv2.BORDER_CONSTANT
        )
    )


def face_box(points_in_image: ArrayLike) -> Box:
    """The face box of points (68, 2): tight bounds, the top raised by a quarter of the height."""
    points = np.asarray(points_in_image, np.float64)
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return Box.from_corners(x0, y0 - _FOREHEAD * (y1 - y0), x1, y1)


def _uint8(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """OpenCV keeps the type of its input, but its stubs do not say so."""
    return np.asarray(pixels, np.uint8)


def _determinant(affine: NDArray[np.float64]) -> float:
    return float(affine[0, 0] * affine[1, 1] - affine[0, 1] * affine[1, 0])


def _span(
    origin: float, steps: tuple[float, float], limit: int, block: int, margin: int
) -> tuple[int, int, int]:
    """What the crop needs along one axis: start, stop (pixels of the image) and number of blocks.

    The unit square is `origin + u * steps[0] + v * steps[1]`. Within the image the length is a
    whole number of blocks; a region as wide as the image itself has slightly smaller ones.
    """
    low = origin + min(steps[0], 0.0) + min(steps[1], 0.0)
    high = origin + max(steps[0], 0.0) + max(steps[1], 0.0)
    start = math.floor(min(max(low + 0.5 - margin, 0.0), limit))
    stop = math.ceil(min(max(high + margin + 1, 0.0), limit))
    blocks = -((start - stop) // block)
    start = max(min(start, limit - blocks * block), 0)
    return start, min(start + blocks * block, limit), blocks
