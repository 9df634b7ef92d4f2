"""Judging boxes: which detections hit, which are false, and the curve over the threshold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.face.boxes import pairwise_iou

MATCH_IOU = 0.5
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Matches:
    """Detections of one image against its labels.

    scores (N,) best first; hit (N,): 1 found a face, 0 false, NaN counts neither way (it lies on a
    face to be ignored); best_score (F,): the score by which each labelled face was found, NaN if
    missed.
    """

    scores: Floats
    hit: Floats
    best_score: Floats


def match(
    boxes: Floats,
    scores: Floats,
    truth: Floats,
    ignored: Floats | None = None,
    *,
    iou: float = MATCH_IOU,
) -> Matches:
    """Greedy matching, best score first; each labelled face is found at most once.

    boxes (N, 4), scores (N,), truth (F, 4), ignored (G, 4), all x, y, width, height. A detection
    that hits no labelled face counts neither way when more than half of it lies in an ignored face.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    overlaps = pairwise_iou(boxes, truth)
    hit = np.zeros(len(boxes))
    best_score = np.full(len(truth), np.nan)
    for row in range(len(boxes)):
        free = np.where(np.isnan(best_score), overlaps[row], -1.0)
        if len(free) and free.max() >= iou:
            hit[row] = 1.0
            best_score[int(free.argmax())] = scores[row]
    if ignored is not None and len(ignored):
        excused = _share_covered(boxes, ignored).max(axis=1) > 0.5
        hit[(hit == 0) & excused] = np.nan
    return Matches(scores, hit, best_score)


def average_precision(matches: Sequence[Matches]) -> float:
    """Area under precision over recall at all thresholds (precision made monotone, as in VOC
    2010+).
    """
    faces = sum(len(one.best_score) for one in matches)
    scores = np.concatenate([one.scores for one in matches])
    hit = np.concatenate([one.hit for one in matches])
    if faces == 0:
        raise ValueError("no labelled face: there is no precision over recall")
    scores, hit = scores[~np.isnan(hit)], hit[~np.isnan(hit)]
    hit = hit[np.argsort(-scores, kind="stable")]
    found = np.cumsum(hit)
    precision = found / np.arange(1, len(hit) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float((precision * hit).sum() / faces)


def false_boxes(matches: Sequence[Matches], score: float) -> Floats:
    """(images,) number of false boxes in each image at a threshold."""
    return np.array([float(((one.hit == 0) & (one.scores >= score)).sum()) for one in matches])


def found(matches: Sequence[Matches], score: float) -> Floats:
    """(faces,) 1 where the face was found at a threshold, else 0."""
    best = np.concatenate([one.best_score for one in matches])
    return (np.nan_to_num(best, nan=-1.0) >= score).astype(np.float64)


def lowest_threshold(matches: Sequence[Matches], false_per_image: float) -> float:
    """The lowest score at which at most that many false boxes an image remain on average."""
    scores = np.concatenate([one.scores[one.hit == 0] for one in matches])
    allowed = int(false_per_image * len(matches))
    if len(scores) <= allowed:
        return float(min(scores, default=0.0))
    # Just above the first false box that must go.
    return float(np.nextafter(np.sort(scores)[::-1][allowed], 1.0))


def precise_threshold(matches: Sequence[Matches], precision: float) -> float:
    """The lowest score from which on at least that share of the boxes holds a labelled face; the
    highest of all scores when none does.
    """
    scores = np.concatenate([one.scores for one in matches])
    hit = np.concatenate([one.hit for one in matches])
    scores, hit = scores[~np.isnan(hit)], hit[~np.isnan(hit)]
    order = np.argsort(-scores, kind="stable")
    share = np.cumsum(hit[order]) / np.arange(1, len(hit) + 1)
    enough = np.flatnonzero(share >= precision)
    return float(scores[order][enough[-1] if len(enough) else 0])


def _share_covered(boxes: Floats, areas: Floats) -> Floats:
    """(N, G): the share of each box that lies in each area."""
    low = np.maximum(boxes[:, None, :2], areas[None, :, :2])
    high = np.minimum(
        boxes[:, None, :2] + boxes[:, None, 2:], areas[None, :, :2] + areas[None, :, 2:]
    )
    inside = np.clip(high - low, 0, None).prod(axis=-1)
    return np.asarray(inside / np.maximum(boxes[:, 2:].prod(axis=-1), 1e-9)[:, None])
