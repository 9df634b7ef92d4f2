"""Faces to be: where one is in the image, and how it is cut out for the landmark model."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.detection import DetectedFace
from app.face.geometry import Box, Crop, face_crop
from app.face.tilt import tilt_of, upright_box

LEAST_TILT = 15.0
"""Degrees from which a face is turned upright for the landmark model, which learnt from tilted
faces too: on 104 photographs (300-W, validation) its error at 10, 15, 20, 30 and 50 degrees is 1.5,
3, 5, 12 and 45 % larger than upright; turned upright it is 1 % larger at all of them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A face to be.

    box: in the image, as found or given. confidence: the detector's, None for the caller's box.
    tilt: degrees clockwise that are undone in the crop. upright: the box's size once they are.
    """

    box: Box
    confidence: float | None
    tilt: float
    upright: Box

    @classmethod
    def given(cls, box: Box) -> Self:
        """The caller's box: taken as it is, since it tells nothing of a tilt."""
        return cls(box, None, 0.0, box)

    @classmethod
    def found(cls, face: DetectedFace) -> Self:
        confidence = min(max(face.confidence, 0.0), 1.0)
        tilt = tilt_of(face.points)
        if abs(tilt) < LEAST_TILT:
            return cls(face.box, confidence, 0.0, face.box)
        return cls(face.box, confidence, tilt, upright_box(face.box, tilt))

    def cut(self, image: NDArray[np.uint8], size: int, scale: float) -> Crop:
        """The crop of `size` pixels from the image (H, W, 3); it shows the face upright."""
        return face_crop(image, self.upright, size, scale, self.tilt)
