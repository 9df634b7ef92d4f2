"""The exported face model as the evaluation uses it: the same file and crops as the service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import CROP_SCALE, Box, Crop, face_crop
from app.face.head_axes import turned_std
from app.face.rotation import turn
from training.onnx_session import open_session

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class FaceAnswers:
    """What the model says about N crops, each as the crop shows it.

    points: (N, 68, 2), std: (N, 68), unit crop. visible: (N, 68) 0..1. rotation: (N, 3, 3) head ->
    camera. rotation_std: (N, 3) degrees, about the axes of app.face.head_axes. openness: (N, 2)
    right eye, left eye. presence: (N,) 0..1.
    """

    points: Floats
    std: Floats
    visible: Floats
    rotation: Floats
    rotation_std: Floats
    openness: Floats
    presence: Floats

    def __len__(self) -> int:
        return len(self.points)


@dataclass(frozen=True, slots=True, eq=False)
class PlacedFace:
    """One answer brought back into the image; fields as FaceAnswers, lengths in image pixels."""

    points_in_image: Floats
    std_in_image: Floats
    rotation: Floats
    rotation_std: Floats
    openness: Floats
    presence: float


@dataclass(frozen=True, slots=True)
class FacePredictor:
    """run: crops (N, size, size, 3) uint8 -> arrays by the names of FaceAnswers' fields."""

    run: Callable[[Pixels], Mapping[str, NDArray[Any]]]
    size: int
    crop_scale: float = CROP_SCALE
    batch: int = 32

    @classmethod
    def open(cls, path: Path, *, crop_scale: float = CROP_SCALE, threads: int = 1) -> Self:
        """A model folder (its card is verified and gives the crop scale) or a bare ONNX file.

        ValueError when the file lacks an output of face models.
        """
        session, card = open_session(path, threads)
        if card is not None and card.input.crop is not None:
            crop_scale = card.input.crop.scale
        if missing := set(OUTPUT_NAMES) - {output.name for output in session.get_outputs()}:
            raise ValueError(f"{path} is no face model: it has no {', '.join(sorted(missing))}")
        (source,) = session.get_inputs()

        def run(crops: Pixels) -> Mapping[str, NDArray[Any]]:
            values = session.run(list(OUTPUT_NAMES), {source.name: crops})
            return dict(zip(OUTPUT_NAMES, values, strict=True))

        return cls(run, int(source.shape[1]), crop_scale)

    def crop(self, image: Pixels, box: Box, angle: float = 0.0) -> Crop:
        """The crop of a face box in image pixels, as the service takes it."""
        return face_crop(image, box, self.size, self.crop_scale, angle)

    def predict(self, crops: Pixels | Sequence[Pixels]) -> FaceAnswers:
        """Any number of crops, one or more, a batch at a time."""
        stacked = np.asarray(crops, np.uint8)
        parts = np.split(stacked, range(self.batch, len(stacked), self.batch))
        rows = [self.run(part) for part in parts]
        return FaceAnswers(
            **{
                name: np.concatenate([row[name] for row in rows]).astype(np.float64)
                for name in OUTPUT_NAMES
            }
        )


OUTPUT_NAMES = tuple(field.name for field in fields(FaceAnswers))


def place(answers: FaceAnswers, row: int, crop: Crop) -> PlacedFace:
    """Answer `row`, of this crop: points back in the image, the head turned back with them."""
    rotation = answers.rotation[row]
    return PlacedFace(
        points_in_image=crop.points_to_image(answers.points[row]),
        std_in_image=answers.std[row] * crop.scale,
        rotation=turn(rotation, crop.angle),
        rotation_std=turned_std(rotation, answers.rotation_std[row], crop.angle),
        openness=answers.openness[row],
        presence=float(answers.presence[row]),
    )
