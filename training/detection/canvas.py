"""The picture that a training scene is composed on, and the labels that move with its parts."""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face.geometry import transform
from app.face.landmarks import scheme as scheme_named
from training.detection.images import LabelledImage, turned_box
from training.detection.targets import cell_centres
from training.networks.detector import STRIDES

_FLIP = list(scheme_named("five").flip)
_VISIBLE = 0.7  # a face of which less is in the picture counts neither way
_SURROUNDINGS = 1.6  # of incompletely labelled pictures only this many face boxes around are known

Rect = tuple[int, int, int, int]
"""x0, y0, x1, y1 in scene pixels, x1 and y1 excluded."""


class Canvas:
    """The scene while it is being composed."""

    def __init__(self, size: int, smallest: float) -> None:
        self.size, self._smallest = size, smallest
        self.pixels = np.zeros((size, size, 3), np.uint8)
        self.unknown = np.zeros((size // STRIDES[0], size // STRIDES[0]), bool)
        self.boxes: list[NDArray[np.float64]] = []
        self.points: list[NDArray[np.float64]] = []
        self._centres = cell_centres(size, size, STRIDES[0])

    def hides(self, tile: Rect) -> bool:
        """Whether a picture laid on `tile` would cover a part of a face that is already there."""
        return any(_share_within(box, tile) > 0 for box in self.boxes)

    def show(self, image: LabelledImage, to_scene: NDArray[np.float64], tile: Rect) -> None:
        """Draws `image` on the tile; to_scene: (2, 3) image pixels -> scene pixels."""
        x0, y0, x1, y1 = tile
        self.pixels[y0:y1, x0:x1] = _warped(image.pixels, to_scene, tile)
        inside = ((self._centres >= (x0, y0)) & (self._centres < (x1, y1))).all(axis=-1)
        boxes = [turned_box(box, to_scene) for box in image.boxes]
        self.unknown &= ~inside
        if not image.complete:
            around = np.zeros_like(inside)
            for box in boxes:
                around |= self._within(box, _SURROUNDINGS)
            self.unknown |= inside & ~around
        for box in image.ignored:
            self.unknown |= inside & self._within(turned_box(box, to_scene), 1.1)
        mirrored = np.linalg.det(to_scene[:, :2]) < 0
        for box, points in zip(boxes, image.points, strict=True):
            visible = _share_within(box, tile)
            if np.sqrt(box[2] * box[3]) < self._smallest or visible < _VISIBLE:
                if visible > 0:
                    self.unknown |= inside & self._within(box, 1.1)
                continue
            moved = transform(to_scene, points)
            self.boxes.append(box)
            self.points.append(moved[_FLIP] if mirrored else moved)

    def _within(self, box: NDArray[np.float64], scale: float) -> NDArray[np.bool_]:
        """Cells whose centre is in the box, grown by `scale` and by the half of a cell."""
        reach = box[2:] / 2 * scale + (STRIDES[0] / 2 if scale < _SURROUNDINGS else 0)
        inside = np.abs(self._centres - (box[:2] + box[2:] / 2)) <= reach
        return np.asarray(inside.all(axis=-1))


def _warped(
    pixels: NDArray[np.uint8], to_scene: NDArray[np.float64], tile: Rect
) -> NDArray[np.uint8]:
    """The tile's pixels, black outside the photograph; strong shrinking averages first."""
    affine = to_scene.copy()
    affine[:, 2] -= tile[:2]
    scale = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    if scale < 0.6:
        height, width = pixels.shape[:2]
        small = (max(1, round(width * scale * 1.25)), max(1, round(height * scale * 1.25)))
        pixels = np.asarray(cv2.resize(pixels, small, interpolation=cv2.INTER_AREA), np.uint8)
        # small pixel p shows image pixel (p + 0.5) * ratio - 0.5
        ratio = np.array([width / small[0], height / small[1]])
        affine[:, 2] += affine[:, :2] @ (0.5 * ratio - 0.5)
        affine[:, :2] = affine[:, :2] * ratio
    size = (tile[2] - tile[0], tile[3] - tile[1])
    return np.asarray(cv2.warpAffine(pixels, affine, size, flags=cv2.INTER_LINEAR), np.uint8)


def _share_within(box: NDArray[np.float64], tile: Rect) -> float:
    low = np.maximum(box[:2], np.subtract(tile[:2], 0.5))
    high = np.minimum(box[:2] + box[2:], np.subtract(tile[2:], 0.5))
    return float(np.clip(high - low, 0, None).prod() / (box[2] * box[3]))
