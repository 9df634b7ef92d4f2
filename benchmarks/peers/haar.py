"""OpenCV's cascade of Haar features for frontal faces, with OpenCV's default settings."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.peer import About, FoundBoxes, found_boxes

_CASCADE = "haarcascade_frontalface_default.xml"
_DEFAULT, _CURVE = 3, 1  # neighbours beside the first that a face needs


class HaarCascade:
    """The score of a face is the number of windows in which the cascade saw it."""

    def __init__(self) -> None:
        self._cv2: Any = import_module("cv2")
        self._cv2.setNumThreads(1)
        self._cascade = self._cv2.CascadeClassifier(
            str(Path(self._cv2.data.haarcascades) / _CASCADE)
        )
        if self._cascade.empty():
            raise FileNotFoundError(f"this OpenCV does not hold {_CASCADE}")
        self.about = About(
            title="OpenCV Haar, frontal",
            version=f"opencv-python-headless {self._cv2.__version__}",
            licence="Apache-2.0; cascade: Intel's, BSD-like",
            input="the picture, windows from 24 px",
            threshold=f"{_DEFAULT} neighbours",
        )

    def detect(self, image: NDArray[np.uint8], *, curve: bool = False) -> FoundBoxes:
        grey = self._cv2.cvtColor(image, self._cv2.COLOR_RGB2GRAY)
        boxes, windows = self._cascade.detectMultiScale2(
            grey, minNeighbors=_CURVE if curve else _DEFAULT
        )
        return found_boxes(
            [
                (x - 0.5, y - 0.5, width, height, count)
                for (x, y, width, height), count in zip(boxes, windows, strict=True)
            ]
        )
