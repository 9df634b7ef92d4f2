"""Face crops -> landmarks and the head, as far as the model tells them: what its outputs mean."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.face.card import CardError
from app.inference.model import Model

Floats = NDArray[np.float64]

TASKS = ("landmarks", "face", "pose")
"""Of the models that see face crops; "face" ones tell the head as well, "pose" ones a rotation."""


_NO_POINTS = np.empty((0, 2))


@dataclass(frozen=True, slots=True, eq=False)
class HeadInCrop:
    """What a face model says besides the places of the landmarks.

    visible: (K,) 0..1, that neither the head itself nor anything before it hides the landmark.
    rotation: (3, 3) head -> camera as the crop shows it. rotation_std: (3,) degrees, about the
    axes of `app.face.head_axes`. openness: (2,) right eye, left eye, opening over width; 0 is shut.
    presence: 0..1, that the crop shows a face whose landmarks can be placed.
    """

    visible: Floats
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
    """What a model says of one crop.

    points_in_crop: (K, 2) float64, unit crop (0..1 spans the crop; beyond for points outside); K is
    0 where it knows none. std_in_crop: (K,) float64, one standard deviation per axis, in the same
    unit; NaN where it states none. head: of face models alone. rotation: (3, 3) as in the head, of
    models that tell no more of it.
    """

    points_in_crop: Floats
    std_in_crop: Floats
    head: HeadInCrop | None = None
    rotation: Floats | None = None


class Aligner:
    """Finds landmarks and rotations of faces; `run` is what the batcher calls."""

    def __init__(self, model: Model) -> None:
        if model.card.task not in TASKS:
            raise CardError(
                f"{model.card.name} is a {model.card.task} model: MIEN_LANDMARKS wants the names "
                "of landmark, face or pose models."
            )
        self.model = model
        self._told = frozenset(output.name for output in model.card.outputs)

    @property
    def tells_points(self) -> bool:
        return "points" in self._told

    @property
    def tells_rotation(self) -> bool:
        return "rotation" in self._told

    @property
    def tells_deviations(self) -> bool:
        return "std" in self._told

    @property
    def tells_head(self) -> bool:
        """Whether alignments come with a head: a rotation, and how far it and the points are to be
        trusted.
        """
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
        return [self._alignment(outputs, row) for row in range(len(crops))]

    def _alignment(self, outputs: dict[str, Floats], row: int) -> Alignment:
        if self.tells_head:
            return Alignment(outputs["points"][row], outputs["std"][row], _head(outputs, row))
        told = {name: outputs[name][row] for name in self._told}
        points = told.get("points", _NO_POINTS)
        std = told.get("std", np.full(len(points), np.nan))
        return Alignment(points, std, None, told.get("rotation"))


def _head(outputs: dict[str, Floats], row: int) -> HeadInCrop:
    return HeadInCrop(
        outputs["visible"][row],
        outputs["rotation"][row],
        outputs["rotation_std"][row],
        outputs["openness"][row],
        float(outputs["presence"][row]),
    )
