"""One detector on one test set -> rows with n and 95 % intervals, for `benchmarks.detectors`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.face.card import Metric
from benchmarks.detectors_boxes import BoxCorrection
from benchmarks.peers.peer import FoundBoxes
from training.detection.images import LabelledImage
from training.detection.metrics import MATCH_IOU, Matches, average_precision, match
from training.metric_rows import MetricRows
from training.statistics import bootstrap, wilson

CORRECTED, BY_SET, AS_DRAWN = "corrected once", "corrected for the set", "as drawn"
_RESAMPLES = 500


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Pictures and what is counted in them.

    slices: (faces,) masks over all faces of all pictures in order, whose recall is reported; none
    for a set without faces. curve: average precision over all thresholds is reported instead.
    boxes_of: the training set that labels boxes by the same rule. any_roll: heads lie on their
    sides, where a correction of upright boxes says little.
    """

    name: str
    title: str
    images: Sequence[LabelledImage]
    slices: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    curve: bool = False
    boxes_of: str = "w300"
    any_roll: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One number. boxes: CORRECTED (by one correction for all sets), BY_SET or AS_DRAWN."""

    detector: str
    test_set: str
    boxes: str
    metric: Metric


def judge(
    detector: str,
    test_set: PictureSet,
    found: Sequence[FoundBoxes],
    corrections: dict[str, BoxCorrection],
) -> list[Row]:
    """Rows of every correction. corrections: by what the rows say of their boxes."""
    rows = []
    for boxes, correction in corrections.items():
        tries = [_matches(test_set, found, correction)]
        if test_set.any_roll:
            tries.append(_matches(test_set, found, BoxCorrection()))
        for metric in _metrics(test_set, tries):
            rows.append(Row(detector, test_set.name, boxes, metric))
    return rows


def _matches(
    test_set: PictureSet, found: Sequence[FoundBoxes], correction: BoxCorrection
) -> list[Matches]:
    fitted = [correction(one) for one in found]
    return [
        match(one.boxes, one.scores, image.boxes, image.ignored)
        for one, image in zip(fitted, test_set.images, strict=True)
    ]


def _metrics(test_set: PictureSet, tries: list[list[Matches]]) -> list[Metric]:
    """tries: the matches of one or two sets of boxes; a face counts that either finds."""
    if test_set.curve:
        return [_average_precision(test_set, tries[0])]
    if not test_set.slices:
        return [_false_boxes(test_set, tries[0])]
    rows = MetricRows(test_set.title, range(_faces(test_set)))
    hit = np.any([_found(matches) for matches in tries], axis=0).astype(np.float64)
    protocol = f"IoU >= {MATCH_IOU:g}, default threshold"
    if test_set.any_roll:
        protocol += ", of the box as drawn or as corrected"
    for name, mask in test_set.slices.items():
        rows.share("recall", hit, protocol=protocol, slice_name=name, mask=mask)
    return rows.metrics


def _faces(test_set: PictureSet) -> int:
    return sum(len(image.boxes) for image in test_set.images)


def _false_boxes(test_set: PictureSet, matches: list[Matches]) -> Metric:
    rows = MetricRows(test_set.title, range(len(matches)))
    boxes = np.array([len(one.scores) for one in matches], np.float64)
    protocol = "every box at the detector's default threshold"
    rows.mean("false_boxes_per_image", boxes, unit="boxes", protocol=protocol)
    (metric,) = rows.metrics
    if boxes.any():
        return metric
    # Resampling nothing gives no interval; that of the share of pictures with a box does.
    interval = (0.0, round(wilson(0, len(matches))[1], 4))
    return metric.model_copy(update={"interval95": interval})


def _found(matches: list[Matches]) -> NDArray[np.bool_]:
    return np.asarray(~np.isnan(np.concatenate([one.best_score for one in matches])))


def _average_precision(test_set: PictureSet, matches: list[Matches]) -> Metric:
    low, high = bootstrap(
        np.arange(len(matches)),
        lambda drawn: average_precision([matches[int(index)] for index in drawn]),
        resamples=_RESAMPLES,
    )
    return Metric(
        name="average_precision",
        value=round(average_precision(matches), 4),
        unit="0..1",
        n=_faces(test_set),
        interval95=(round(low, 4), round(high, 4)),
        protocol=f"{test_set.title}, faces >= 20 px high at 400 px, others ignored, "
        f"IoU >= {MATCH_IOU:g}, bootstrap over {len(matches)} pictures",
    )
