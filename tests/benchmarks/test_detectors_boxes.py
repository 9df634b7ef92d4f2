"""Corrections of boxes against numbers made by hand."""

import numpy as np
import pytest

from benchmarks.detectors_boxes import BoxCorrection, fit, pairs
from benchmarks.peers.peer import FoundBoxes, found_boxes
from training.detection.images import LabelledImage


def labelled(*boxes: tuple[float, float, float, float]) -> LabelledImage:
    return LabelledImage(
        source="test",
        pixels=np.zeros((8, 8, 3), np.uint8),
        boxes=np.array(boxes, np.float64).reshape(-1, 4),
        points=np.full((len(boxes), 5, 2), np.nan),
        ignored=np.empty((0, 4)),
        complete=True,
    )


def test_a_correction_shifts_by_the_box_and_scales_about_its_centre() -> None:
    correction = BoxCorrection(shift=(0.1, -0.2), scale=(0.5, 2.0))
    corrected = correction(found_boxes([(10, 20, 100, 50, 0.7)]))
    # Centre (60, 45) moves to (70, 35), size 100 x 50 becomes 50 x 100.
    assert corrected.boxes.tolist() == [[45, -15, 50, 100]]
    assert corrected.scores.tolist() == [0.7]


def test_nothing_found_is_corrected_to_nothing() -> None:
    assert BoxCorrection(scale=(2, 2))(found_boxes([])).boxes.shape == (0, 4)


def test_a_pair_is_what_turns_the_found_box_to_the_labelled_one() -> None:
    # The first of the found boxes lies elsewhere, and so does the second of the labelled ones.
    found = found_boxes([(500, 500, 10, 10, 1.0), (0, 0, 40, 40, 0.5)])
    image = labelled((0, 10, 40, 20), (200, 200, 30, 30))
    (row,) = pairs([found], [image])
    np.testing.assert_allclose(row, [0, 0, 0, np.log(0.5)])


def test_the_fit_undoes_a_change_of_boxes_whatever_a_few_wrong_pairs_say() -> None:
    rng = np.random.default_rng(3)
    truth = np.column_stack([rng.uniform(0, 200, (50, 2)), rng.uniform(30, 90, (50, 2))])
    # Drawn half as high, on the lower half of the face.
    drawn = truth * [1, 1, 1, 0.5] + np.column_stack(
        [np.zeros(50), truth[:, 3] / 2, *np.zeros((2, 50))]
    )
    images = [labelled(tuple(box)) for box in truth.tolist()]
    found = [FoundBoxes(box[None], np.ones(1)) for box in drawn]
    rows = pairs(found, images)
    rows[:5] += 1
    correction = fit({"one": rows})
    restored = np.concatenate([correction(one).boxes for one in found])
    np.testing.assert_allclose(restored, truth, atol=1e-9)


def test_sets_count_the_same_and_those_with_few_pairs_not() -> None:
    many, more, few = (
        np.tile([shift, 0, 0, 0.0], (n, 1)) for shift, n in ((0.1, 20), (0.3, 900), (9, 19))
    )
    correction = fit({"many": many, "more": more, "few": few})
    assert correction.shift == pytest.approx((0.2, 0))
    assert correction.scale == pytest.approx((1, 1))
    assert fit({"few": few}) == BoxCorrection()
