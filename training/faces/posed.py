"""Faces of known rotation beside what a model says about them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.face.head_axes import axis_errors, with_roll_of
from app.face.rotation import geodesic_degrees, to_euler
from training.faces.predictor import FaceAnswers, FacePredictor
from training.images import read_rgb
from training.landmarks.protocols import labelled_box
from training.samples import FaceSample, ImageSample

Floats = NDArray[np.float64]

LARGEST_PITCH = 60.0
AXES = ("pitch", "yaw", "roll")
"""The angle that each axis of app.face.head_axes stands for."""


@dataclass(frozen=True, slots=True, eq=False)
class PosedFaces:
    """rotation: (N, 3, 3) the truth; crops: (N, S, S, 3) that the model saw; names: of their
    pictures, for captions and tables.

    roll_labelled: False where the truth says nothing of the roll.
    """

    rotation: Floats
    answers: FaceAnswers
    crops: NDArray[np.uint8]
    names: Sequence[str]
    roll_labelled: bool = True

    def __len__(self) -> int:
        return len(self.rotation)

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that are labelled."""
        return (0, 1, 2) if self.roll_labelled else (0, 1)

    @property
    def angles(self) -> Floats:
        """(N, 3) true yaw, pitch, roll in degrees, without the rounding errors of the matrix."""
        return np.asarray(np.round(np.stack(to_euler(self.rotation), axis=-1), 6), np.float64)

    @property
    def angle_errors(self) -> Floats:
        """(N, 3) predicted minus true yaw, pitch, roll, in [-180, 180)."""
        found = np.stack(to_euler(self.answers.rotation), axis=-1)
        return np.asarray(np.remainder(found - self.angles + 180.0, 360.0) - 180.0)

    @property
    def axis_errors(self) -> Floats:
        """(N, 3) degrees about the axes of the unrolled head; 0 about z without labelled roll."""
        found = self.answers.rotation
        truth = self.rotation if self.roll_labelled else with_roll_of(self.rotation, found)
        errors = axis_errors(found, truth)
        return errors if self.roll_labelled else errors * (1.0, 1.0, 0.0)

    @property
    def geodesic(self) -> Floats:
        """(N,) degrees between the two rotations."""
        return geodesic_degrees(self.answers.rotation, self.rotation)


def judged_rotation(face: FaceSample) -> Floats | None:
    """The labelled rotation (3, 3) of a face that models are judged on."""
    if face.rotation is None or face.ignore:
        return None
    # The matrix brings the angles back with rounding errors.
    if abs(float(to_euler(face.rotation)[1])) > LARGEST_PITCH + 1e-6:
        return None
    return np.asarray(face.rotation, np.float64)


def measure_posed(
    predictor: FacePredictor, samples: Sequence[ImageSample], *, roll_labelled: bool
) -> PosedFaces:
    """The labelled faces of at most 60 degrees of pitch, in their labelled boxes.

    ValueError when none of the samples has a rotation.
    """
    crops, rotations, names = [], [], []
    for sample in samples:
        for face in sample.faces:
            rotation = judged_rotation(face)
            if rotation is None:
                continue
            crops.append(predictor.crop(read_rgb(sample.path), labelled_box(face)).pixels)
            rotations.append(rotation)
            names.append(sample.name)
    if not crops:
        raise ValueError("none of these samples has a labelled rotation")
    pixels = np.stack(crops)
    return PosedFaces(np.stack(rotations), predictor.predict(pixels), pixels, names, roll_labelled)
