"""dlib's detector of frontal faces: five linear classifiers of HOG features."""

from importlib import import_module, metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.peer import About, FoundBoxes, found_boxes

_ENLARGED = 1  # doublings, as in dlib's own example: faces from 40 px on


class DlibHog:
    """The detector, which looks at the image at twice its size."""

    def __init__(self) -> None:
        dlib: Any = import_module("dlib")
        self._detector = dlib.get_frontal_face_detector()
        self.about = About(
            title="dlib HOG",
            version=f"dlib-bin {metadata.version('dlib-bin')}",
            licence="Boost Software License 1.0",
            input="the picture at twice its size",
            threshold="score 0",
        )

    def detect(self, image: NDArray[np.uint8], *, curve: bool = False) -> FoundBoxes:
        least = -1.0 if curve else 0.0
        boxes, scores, _ = self._detector.run(image, _ENLARGED, least)
        # Its corners are pixels that belong to the box.
        return found_boxes(
            [
                (box.left() - 0.5, box.top() - 0.5, box.width(), box.height(), score)
                for box, score in zip(boxes, scores, strict=True)
            ]
        )
