"""Judges a model of 68 points on MTFL's small crops, which tell gender and glasses.

Of MTFL's five points 68 points have three: the nose tip and the corners of the mouth. The eyes'
middles, which 68 points only surround, are judged apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.card import Metric
from app.face.geometry import Box
from app.face.landmarks import scheme
from training.detection.images import BoxFromFivePoints, five_points
from training.landmarks.measure import Measurement, labelled_faces, measure
from training.landmarks.metrics import point_errors
from training.landmarks.predictor import LandmarkPredictor
from training.landmarks.protocols import LABELLED
from training.landmarks.slices import tag_slices
from training.metric_rows import MetricRows
from training.samples import FaceSample, ImageSample

Floats = NDArray[np.float64]

TEST_SET = "MTFL, held-out twentieth"
_PROTOCOL = "80-pixel crops, box guessed from the five labelled points, over the eyes' distance"
_PARTS = {"three_point_error": [2, 3, 4], "eye_middle_error": [0, 1]}


@dataclass(frozen=True, slots=True, eq=False)
class FivePointEvaluation:
    """rows: for the card. errors: (N,) of the three shared points, fractions."""

    rows: list[Metric]
    measurement: Measurement
    errors: Floats


def evaluate_five_points(
    model: Path | LandmarkPredictor,
    samples: Sequence[ImageSample],
    photographs: Sequence[ImageSample],
) -> FivePointEvaluation:
    """samples: labelled in the scheme "five", without boxes. photographs: with 68 points, from
    which it is learnt where the face box lies round five.
    """
    predictor = model if isinstance(model, LandmarkPredictor) else LandmarkPredictor.open(model)
    faces = labelled_faces(_boxed(samples, photographs))
    measured = measure(predictor, faces, LABELLED, keep_crops=True)
    truth = np.stack([face.truth for face in faces])
    apart = scheme("five").nme_distance(truth)
    distances = point_errors(measured.points, truth) / np.where(apart > 0, apart, np.nan)[:, None]
    rows = MetricRows(TEST_SET, [face.sample.subject for face in faces])
    slices = tag_slices(faces)
    for name, points in _PARTS.items():
        values = distances[:, points].mean(axis=1)
        rows.mean(name, values, unit="%", protocol=_PROTOCOL, factor=100)
        for part, mask in slices.items():
            rows.mean(
                name,
                values,
                unit="%",
                protocol=_PROTOCOL,
                slice_name=part,
                mask=mask,
                factor=100,
            )
    errors = distances[:, _PARTS["three_point_error"]].mean(axis=1)
    return FivePointEvaluation(rows.metrics, measured, errors)


def _boxed(samples: Sequence[ImageSample], photographs: Sequence[ImageSample]) -> list[ImageSample]:
    known = [
        (five_points(face), (face.box.x, face.box.y, face.box.width, face.box.height))
        for sample in photographs
        for face in sample.faces
        if face.box is not None
    ]
    points, boxes = zip(*known, strict=True)
    guess = BoxFromFivePoints(np.stack(points), np.array(boxes))

    def boxed(face: FaceSample) -> FaceSample:
        return replace(face, box=Box(*guess(five_points(face)[None])[0].tolist()))

    return [replace(one, faces=tuple(boxed(face) for face in one.faces)) for one in samples]
