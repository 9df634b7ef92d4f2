"""How far the faces that two files find in the same pictures are apart."""

import numpy as np

from app.face.boxes import pairwise_iou
from training.detection.order import in_order_of
from training.parity import Outputs

MOST_BY_INT8 = 0.5
"""Scores move by 0.015 or boxes by 2.5 % then, on average; the service refuses 0.03 and 5 % in any
face of its golden image (app/accuracy_gate.py).
"""

_SCORE = 0.3  # of cells that take part: below it they are no faces
# What counts as much: a score that differs by so much, a box that overlaps by 1 less so much.
_OF_SCORE, _OF_OVERLAP = 0.03, 0.05


def cell_difference(answered: Outputs, wanted: Outputs) -> float:
    """Mean over the cells that are faces in `wanted`: of the scores' differences in hundredths
    three by three, of what the boxes' overlap lacks in hundredths five by five; the larger.

    ValueError when there is no face in any picture.
    """
    faces = wanted["scores"] >= _SCORE
    if not faces.any():
        raise ValueError("none of the pictures shows a face")
    arranged = in_order_of(wanted, answered)
    scores = np.abs(arranged["scores"] - wanted["scores"])[faces]
    overlaps = np.diag(pairwise_iou(arranged["boxes"][faces], wanted["boxes"][faces]))
    missing = 1.0 - overlaps
    return max(float(scores.mean()) / _OF_SCORE, float(missing.mean()) / _OF_OVERLAP)
