"""Judges the presence score: crops of photographs without faces against crops of faces.

Two kinds of places without a face: squares drawn at random, and what the detector took for a face
at a low score, which are the ones that a service meets.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from app.face.card import Metric
from app.face.geometry import Box
from training.detection.predictor import DetectorPredictor
from training.faces.predictor import FacePredictor
from training.images import read_rgb
from training.landmarks.measure import labelled_faces
from training.landmarks.protocols import JITTER, LABELLED, Protocol
from training.metric_rows import MetricRows
from training.samples import ImageSample

Floats = NDArray[np.float64]

TEST_SET = "negatives, held-out quarter, against 300-W LFPW test"
DECISION = 0.5
_SQUARES = 6  # of each photograph
_SMALLEST = 32.0  # pixels
_LOW_SCORE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class PlacesWithoutFace:
    """presence: (N,); crops: (N, S, S, 3); photographs: whose each place is."""

    presence: Floats
    crops: NDArray[np.uint8]
    photographs: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class PresenceEvaluation:
    """rows: for the card. empty: by kind of place. faces: (M,) presence in the labelled boxes."""

    rows: list[Metric]
    empty: dict[str, PlacesWithoutFace]
    faces: Floats


def evaluate_presence(
    predictor: FacePredictor,
    negatives: Sequence[ImageSample],
    positives: Sequence[ImageSample],
    *,
    detector: DetectorPredictor | None = None,
    seed: int = 0,
) -> PresenceEvaluation:
    """negatives: photographs without faces; positives: with labelled points.

    detector: finds the hard places; without it there are none.
    """
    rows: list[Metric] = []
    faces = {}
    for protocol in (LABELLED, JITTER):
        faces[protocol.name] = _of_faces(predictor, positives, protocol, seed)
        collected = MetricRows("300-W LFPW test", range(len(faces[protocol.name])))
        missed = (faces[protocol.name] < DECISION).astype(np.float64)
        collected.share(f"presence_below_{DECISION:g}", missed, protocol=protocol.sentence)
        rows += collected.metrics
    empty = {"random squares": _empty(predictor, negatives, None, seed)}
    if detector is not None:
        empty[f"what the detector scores >= {_LOW_SCORE:g}"] = _empty(
            predictor, negatives, detector, seed
        )
    for kind, places in empty.items():
        if len(places.presence):
            rows += _rows(kind, places, faces[LABELLED.name])
    return PresenceEvaluation(rows, empty, faces[LABELLED.name])


def area_under_roc(scores: Floats, positive: NDArray[np.bool_]) -> float:
    """The share of pairs (positive, negative) in the right order, ties counting half; 0.5 where
    there is no pair, which tells nothing.
    """
    ranks = stats.rankdata(scores)
    count = int(positive.sum())
    pairs = count * (len(scores) - count)
    if pairs == 0:
        return 0.5
    return float((ranks[positive].sum() - count * (count + 1) / 2) / pairs)


def random_square(rng: np.random.Generator, width: int, height: int) -> Box:
    """A square inside the picture, of all sizes alike on a logarithmic scale."""
    largest = float(min(width, height))
    side = float(np.exp(rng.uniform(np.log(min(_SMALLEST, largest)), np.log(largest))))
    x, y = (float(rng.uniform(0.0, length - side)) for length in (width, height))
    return Box(x - 0.5, y - 0.5, side, side)


def _rows(kind: str, places: PlacesWithoutFace, faces: Floats) -> list[Metric]:
    scores = np.concatenate([faces, places.presence])
    positive = np.arange(len(scores)) < len(faces)
    # Every face is a person; the places of one photograph are drawn together.
    rows = MetricRows(TEST_SET, [*range(len(faces)), *places.photographs])
    rows.statistic(
        "presence_auc",
        np.stack([scores, positive], axis=1),
        lambda values: area_under_roc(values[:, 0], values[:, 1] > 0),
        unit="0..1",
        protocol=f"{kind} against faces in labelled boxes",
    )
    wrong = np.where(positive, np.nan, scores >= DECISION)
    rows.share(f"presence_from_{DECISION:g}", wrong, protocol=f"{kind} without a face")
    return rows.metrics


def _of_faces(
    predictor: FacePredictor, samples: Sequence[ImageSample], protocol: Protocol, seed: int
) -> Floats:
    crops = []
    for index, entry in enumerate(labelled_faces(samples)):
        image = read_rgb(entry.sample.path)
        box = protocol.choose(image, entry.face, np.random.default_rng((seed, index)))
        if box is not None:
            crops.append(predictor.crop(image, box).pixels)
    return predictor.predict(crops).presence


def _empty(
    predictor: FacePredictor,
    samples: Sequence[ImageSample],
    detector: DetectorPredictor | None,
    seed: int,
) -> PlacesWithoutFace:
    crops, photographs = [], []
    for index, sample in enumerate(samples):
        image = read_rgb(sample.path)
        if detector is None:
            rng = np.random.default_rng((seed, index))
            size = image.shape[1], image.shape[0]
            boxes = [random_square(rng, *size) for _ in range(_SQUARES)]
        else:
            found = detector.detect(image, _LOW_SCORE)
            boxes = [Box(*values) for values in found.boxes.tolist()]
        crops += [predictor.crop(image, box).pixels for box in boxes]
        photographs += [sample.subject] * len(boxes)
    if not crops:
        blank = np.zeros((0, predictor.size, predictor.size, 3), np.uint8)
        return PlacesWithoutFace(np.zeros(0), blank, [])
    return PlacesWithoutFace(predictor.predict(crops).presence, np.stack(crops), photographs)
