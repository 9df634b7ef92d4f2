"""Face crops -> landmarks: the meaning of a landmark model's outputs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.inference import Model


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """The landmarks of one crop.

    points_in_crop: (K, 2) float64, unit crop (0..1 spans the crop; beyond for points outside).
    std_in_crop: (K,) float64, one standard deviation per axis, in the same unit.
    """

    points_in_crop: NDArray[np.float64]
    std_in_crop: NDArray[np.float64]


class Aligner:
    """Finds the landmarks of faces; `run` is what the batcher calls."""

    def __init__(self, model: Model) -> None:
        if model.card.task != "landmarks":
            raise ValueError(f"{model.card.name} is a {model.card.task} model, not landmarks")
        self.model = model

    @property
    def crop_size(self) -> int:
        """Side of the square crops, pixels."""
        return self.model.card.input.height or 0

    @property
    def crop_scale(self) -> float:
        """Side of the crop over the side of the face box (`face_crop(scale=)`)."""
        crop = self.model.card.input.crop
        if crop is None:
            raise ValueError(f"the card of {self.model.card.name} has no crop rule")
        return crop.scale

    @property
    def max_batch(self) -> int:
        return self.model.max_batch

    def run(self, crops: Sequence[NDArray[np.uint8]]) -> list[Alignment]:
        """Crops (S, S, 3) uint8 RGB, S = `crop_size` -> one alignment each, in the same order."""
        if not crops:
            return []
        outputs = self.model.run(np.stack(crops))
        points = outputs["points"].astype(np.float64)
        std = outputs["std"].astype(np.float64)
        return [Alignment(points[i], std[i]) for i in range(len(crops))]
