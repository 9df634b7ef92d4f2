"""Crops that show no face whose landmarks could be placed: presence 0.

They are drawn anew from whole pictures in every batch: places without faces, and places that show
only a corner of one.
"""

from collections.abc import Iterable, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import CROP_SCALE, Box, crop_transform, warp
from training.faces.crops import LabelledCrops
from training.images import read_rgb
from training.samples import ImageSample

Image = NDArray[np.uint8]

_MOST_IOU = 0.2
_SMALLEST = 20.0  # pixels, side of a drawn box
_TRIES = 20


class FacelessPlaces:
    """Pictures and the boxes of all faces in them, from which crops beside the faces are drawn."""

    def __init__(self, pictures: Sequence[Image], boxes: Sequence[NDArray[np.floating]]) -> None:
        """boxes: (faces, 4) x, y, width, height for each picture."""
        self._pictures, self._boxes = list(pictures), [np.asarray(b, np.float64) for b in boxes]

    @classmethod
    def of_samples(cls, samples: Iterable[ImageSample], split: str, every: int = 1) -> Self:
        """Every n-th picture of a split; those with faces that are not labelled are left out."""
        usable = [
            sample
            for sample in samples
            if sample.split == split and all(face.box is not None for face in sample.faces)
        ][::every]
        boxes = [
            np.array([_edges(face.box) for face in sample.faces if face.box is not None])
            for sample in usable
        ]
        return cls([read_rgb(s.path) for s in usable], [b.reshape(-1, 4) for b in boxes])

    @classmethod
    def of_crops(cls, crops: LabelledCrops) -> Self:
        """What surrounds faces of which each picture shows one alone."""
        return cls(list(crops.pixels), [box[None] for box in crops.boxes])

    def __len__(self) -> int:
        return len(self._pictures)

    def draw(self, rng: np.random.Generator, size: int, turn: float) -> Image:
        """A crop (size, size, 3), turned by `turn` degrees.

        Half of those from a picture with faces lie at the edge of one.
        """
        while True:
            index = int(rng.integers(len(self._pictures)))
            picture, faces = self._pictures[index], self._boxes[index]
            for _ in range(_TRIES):
                if len(faces) and rng.random() < 0.5:
                    box = _beside(rng, faces[int(rng.integers(len(faces)))])
                else:
                    box = _anywhere(rng, picture)
                if _most_iou(box, faces) < _MOST_IOU:
                    return warp(picture, crop_transform(box, CROP_SCALE, turn), size)


def _anywhere(rng: np.random.Generator, picture: Image) -> Box:
    height, width = picture.shape[:2]
    side = np.exp(rng.uniform(np.log(_SMALLEST), np.log(max(min(height, width), _SMALLEST + 1))))
    return _square(rng.uniform(0, width), rng.uniform(0, height), side)


def _beside(rng: np.random.Generator, face: NDArray[np.float64]) -> Box:
    """A box whose middle is about the edge of the face, or a small one within it."""
    x, y, width, height = face
    side = np.sqrt(width * height) * np.exp(rng.uniform(np.log(0.3), np.log(1.8)))
    angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.2)
    centre_x = x + width / 2 + np.cos(angle) * away * (width + side) / 2
    centre_y = y + height / 2 + np.sin(angle) * away * (height + side) / 2
    return _square(centre_x, centre_y, max(side, 8.0))


def _square(centre_x: float, centre_y: float, side: float) -> Box:
    return Box(float(centre_x - side / 2), float(centre_y - side / 2), float(side), float(side))


def _most_iou(box: Box, faces: NDArray[np.float64]) -> float:
    if len(faces) == 0:
        return 0.0
    across = np.minimum(box.x + box.width, faces[:, 0] + faces[:, 2]) - np.maximum(
        box.x, faces[:, 0]
    )
    along = np.minimum(box.y + box.height, faces[:, 1] + faces[:, 3]) - np.maximum(
        box.y, faces[:, 1]
    )
    shared = np.maximum(across, 0) * np.maximum(along, 0)
    areas = box.area + faces[:, 2] * faces[:, 3]
    return float((shared / (areas - shared)).max())


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.width, box.height
