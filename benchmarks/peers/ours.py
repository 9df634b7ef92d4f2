"""A detector of mien's through the service's own code, from upright pixels to boxes."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.detection.detector import Detector
from app.inference.model import Model
from benchmarks.peers.peer import About, FoundBoxes, found_boxes

_CURVE = 0.02


class OurDetector:
    """folder: of a published model."""

    def __init__(self, folder: Path) -> None:
        model = Model.open(folder, "cpu", threads=1)
        self._detector = Detector(model)
        self.about = About(
            title=f"mien {folder.name}",
            version=f"{model.card.version} ({model.card.file.bytes / 1e6:.2f} MB)",
            licence=f"{model.card.licence.edition} edition",
            input=f"{self._detector.long_side} px long side",
            threshold=f"score {self._detector.score:.3g}",
        )

    def detect(self, image: NDArray[np.uint8], *, curve: bool = False) -> FoundBoxes:
        prepared = self._detector.prepare(image, _CURVE if curve else None)
        return found_boxes(
            [
                (box.x, box.y, box.width, box.height, face.confidence)
                for face in self._detector.run([prepared])[0]
                for box in [face.box]
            ]
        )
