"""The exported landmark model as the evaluation uses it: the same file and crops as the service."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from app.face.geometry import CROP_SCALE, Box, Crop, face_crop
from app.face.landmarks import SCHEMES, LandmarkScheme, scheme
from training.onnx_session import open_session


@dataclass(frozen=True, slots=True)
class LandmarkPredictor:
    """An ONNX landmark model with its crop rule. `batch` bounds how many crops run at once."""

    session: onnxruntime.InferenceSession
    scheme: LandmarkScheme
    size: int
    crop_scale: float
    batch: int = 32

    @classmethod
    def open(cls, path: Path, *, crop_scale: float = CROP_SCALE, threads: int = 1) -> Self:
        """Open a model folder (its card is verified and gives the crop scale) or a bare ONNX file.

        A bare file has no card yet: `crop_scale` is used, and the scheme is told by the number of
        points.
        """
        session, card = open_session(path, threads)
        if card is not None and card.input.crop is not None:
            crop_scale = card.input.crop.scale
        size = int(session.get_inputs()[0].shape[1])
        count = int(session.get_outputs()[0].shape[1])
        named = scheme(card.scheme) if card and card.scheme else _scheme_of(count)
        return cls(session, named, size, crop_scale)

    def crop(self, image: NDArray[np.uint8], box: Box) -> Crop:
        """The crop of a face box in image pixels, as the service takes it."""
        return face_crop(image, box, self.size, self.crop_scale)

    def predict(
        self, crops: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """(N, S, S, 3) uint8 -> points (N, K, 2), deviations (N, K) or None; unit crop."""
        feed = self.session.get_inputs()[0].name
        names = [output.name for output in self.session.get_outputs()]
        rows = [
            dict(zip(names, self.session.run(names, {feed: part}), strict=True))
            for part in np.split(crops, range(self.batch, len(crops), self.batch))
        ]
        points = np.concatenate([row["points"] for row in rows]).astype(np.float64)
        if "std" not in names:
            return points, None
        return points, np.concatenate([row["std"] for row in rows]).astype(np.float64)


def _scheme_of(count: int) -> LandmarkScheme:
    for candidate in SCHEMES.values():
        if len(candidate) == count:
            return candidate
    known = ", ".join(f"{name} ({len(entry)})" for name, entry in SCHEMES.items())
    raise ValueError(f"no landmark scheme of {count} points; known: {known}")
