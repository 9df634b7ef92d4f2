"""Runs an exported detector on labelled pictures and matches its boxes with the labels."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.face.boxes import FoundFaces
from training.detection.images import LabelledImage
from training.detection.metrics import MATCH_IOU, Matches, match
from training.detection.predictor import DetectorPredictor

MATCH = f"IoU >= {MATCH_IOU:g}, one thread of the ONNX file"
_CURVE_SCORE = 0.02  # where the precision-recall curve ends: lower scores are nearly all background


@dataclass(frozen=True, slots=True)
class Judged:
    """One test set: pictures, what was found in each down to very low scores, the matching."""

    name: str
    images: list[LabelledImage]
    faces: list[FoundFaces]
    matches: list[Matches]


def judge(predictor: DetectorPredictor, name: str, images: Sequence[LabelledImage]) -> Judged:
    """Runs the detector and matches its boxes with the labels."""
    faces = [predictor.detect(image.pixels, _CURVE_SCORE) for image in images]
    matches = [
        match(one.boxes, one.scores, image.boxes, image.ignored)
        for one, image in zip(faces, images, strict=True)
    ]
    return Judged(name, list(images), faces, matches)
