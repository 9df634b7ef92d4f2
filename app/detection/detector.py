"""Image -> faces: the meaning of a detector's outputs.

Boxes are not clipped to the image, since a face may be cut by the frame; a box whose centre lies
outside the image (in the padding, say) is no face and is dropped. An image is shrunk to the
detector's long side and not enlarged unless the settings allow it. Fitting the image into the
network's input and selecting its faces are shared with training (`app.face.boxes`); which images
share a run is `app.detection.letterbox`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.detection.letterbox import Letterbox, letterboxes
from app.face.boxes import DetectorFrame, detector_frame, select_faces
from app.face.card import CardError
from app.face.geometry import Box
from app.images.grid import WHOLE, Grid
from app.inference.model import Model

GPU_PADDING = 1_000_000
"""Pixels of padding that saving one run is worth on a GPU, where starting the run costs more than
its arithmetic: reasoned, not measured. On a CPU it is worth 5,000 to 18,000, and the shapes of
ordinary pictures are 10,000 and more apart: there padding gained 2 % at best, so it is not done."""


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """None takes the card's value.

    long_side: of the network's input, pixels. score: least confidence of a face. nms_iou: overlap
    above which the weaker of two boxes goes. max_candidates: boxes that enter the suppression, the
    best ones. max_enlarge: how many times a small image may be enlarged. padding: pixels of black
    that saving one run is worth; None: by the device, 0 on a CPU.
    """

    long_side: int | None = None
    score: float | None = None
    nms_iou: float | None = None
    max_candidates: int = 400
    max_enlarge: float = 1.0
    padding: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DetectorInput:
    """An image made ready. frame: of its decoded pixels, which lie in it as `grid` says.
    min_confidence: least score of a face in it.
    """

    frame: DetectorFrame
    min_confidence: float
    grid: Grid = WHOLE


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
            raise CardError(
                f"{card.name} is a {card.task} model: MIEN_DETECTOR wants the name of a detector."
            )
        self.model = model
        self.long_side = settings.long_side or card.input.long_side
        self.score = card.thresholds["score"] if settings.score is None else settings.score
        self.nms_iou = card.thresholds["nms_iou"] if settings.nms_iou is None else settings.nms_iou
        by_device = 0 if model.on_cpu else GPU_PADDING
        self.padding = by_device if settings.padding is None else settings.padding
        # As much as the warm-up has met.
        self._most_pixels = model.max_batch * card.input.long_side**2
        self._settings = settings

    @property
    def usual_size(self) -> bool:
        """Whether its input has the size of the card, for which the card's numbers hold."""
        return self.long_side == self.model.card.input.long_side

    @property
    def max_batch(self) -> int:
        return self.model.max_batch

    def prepare(
        self,
        pixels: NDArray[np.uint8],
        min_confidence: float | None = None,
        grid: Grid = WHOLE,
    ) -> DetectorInput:
        """Fit the pixels of an upright image (H, W, 3) uint8 RGB into the network's input.

        min_confidence: for this image, instead of the detector's threshold. grid: where the pixels
        lie in the image; faces are told in the image's own.
        """
        frame = detector_frame(
            pixels,
            self.long_side,
            multiple_of=self.model.card.input.multiple_of,
            max_enlarge=self._settings.max_enlarge,
        )
        least = self.score if min_confidence is None else min_confidence
        return DetectorInput(frame, least, grid)

    def batches(self, inputs: Sequence[DetectorInput]) -> list[Letterbox]:
        """The runs that these inputs take."""
        shapes = [one.frame.pixels.shape for one in inputs]
        sizes = [(height, width) for height, width, _ in shapes]
        return letterboxes(sizes, padding=self.padding, most_pixels=self._most_pixels)

    def run(self, inputs: Sequence[DetectorInput]) -> list[list[DetectedFace]]:
        """The faces of each image, most confident first, in the order of the images.

        Images of similar shapes go through the network together (`app.detection.letterbox`).
        """
        pixels = [one.frame.pixels for one in inputs]
        found: list[list[DetectedFace]] = [[] for _ in inputs]
        for box in self.batches(inputs):
            outputs = self.model.run(box.stack(pixels))
            for row, position in enumerate(box.members):
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
        boxes = one.grid.boxes_to_image(faces.boxes)
        points = one.grid.points_to_image(faces.points)
        return [
            DetectedFace(Box(*box), confidence, five)
            for box, confidence, five in zip(
                boxes.tolist(), faces.scores.tolist(), points, strict=True
            )
        ]
