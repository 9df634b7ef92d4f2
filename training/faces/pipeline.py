"""Batches for the face network: jittered crops, with labels that follow every turn and mirror."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box, crop_transform, invert, transform, warp
from app.face.landmarks import scheme
from app.face.rotation import mirror, turn
from training.augmentation import cover_side, occlude, photometric, restyle
from training.crop_jitter import CropJitter, drawn_turn, jittered_crop
from training.faces.crops import LabelledCrops
from training.faces.lids import eyes_that_show
from training.faces.negatives import FacelessPlaces
from training.faces.targets import TARGET, no_face, target_vector
from training.fit import EpochBatches

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]

# Boxes of detectors stray further than labelled ones, and heads lie down.
JITTER = CropJitter(
    turn_std=11.0,
    turn_max=60.0,
    scale_std=0.11,
    shift_std=0.06,
    forehead=0.15,
    occluded=0.15,
    side_covered=0.07,
)
_FLIP = list(scheme("ibug-68").flip)


class FaceBatches(EpochBatches):
    """Items: crops (B, size, size, 3) uint8 and targets (B, T), see `training.faces.targets`.

    shares: sets of faces and how much of the faces they are, on average. faceless, faceless_share:
    crops without faces, and how many for each face. calm_from: the epoch from which on crops stray
    less (CropJitter.calmer).
    """

    def __init__(
        self,
        shares: Sequence[tuple[LabelledCrops, float]],
        *,
        faceless: Sequence[FacelessPlaces] = (),
        faceless_share: float = 0.05,
        size: int,
        batch: int,
        steps: int,
        seed: int,
        jitter: CropJitter = JITTER,
        calm_from: int | None = None,
    ) -> None:
        super().__init__(steps=steps, seed=seed)
        sizes = [len(faces) for faces, _ in shares] + [len(places) for places in faceless]
        if 0 in sizes:
            raise ValueError("a set without faces has a share of the batches: prepare it first")
        self._size, self._batch, self._calm_from = size, batch, calm_from
        self._stirred, self._calm = jitter, jitter.calmer()
        self._sets = [faces for faces, _ in shares]
        weights = np.array([share for _, share in shares])
        self._probability = weights / weights.sum()
        self._faceless = list(faceless)
        self._faceless_share = faceless_share / (1 + faceless_share) if faceless else 0.0

    @property
    def _jitter(self) -> CropJitter:
        calm = self._calm_from is not None and self.epoch >= self._calm_from
        return self._calm if calm else self._stirred

    def __getitem__(self, index: int) -> tuple[Image, Floats]:
        rng = self.generator(index)
        crops, targets = zip(*(self._draw(rng) for _ in range(self._batch)), strict=True)
        return np.stack(crops), np.stack(targets)

    def _draw(self, rng: np.random.Generator) -> tuple[Image, Floats]:
        if rng.random() < self._faceless_share:
            places = self._faceless[int(rng.integers(len(self._faceless)))]
            crop, target = places.draw(rng, self._size, drawn_turn(rng, self._jitter)), no_face()
        else:
            faces = self._sets[rng.choice(len(self._sets), p=self._probability)]
            row = int(rng.integers(len(faces)))
            to_image, angle = jittered_crop(rng, Box(*faces.boxes[row].tolist()), self._jitter)
            flipped = bool(rng.random() < 0.5)
            crop, target = labelled_crop(faces, row, self._size, to_image, angle, flipped)
        # Drawn only where it is asked for, so that runs without it have the batches that they had.
        if self._jitter.restyled and rng.random() < self._jitter.restyled:
            crop = restyle(rng, crop)
        if not (self._jitter.untouched and rng.random() < self._jitter.untouched):
            crop = photometric(rng, crop)
        for share, cover in (
            (self._jitter.occluded, occlude),
            (self._jitter.side_covered, cover_side),
        ):
            if rng.random() < share:
                crop, covered = cover(rng, crop)
                hide(target, covered)
        return crop, target


def plain_arrays(faces: LabelledCrops, size: int) -> tuple[Image, Floats]:
    """All faces as the service would cut them: (n, size, size, 3) uint8, and targets (n, T)."""
    made = [
        labelled_crop(faces, row, size, crop_transform(Box(*faces.boxes[row].tolist())))
        for row in range(len(faces))
    ]
    crops, targets = zip(*made, strict=True)
    return np.stack(crops), np.stack(targets)


def faceless_arrays(
    places: FacelessPlaces, count: int, size: int, seed: int
) -> tuple[Image, Floats]:
    """`count` crops without faces, not jittered further, and their targets."""
    rng = np.random.default_rng(seed)
    crops = [places.draw(rng, size, 0.0) for _ in range(count)]
    return np.stack(crops), np.stack([no_face()] * count)


def labelled_crop(
    faces: LabelledCrops,
    row: int,
    size: int,
    to_image: NDArray[np.float64],
    angle: float = 0.0,
    flipped: bool = False,
) -> tuple[Image, Floats]:
    """One crop and its target. angle: that of `to_image`, degrees. flipped: seen in a mirror."""
    crop = warp(faces.pixels[row], to_image, size)
    points = transform(invert(to_image), faces.points[row])
    weights = faces.point_weights[row]
    rotation = turn(faces.rotation[row], -angle)
    openness, openness_weights = faces.openness[row], faces.openness_weights[row]
    visible, visible_weights = faces.visible[row], faces.visible_weights[row]
    if flipped:
        crop = np.ascontiguousarray(crop[:, ::-1])
        points = np.column_stack([1.0 - points[:, 0], points[:, 1]])[_FLIP]
        weights = weights[_FLIP]
        rotation = mirror(rotation)
        openness, openness_weights = openness[::-1], openness_weights[::-1]
        visible, visible_weights = visible[_FLIP], visible_weights[_FLIP]
    inside = ((points >= 0) & (points <= 1)).all(axis=1)
    target = target_vector(
        points=points,
        point_weights=weights,
        rotation=rotation,
        rotation_weights=faces.rotation_weights[row],
        openness=openness,
        openness_weights=openness_weights,
        visible=visible * inside,
        visible_weights=visible_weights,
        presence=1.0,
        presence_weight=1.0,
    )
    return crop, target


def hide(target: Floats, covered: NDArray[np.bool_]) -> None:
    """Changes a target: its labelled points on covered pixels (size, size) are surely hidden, and
    eyes of which too little is left teach no openness.
    """
    size = len(covered)
    points = target[TARGET["points"]].reshape(-1, 2)
    columns, rows = np.clip(points * size, 0, size - 1).astype(np.intp).T
    hidden = covered[rows, columns] & (target[TARGET["point_weights"]] > 0)
    target[TARGET["visible"]][hidden] = 0.0
    target[TARGET["visible_weights"]][hidden] = 1.0
    target[TARGET["openness_weights"]] *= eyes_that_show(target[TARGET["visible"]])
