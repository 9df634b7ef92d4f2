"""Batches for landmark networks: turned, scaled, shifted and mirrored crops with their points."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box, crop_transform, invert, transform, warp
from app.face.landmarks import LandmarkScheme
from app.face.landmarks import scheme as scheme_named
from training.augmentation import occlude, photometric
from training.crop_jitter import CropJitter, jittered_crop
from training.fit import EpochBatches
from training.prepared_faces import PreparedFaces


class LandmarkBatches(EpochBatches):
    """Items: crops (B, size, size, 3) float32 0..255 and targets (B, K, 3): x, y in the unit crop,
    weight.

    `shares`: sets of faces of one scheme and how much of each batch they are, on average.
    """

    def __init__(
        self,
        shares: Sequence[tuple[PreparedFaces, float]],
        *,
        size: int,
        batch: int,
        steps: int,
        jitter: CropJitter,
        seed: int,
    ) -> None:
        super().__init__(steps=steps, seed=seed)
        if any(len(faces) == 0 for faces, _ in shares):
            raise ValueError("a set without faces has a share of the batches: prepare it first")
        self._size, self._batch, self._jitter = size, batch, jitter
        self._sets = [faces for faces, _ in shares]
        weights = np.array([weight for _, weight in shares])
        self._probability = weights / weights.sum()

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rng = self.generator(index)
        crops, targets = zip(*(self._draw(rng) for _ in range(self._batch)), strict=True)
        return np.stack(crops).astype(np.float32), np.stack(targets)

    def _draw(self, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        faces = self._sets[rng.choice(len(self._sets), p=self._probability)]
        return augmented(rng, faces, int(rng.integers(len(faces))), self._size, self._jitter)


def augmented(
    rng: np.random.Generator, faces: PreparedFaces, row: int, size: int, jitter: CropJitter
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """One crop (size, size, 3) uint8 and its target (K, 3), drawn from `rng`."""
    to_image, _ = jittered_crop(rng, Box(*faces.boxes[row].tolist()), jitter)
    crop = warp(faces.pixels[row], to_image, size)
    points = transform(invert(to_image), faces.points[row])
    seen = faces.seen[row]
    if rng.random() < 0.5:
        crop, points, seen = mirrored(crop, points, seen, scheme_named(faces.scheme))
    crop = photometric(rng, crop)
    if rng.random() < jitter.occluded:
        crop, _ = occlude(rng, crop)
    return crop, np.column_stack([points, seen]).astype(np.float32)


def plain(
    faces: PreparedFaces, row: int, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The crop that the service would cut for this face, and its target."""
    to_image = crop_transform(Box(*faces.boxes[row].tolist()))
    points = transform(invert(to_image), faces.points[row])
    target = np.column_stack([points, faces.seen[row]]).astype(np.float32)
    return warp(faces.pixels[row], to_image, size), target


def plain_arrays(
    faces: PreparedFaces, size: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """All faces as `plain` crops (n, size, size, 3) float32 and targets (n, K, 3)."""
    crops, targets = zip(*(plain(faces, row, size) for row in range(len(faces))), strict=True)
    return np.stack(crops).astype(np.float32), np.stack(targets)


def mirrored(
    crop: NDArray[np.uint8],
    points: NDArray[np.float64],
    seen: NDArray[np.bool_],
    scheme: LandmarkScheme,
) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.bool_]]:
    """The crop seen in a mirror; points in the unit crop change sides and names."""
    order = list(scheme.flip)
    points = np.column_stack([1.0 - points[:, 0], points[:, 1]])[order]
    return np.ascontiguousarray(crop[:, ::-1]), points, seen[order]
