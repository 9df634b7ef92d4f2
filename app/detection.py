"""Image -> faces: the meaning of a detector's outputs.

Boxes are not clipped to the image, since a face may be cut by the frame; a box whose centre lies
outside the image (in the padding, say) is no face and is dropped. An image is shrunk to the
detector's long side and not enlarged unless the settings allow it. Fitting the image into the
network's input and selecting its faces are shared with training (`app.face.boxes`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.face.boxes import DetectorFrame, detector_frame, select_faces
from app.face.geometry import Box
from app.inference import Model


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """None takes the card's threshold.

    score: least confidence of a face. nms_iou: overlap above which the weaker of two boxes goes.
    max_candidates: boxes that enter the suppression, the best ones. max_enlarge: how many times
    a small image may be enlarged.
    """

    score: float | None = None
    nms_iou: float | None = None
    max_candidates: int = 400
    max_enlarge: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class DetectorInput:
    """An image made ready. min_confidence: least score of a face in it."""

    frame: DetectorFrame
    min_confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class DetectedFace:
    """One face.

    box: image pixels. confidence: 0..1. points: (5, 2) float64, image pixels, scheme "five" (right
    eye, left eye, nose tip, right and left mouth corner; the subject's sides).
    """

    box: Box
    confidence: float
    points: NDArray[np.float64]


class Detector:
    """Finds faces; `prepare` in any thread, then `run`, which is what the batcher calls."""

    def __init__(self, model: Model, settings: DetectorSettings | None = None) -> None:
        card, settings = model.card, settings or DetectorSettings()
        if card.task != "detection" or card.input.long_side is None:
            raise ValueError(f"{card.name} is a {card.task} model, not a detector")
        self.model = model
        self.long_side = card.input.long_side
        self.score = card.thresholds["score"] if settings.score is None else settings.score
        self.nms_iou = card.thresholds["nms_iou"] if settings.nms_iou is None else settings.nms_iou
        self._settings = settings

    @property
    def max_batch(self) -> int:
        return self.model.max_batch

    def prepare(
        self, image: NDArray[np.uint8], min_confidence: float | None = None
    ) -> DetectorInput:
        """Fit an upright image (H, W, 3) uint8 RGB into the network's input.

        min_confidence: for this image, instead of the detector's threshold.
        """
        frame = detector_frame(
            image,
            self.long_side,
            multiple_of=self.model.card.input.multiple_of,
            max_enlarge=self._settings.max_enlarge,
        )
        least = self.score if min_confidence is None else min_confidence
        return DetectorInput(frame, least)

    def run(self, inputs: Sequence[DetectorInput]) -> list[list[DetectedFace]]:
        """The faces of each image, most confident first, in the order of the images.

        Images whose inputs have the same shape go through the network together.
        """
        by_shape: dict[tuple[int, ...], list[int]] = {}
        for position, one in enumerate(inputs):
            by_shape.setdefault(one.frame.pixels.shape, []).append(position)
        found: list[list[DetectedFace]] = [[] for _ in inputs]
        for positions in by_shape.values():
            outputs = self.model.run(np.stack([inputs[i].frame.pixels for i in positions]))
            for row, position in enumerate(positions):
                found[position] = self._faces(
                    inputs[position],
                    outputs["boxes"][row],
                    outputs["scores"][row],
                    outputs["points"][row],
                )
        return found

    def _faces(
        self,
        one: DetectorInput,
        boxes_in_frame: NDArray[np.float32],
        scores: NDArray[np.float32],
        points_in_frame: NDArray[np.float32],
    ) -> list[DetectedFace]:
        faces = select_faces(
            one.frame,
            boxes_in_frame,
            scores,
            points_in_frame,
            score=one.min_confidence,
            nms_iou=self.nms_iou,
            max_candidates=self._settings.max_candidates,
        )
        return [
            DetectedFace(Box(*box), confidence, points)
            for box, confidence, points in zip(
                faces.boxes.tolist(), faces.scores.tolist(), faces.points, strict=True
            )
        ]
