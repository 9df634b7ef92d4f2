"""dlib's frontal faces: boxes alone, since its landmark model is a file from elsewhere."""

from collections.abc import Callable
from importlib import import_module, metadata
from typing import Any

import cv2
import numpy as np

from benchmarks.peers.peer import About


class DlibBoxes:
    """At the picture's own size, which finds faces from 80 pixels on."""

    def __init__(self) -> None:
        dlib: Any = import_module("dlib")
        cv2.setNumThreads(1)
        self._detector = dlib.get_frontal_face_detector()
        self.about = About(
            title="dlib HOG",
            version=metadata.version("dlib-bin"),
            licence="Boost Software License 1.0",
            input="boxes alone",
            threshold="score 0",
        )

    def __call__(self, jpeg: bytes, decoded: Callable[[], None]) -> Any:
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
        decoded()
        return self._detector(image, 0)

    def faces(self, answer: Any) -> int:
        return len(answer)
