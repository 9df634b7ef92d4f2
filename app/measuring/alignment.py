"""Face crops -> landmarks, and the head where the model tells it: the meaning of the outputs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.inference.model import Model

Floats = NDArray[np.float64]

TASKS = ("landmarks", "face")
"""Of the models that can be served as landmark models; "face" ones tell the head as well."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadInCrop:
    """What a face model says besides the landmarks.

    rotation: (3, 3) head -> camera as the crop shows it. rotation_std: (3,) degrees, about the
    axes of `app.face.head_axes`. openness: (2,) right eye, left eye, opening over width; 0 is shut.
    presence: 0..1, that the crop shows a face whose landmarks can be placed.
    """

    rotation: Floats
    rotation_std: Floats
    openness: Floats
    presence: float

    @property
    def yaw(self) -> float:
        """Canonical, degrees: the azimuth of the facing direction, as the crop shows the head."""
        return math.degrees(math.atan2(-self.rotation[0, 2], self.rotation[2, 2]))

    @property
    def pitch(self) -> float:
        """Canonical, degrees: the elevation of the facing direction, as the crop shows the head."""
        x, y, z = self.rotation[:, 2].tolist()
        return math.degrees(math.atan2(y, math.hypot(x, z)))


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """The landmarks of one crop.

    points_in_crop: (K, 2) float64, unit crop (0..1 spans the crop; beyond for points outside).
    std_in_crop: (K,) float64, one standard deviation per axis, in the same unit. head: None from
    models that know landmarks alone.
    """

    points_in_crop: Floats
    std_in_crop: Floats
    head: HeadInCrop | None = None


class Aligner:
    """Finds the landmarks of faces; `run` is what the batcher calls."""

    def __init__(self, model: Model) -> None:
        if model.card.task not in TASKS:
            raise ValueError(f"{model.card.name} is a {model.card.task} model, not landmarks")
        self.model = model

    @property
    def tells_rotation(self) -> bool:
        """Whether alignments come with a head."""
        return self.model.card.task == "face"

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
        answers = self.model.run(np.stack(crops))
        outputs = {name: values.astype(np.float64) for name, values in answers.items()}
        return [
            Alignment(
                outputs["points"][i],
                outputs["std"][i],
                _head(outputs, i) if self.tells_rotation else None,
            )
            for i in range(len(crops))
        ]


def _head(outputs: dict[str, Floats], row: int) -> HeadInCrop:
    return HeadInCrop(
        outputs["rotation"][row],
        outputs["rotation_std"][row],
        outputs["openness"][row],
        float(outputs["presence"][row]),
    )
