"""Judges the rotation on people of Pointing'04 who were not trained on.

They were told where to look: the labels are off by several degrees and know no roll. Tilts of 90
degrees, where pan says nothing, are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.face.card import Metric
from training.faces.pose_rows import angle_rows, pitch_slices, uncertainty_rows, yaw_slices
from training.faces.posed import PosedFaces, measure_posed
from training.faces.predictor import FacePredictor
from training.metric_rows import MetricRows
from training.pitch_bias import pitch_bias_rows
from training.samples import ImageSample

TEST_SET = "Pointing'04 persons 11-12"
PROTOCOL = (
    "labelled box, |pitch| <= 60; the interval is over pictures: of the few persons, and says "
    "nothing of others"
)


@dataclass(frozen=True, slots=True, eq=False)
class PointingEvaluation:
    """rows: for the card; posed: every face, for files and pictures."""

    rows: list[Metric]
    posed: PosedFaces


def evaluate_pointing(
    predictor: FacePredictor, samples: Sequence[ImageSample], *, test_set: str = TEST_SET
) -> PointingEvaluation:
    """Errors of yaw and pitch by |yaw| and |pitch|; coverage; the most certain half."""
    posed = measure_posed(predictor, samples, roll_labelled=False)
    # Two persons are too few to draw from: a bootstrap over them has a handful of values.
    rows = MetricRows(test_set, range(len(posed)))
    near = {"|yaw| <= 45": np.abs(posed.angles[:, 0]) <= 45}
    by_yaw = yaw_slices(posed)
    slices = {**by_yaw, **near, **pitch_slices(posed)}
    angle_rows(rows, posed, PROTOCOL, slices)
    uncertainty_rows(rows, posed, PROTOCOL, by_yaw)
    found = posed.angles + posed.angle_errors
    pitch_bias_rows(rows, "pitch_bias", found, posed.angles, PROTOCOL, nominal=True)
    return PointingEvaluation(rows.metrics, posed)
