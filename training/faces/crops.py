"""Labelled faces in memory, whatever set they come from and whatever of them is labelled."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box, crop_transform, invert, transform
from training.faces.targets import POINTS


@dataclass(frozen=True, slots=True)
class LabelledCrops:
    """n faces, each in the middle of a picture of its own.

    pixels (n, S, S, 3) uint8; boxes (n, 4) x, y, width, height and points (n, 68, 2) float32, both
    pixels of the picture; rotation (n, 3, 3), head to camera; openness (n, 2). Weights are 0 where
    there is no label: point_weights (n, 68), rotation_weights (n, 3) for the axes of the unrolled
    head (see `training.faces.targets`), openness_weights (n, 2). visible: (n, 68), 1 where nothing
    hides the point, visible_weights. subject, split: (n,) str.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    points: NDArray[np.float32]
    point_weights: NDArray[np.float32]
    rotation: NDArray[np.float32]
    rotation_weights: NDArray[np.float32]
    openness: NDArray[np.float32]
    openness_weights: NDArray[np.float32]
    visible: NDArray[np.float32]
    visible_weights: NDArray[np.float32]
    subject: NDArray[np.str_]
    split: NDArray[np.str_]

    @classmethod
    def unlabelled(
        cls,
        pixels: NDArray[np.uint8],
        boxes: NDArray[np.float32],
        subject: NDArray[np.str_],
        split: NDArray[np.str_],
        **labels: NDArray[np.float32],
    ) -> Self:
        """Faces with no labels but those named."""
        n = len(pixels)
        nothing = {
            "points": np.zeros((n, POINTS, 2), np.float32),
            "point_weights": np.zeros((n, POINTS), np.float32),
            "rotation": np.tile(np.eye(3, dtype=np.float32), (n, 1, 1)),
            "rotation_weights": np.zeros((n, 3), np.float32),
            "openness": np.zeros((n, 2), np.float32),
            "openness_weights": np.zeros((n, 2), np.float32),
            "visible": np.ones((n, POINTS), np.float32),
            "visible_weights": np.zeros((n, POINTS), np.float32),
        }
        return cls(pixels, boxes, subject=subject, split=split, **{**nothing, **labels})

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, rows: NDArray[np.intp] | slice) -> "LabelledCrops":
        taken: dict[str, Any] = {name: array[rows] for name, array in self.arrays().items()}
        return replace(self, **taken)

    def of_split(self, split: str) -> "LabelledCrops":
        """Without copying the pictures where the split's rows are neighbours."""
        rows = np.flatnonzero(self.split == split)
        if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
            return self.take(slice(rows[0], rows[-1] + 1))
        return self.take(rows)

    def train_first(self) -> "LabelledCrops":
        """The same faces with those for training before the others, moved within the same memory:
        this one must not be used any more.
        """
        is_train = self.split == "train"
        rest = self.take(np.flatnonzero(~is_train))
        for new, old in enumerate(np.flatnonzero(is_train)):
            if new != old:  # never overwrites what is still to be moved: new <= old
                for array in self.arrays().values():
                    array[new] = array[old]
        for name, array in self.arrays().items():
            array[len(self) - len(rest) :] = getattr(rest, name)
        return self

    def arrays(self) -> dict[str, NDArray[Any]]:
        """By the names of the fields."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def mean_points_in_crop(self) -> NDArray[np.float32]:
        """(68, 2): the mean face in the unit crop that the service would cut for these boxes."""
        points = [
            transform(invert(crop_transform(Box(*box))), points)
            for box, points in zip(self.boxes.tolist(), self.points, strict=True)
        ]
        return np.mean(points, axis=0).astype(np.float32)

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """From arrays by the names of the fields; labels that are not there have no weight."""
        some = dict(arrays)
        named = [some.pop(name) for name in ("pixels", "boxes", "subject", "split")]
        return cls.unlabelled(*named, **some)
