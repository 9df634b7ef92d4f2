"""Boxes for the faces of sets that label none: those that the published detector finds."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from app.face.card import load_card
from app.face.geometry import Box
from training.detection.predictor import DetectorPredictor
from training.images import read_rgb
from training.samples import FaceSample, ImageSample

_DETECTOR = "detector"


def with_boxes(
    samples: Sequence[ImageSample], find: Callable[[Path], list[Box]]
) -> list[ImageSample]:
    """The samples, faces with neither box nor points in the box that holds their labelled centre
    (tags["centre_in_image"]); where none does, they are left out.

    find: the picture at a path to its face boxes, image pixels.
    """
    boxed = [_boxed(sample, find) for sample in tqdm(samples, desc="boxes", unit="picture")]
    kept = [sample for sample in boxed if sample is not None]
    if len(kept) < len(samples):
        print(f"{len(samples) - len(kept)} of {len(samples)} faces not found", file=sys.stderr)
    return kept


def needs_boxes(samples: Sequence[ImageSample]) -> bool:
    return any(_unboxed(face) for sample in samples for face in sample.faces)


def detector_of(models: Path) -> Callable[[Path], list[Box]]:
    """Finds faces with the published detector at its threshold. CardError when there is none."""
    predictor = DetectorPredictor.open(models / _DETECTOR)
    score = load_card(models / _DETECTOR).thresholds["score"]

    def find(path: Path) -> list[Box]:
        return [Box(*box) for box in predictor.detect(read_rgb(path), score).boxes.tolist()]

    return find


def _boxed(sample: ImageSample, find: Callable[[Path], list[Box]]) -> ImageSample | None:
    if not any(map(_unboxed, sample.faces)):
        return sample
    found = find(sample.path)
    faces = [_in_its_box(face, found) if _unboxed(face) else face for face in sample.faces]
    kept = tuple(face for face in faces if face is not None)
    return replace(sample, faces=kept) if kept else None


def _unboxed(face: FaceSample) -> bool:
    return face.box is None and face.points_in_image is None


def _in_its_box(face: FaceSample, found: Sequence[Box]) -> FaceSample | None:
    centre = np.array(face.tags["centre_in_image"].split(), np.float64)

    def away(box: Box) -> float:
        """1 at the edge of the ellipse that fills the box."""
        return float(np.hypot(*((centre - box.centre) / (box.width / 2, box.height / 2))))

    best = min(found, key=away, default=None)
    return replace(face, box=best) if best is not None and away(best) <= 1.0 else None
