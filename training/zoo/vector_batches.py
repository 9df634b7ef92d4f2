"""Batches for c1-net, c2-net and c-resnet: turned and mirrored crops with the head's rotation.

The rotation is found anew for each crop from where its points have gone, by PnP with one fixed head
and camera; only faces without 68 points that fit a head keep that of their set, turned and mirrored
with them.
"""

import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import CROP_SCALE, Box, crop_transform
from app.face.pnp import solve
from app.face.rotation import to_rotation_vector
from training.faces.crops import LabelledCrops
from training.faces.pipeline import labelled_crop
from training.faces.targets import POINTS, TARGET
from training.fit import EpochBatches
from training.pose_labels import MOST_ERROR, projection_error
from training.zoo.crop_camera import crop_camera

Image = NDArray[np.uint8]
Vectors = NDArray[np.float32]
Rows = NDArray[np.intp]

# Degrees. Every picture has the three turns of one group, each also in a mirror: six for one. Which
# angles they were is not on record.
ANGLES = ((-20.0, 0.0, 20.0), (-30.0, -10.0, 10.0), (-10.0, 10.0, 30.0))


class VectorBatches(EpochBatches):
    """Items: crops (B, size, size, 3) uint8 and rotation vectors (B, 3), radians, head -> camera.

    shares: sets of faces, which of their rows, and how much of each batch they are, on average. The
    pictures stay where they lie: all together they may be more than memory holds.
    """

    def __init__(
        self,
        shares: Sequence[tuple[LabelledCrops, Rows, float]],
        *,
        size: int,
        batch: int,
        steps: int,
        seed: int,
    ) -> None:
        super().__init__(steps=steps, seed=seed)
        self._size, self._batch = size, batch
        self._sets = [(faces, rows) for faces, rows, _ in shares]
        if any(len(rows) == 0 for _, rows in self._sets):
            raise ValueError("a set without poses has a share of the batches: prepare it first")
        weights = np.array([share for *_, share in shares])
        self._probability = weights / weights.sum()

    def __getitem__(self, index: int) -> tuple[Image, Vectors]:
        rng = self.generator(index)
        crops, vectors = zip(*(self._draw(rng) for _ in range(self._batch)), strict=True)
        return np.stack(crops), np.stack(vectors)

    def _draw(self, rng: np.random.Generator) -> tuple[Image, Vectors]:
        faces, rows = self._sets[rng.choice(len(self._sets), p=self._probability)]
        row = int(rng.choice(rows))
        angle = float(rng.choice(ANGLES[row % len(ANGLES)]))
        return crop_and_vector(faces, row, self._size, angle, flipped=bool(rng.random() < 0.5))


def crop_and_vector(
    faces: LabelledCrops, row: int, size: int, angle: float = 0.0, *, flipped: bool = False
) -> tuple[Image, Vectors]:
    """One crop (size, size, 3), cut `angle` degrees clockwise and then maybe mirrored, and its
    rotation vector (3,).
    """
    to_image = crop_transform(Box(*faces.boxes[row].tolist()), CROP_SCALE, angle)
    crop, target = labelled_crop(faces, row, size, to_image, angle, flipped)
    rotation = target[TARGET["rotation"]].reshape(3, 3).astype(np.float64)
    if (target[TARGET["point_weights"]] > 0).all():
        points = target[TARGET["points"]].reshape(POINTS, 2).astype(np.float64) * size - 0.5
        found = solve(points, crop_camera(size)).rotation
        # Of a face without a rotation of its own `posed_rows` knows that a head fits.
        labelled = (faces.rotation_weights[row] > 0).any()
        if not labelled or projection_error(found, points) <= MOST_ERROR:
            rotation = found
    return crop, to_rotation_vector(rotation).astype(np.float32)


def plain_vectors(faces: LabelledCrops, rows: Rows, size: int) -> tuple[Image, Vectors]:
    """Those faces as the service would cut them, and their rotation vectors."""
    made = [crop_and_vector(faces, int(row), size) for row in rows]
    crops = [crop for crop, _ in made]
    vectors = [vector for _, vector in made]
    shape = (len(made), size, size, 3)
    return np.array(crops, np.uint8).reshape(shape), np.array(vectors, np.float32).reshape(-1, 3)


def posed_rows(faces: LabelledCrops, split: str) -> Rows:
    """The faces of the split with a rotation of their own, or with 68 points that solvePnP makes a
    head of.
    """
    side, of_split = faces.pixels.shape[1], faces.split == split
    known = np.array((faces.rotation_weights > 0).any(axis=1)) & of_split
    unknown = np.flatnonzero(of_split & ~known & (faces.point_weights > 0).all(axis=1))
    for row in unknown:
        points = faces.points[row].astype(np.float64)
        found = solve(points, crop_camera(side)).rotation
        known[row] = projection_error(found, points) <= MOST_ERROR
    if left_out := int((~known[unknown]).sum()):
        print(f"{left_out} faces left out: solvePnP's head misses their points", file=sys.stderr)
    return np.flatnonzero(known)
