"""Judges an exported detector on held-out photographs; its rows go on the model card.

The ONNX file is run with the steps of the service (`app.face.boxes`). Every number has its n and a
95 % interval. What is a hit: IoU >= 0.5 with the labelled box, of which there is one rule for all
sets.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.card import Metric
from training.datasets import load
from training.detection.images import LabelledImage, load_images
from training.detection.judging import MATCH, Judged, judge
from training.detection.metrics import (
    Matches,
    average_precision,
    false_boxes,
    found,
    lowest_threshold,
    precise_threshold,
)
from training.detection.predictor import LONG_SIDE, DetectorPredictor
from training.detection.protocols import SHOWINGS, Showing
from training.detection.rolled import judge_rolled
from training.metric_rows import MetricRows
from training.samples import Split
from training.statistics import bootstrap, most_events

_PRECISION = 0.92  # of the boxes at the default threshold, on pictures of crowds
_WIDER_HEIGHT = 20.0  # pixels in the stored picture (400 px on its long side)


@dataclass(frozen=True, slots=True)
class DetectorEvaluation:
    """rows: for the card. score: the threshold of their numbers. judged: for contact sheets."""

    rows: list[Metric]
    score: float
    judged: dict[str, Judged]


def evaluate_detector(
    model: Path, data: Path, score: float, *, long_side: int = LONG_SIDE
) -> DetectorEvaluation:
    """Judges an ONNX file (or model folder) on the test sets in `data` at the threshold `score`."""
    predictor = DetectorPredictor.open(model, long_side=long_side)
    rows: list[Metric] = []
    judged: dict[str, Judged] = {}
    lfpw = test_images("w300", data)
    for showing in SHOWINGS:
        name = f"lfpw {showing.name}"
        judged[name] = judge(predictor, name, [showing.change(image) for image in lfpw])
        rows += _recall_rows("300-W LFPW test", judged[name], score, showing)
    judged["dlib_examples"] = judge(predictor, "dlib_examples", test_images("dlib_examples", data))
    rows += _recall_rows("dlib example faces", judged["dlib_examples"], score)
    judged["pointing04"] = judge(predictor, "pointing04", test_images("pointing04", data))
    rows += _recall_rows("Pointing'04 persons 11-12", judged["pointing04"], score)
    judged["negatives"] = judge(predictor, "negatives", test_images("negatives", data))
    rows += _false_rows("negatives, held-out quarter", judged["negatives"], score)
    judged["wider"] = judge(predictor, "wider", wider_images(test_images("wider_sub", data)))
    rows += _curve_rows(judged["wider"], score)
    rolled_rows, rolled = judge_rolled(predictor, data, score)
    rows += rolled_rows
    if rolled is not None:
        judged[rolled.name] = rolled
    return DetectorEvaluation(rows, score, judged)


def choose_score(
    model: Path, data: Path, false_per_image: float = 0.05, *, long_side: int = LONG_SIDE
) -> float:
    """The default threshold: with 90 % confidence at most so many false boxes on photographs
    without faces, and of the boxes on WIDER's pictures _PRECISION hold a face; told from the
    validation split, which no test uses.

    The photographs without faces are few, so each is judged in the mirror too: the network does not
    make the same mistakes there. The two are not quite independent, so the confidence is a little
    less than stated.
    """
    predictor = DetectorPredictor.open(model, long_side=long_side)
    images = _images("negatives", data, "validation")
    images += [replace(one, pixels=np.ascontiguousarray(one.pixels[:, ::-1])) for one in images]
    allowed = most_events(len(images) * false_per_image) / len(images)
    few = lowest_threshold(judge(predictor, "negatives", images).matches, allowed)
    wider = wider_images(_images("wider_sub", data, "validation"))
    return max(few, precise_threshold(judge(predictor, "wider", wider).matches, _PRECISION))


def test_images(source: str, data: Path) -> list[LabelledImage]:
    """The pictures of a set's test split."""
    return _images(source, data, "test")


def wider_images(images: Sequence[LabelledImage]) -> list[LabelledImage]:
    """WIDER's pictures with the faces that are too small moved to those that count neither way."""
    return [_without(image, image.boxes[:, 3] < _WIDER_HEIGHT) for image in images]


def _images(source: str, data: Path, split: Split) -> list[LabelledImage]:
    return load_images([sample for sample in load(source, data) if sample.split == split])


def _without(image: LabelledImage, small: NDArray[np.bool_]) -> LabelledImage:
    return replace(
        image,
        boxes=image.boxes[~small],
        points=image.points[~small],
        ignored=np.concatenate([image.ignored, image.boxes[small]]),
    )


def _recall_rows(
    test_set: str, judged: Judged, score: float, showing: Showing = SHOWINGS[0]
) -> list[Metric]:
    values = found(judged.matches, score)
    rows = MetricRows(test_set, range(len(values)))
    protocol = f"{showing.sentence}, {MATCH}"
    rows.share("recall", values, protocol=protocol, slice_name=showing.name)
    errors = _point_errors(judged, score)
    if np.isfinite(errors).any():
        rows.mean(
            "five_point_error",
            errors,
            unit="%",
            protocol=f"{showing.sentence}, mean distance over the eyes' distance, faces found",
            slice_name=showing.name,
            factor=100,
        )
    return rows.metrics


def _false_rows(test_set: str, judged: Judged, score: float) -> list[Metric]:
    rows = MetricRows(test_set, range(len(judged.images)))
    rows.mean(
        "false_boxes_per_image",
        false_boxes(judged.matches, score),
        unit="boxes",
        protocol="photographs without faces, every box counts",
    )
    return rows.metrics


def _curve_rows(judged: Judged, score: float) -> list[Metric]:
    test_set = "WIDER FACE part, validation"
    matches = judged.matches
    faces = int(sum(len(one.best_score) for one in matches))
    protocol = f"faces >= {_WIDER_HEIGHT:g} px high at 400 px, others ignored, {MATCH}"

    def row(name: str, unit: str, statistic: Callable[[Sequence[Matches]], float]) -> Metric:
        low, high = bootstrap(
            np.arange(len(matches)),
            lambda drawn: statistic([matches[int(index)] for index in drawn]),
            resamples=500,
        )
        return Metric(
            name=name,
            value=round(statistic(matches), 4),
            unit=unit,
            n=faces,
            interval95=(round(low, 4), round(high, 4)),
            protocol=f"{test_set}, {protocol}",
        )

    return [
        row("average_precision", "0..1", average_precision),
        row("recall", "%", lambda some: 100 * float(found(some, score).mean())),
        row("precision", "%", lambda some: 100 * _precision(some, score)),
    ]


def _precision(matches: Sequence[Matches], score: float) -> float:
    hit = np.concatenate([one.hit[one.scores >= score] for one in matches])
    hit = hit[~np.isnan(hit)]
    return float(hit.mean()) if len(hit) else 1.0


def _point_errors(judged: Judged, score: float) -> NDArray[np.float64]:
    """(faces,) mean distance of the five points over the eyes' distance; NaN where missed or not
    labelled.
    """
    errors: list[float] = []
    for image, faces, matches in zip(judged.images, judged.faces, judged.matches, strict=True):
        for truth, best in zip(image.points, matches.best_score, strict=True):
            if not best >= score or not np.isfinite(truth).all():
                errors.append(np.nan)
                continue
            points = faces.points[int(np.flatnonzero(faces.scores == best)[0])]
            eyes = float(np.linalg.norm(truth[0] - truth[1]))
            errors.append(float(np.linalg.norm(points - truth, axis=-1).mean() / eyes))
    return np.array(errors)
