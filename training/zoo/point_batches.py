"""Batches for the landmark recipes: crops as they are, or turned, scaled and mirrored; nothing else
is done to a pixel.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import CROP_SCALE, Box, crop_transform, invert, transform, warp
from app.face.landmarks import scheme as scheme_named
from training.fit import EpochBatches
from training.landmarks.pipeline import mirrored
from training.prepared_faces import PreparedFaces


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How training crops stray. The one that says nothing is switched off.

    most_turned: degrees either way, uniform. smallest: the face shrinks down to this share of its
    size, uniform. mirrored: every other crop is seen in a mirror.
    """

    most_turned: float = 0.0
    smallest: float = 1.0
    mirrored: bool = False


SWITCHED_OFF = Augmentation()


class PointBatches(EpochBatches):
    """Items: crops (B, size, size, 3) uint8 and targets (B, K, 3): x, y in the unit crop,
    weight.

    shares: sets of faces of one scheme, which of their rows, and how much of each batch they are,
    on average.
    """

    def __init__(
        self,
        shares: Sequence[tuple[PreparedFaces, NDArray[np.intp], float]],
        *,
        size: int,
        batch: int,
        steps: int,
        augmentation: Augmentation,
        seed: int,
    ) -> None:
        super().__init__(steps=steps, seed=seed)
        if any(len(rows) == 0 for _, rows, _ in shares):
            raise ValueError("a set without faces has a share of the batches: prepare it first")
        self._size, self._batch, self._augmentation = size, batch, augmentation
        self._sets = [(faces, rows) for faces, rows, _ in shares]
        weights = np.array([share for *_, share in shares])
        self._probability = weights / weights.sum()

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        rng = self.generator(index)
        crops, targets = zip(*(self._draw(rng) for _ in range(self._batch)), strict=True)
        return np.stack(crops), np.stack(targets)

    def _draw(self, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        faces, rows = self._sets[rng.choice(len(self._sets), p=self._probability)]
        return strayed(rng, faces, int(rng.choice(rows)), self._size, self._augmentation)


def strayed(
    rng: np.random.Generator, faces: PreparedFaces, row: int, size: int, how: Augmentation
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """One crop (size, size, 3) uint8 and its target (K, 3), drawn from `rng`."""
    angle = float(rng.uniform(-how.most_turned, how.most_turned))
    scale = CROP_SCALE / float(rng.uniform(how.smallest, 1.0))
    to_image = crop_transform(Box(*faces.boxes[row].tolist()), scale, angle)
    crop = warp(faces.pixels[row], to_image, size)
    points = transform(invert(to_image), faces.points[row])
    seen = faces.seen[row]
    if how.mirrored and rng.random() < 0.5:
        crop, points, seen = mirrored(crop, points, seen, scheme_named(faces.scheme))
    return crop, np.column_stack([points, seen]).astype(np.float32)
