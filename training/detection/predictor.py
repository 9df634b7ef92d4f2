"""The exported detector as the evaluation uses it: the same file and steps as the service."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from app.face.boxes import FoundFaces, detector_frame, select_faces
from training.onnx_session import open_session

LONG_SIDE = 384
"""Of the input, pixels: what the recipe's card says, and what its evaluation measures."""

NMS_IOU = 0.4


@dataclass(frozen=True, slots=True)
class DetectorPredictor:
    """An ONNX detector with its input rule. nms_iou: of two boxes that overlap more, one goes."""

    session: onnxruntime.InferenceSession
    long_side: int = LONG_SIDE
    nms_iou: float = NMS_IOU
    max_enlarge: float = 1.0

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        long_side: int = LONG_SIDE,
        nms_iou: float = NMS_IOU,
        max_enlarge: float = 1.0,
        threads: int = 1,
    ) -> Self:
        """Opens `path`, an ONNX file or a model folder, whose card is verified."""
        session, _ = open_session(path, threads)
        return cls(session, long_side, nms_iou, max_enlarge)

    def detect(self, image: NDArray[np.uint8], score: float) -> FoundFaces:
        """Faces of an RGB image (H, W, 3) uint8 that score at least `score`."""
        frame = detector_frame(image, self.long_side, max_enlarge=self.max_enlarge)
        feed = {self.session.get_inputs()[0].name: frame.pixels[None]}
        boxes, scores, points = self.session.run(["boxes", "scores", "points"], feed)
        return select_faces(
            frame, boxes[0], scores[0], points[0], score=score, nms_iou=self.nms_iou
        )

    def detect_all(self, images: Iterator[NDArray[np.uint8]], score: float) -> list[FoundFaces]:
        return [self.detect(image, score) for image in images]
