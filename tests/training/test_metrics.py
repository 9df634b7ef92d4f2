"""Landmark errors against values worked out by hand."""

import numpy as np
import pytest

from app.face.landmarks import scheme
from training.landmarks.metrics import (
    area_under_ced,
    box_diagonals,
    ced,
    ced_scores,
    failure_rate,
    nme,
    point_errors,
    to_five,
)

# Two faces of three points. Face 0: distances 5, 0, 10. Face 1: distances 1, 1, 1.
TRUTH = np.array([[[0, 0], [10, 0], [0, 10]], [[5, 5], [6, 5], [5, 6]]], np.float64)
POINTS = TRUTH + np.array([[[3, 4], [0, 0], [6, 8]], [[1, 0], [0, -1], [-1, 0]]], np.float64)


def test_the_error_of_a_face_is_its_mean_distance_over_the_normaliser() -> None:
    assert nme(POINTS, TRUTH, [100, 10]) == pytest.approx([0.05, 0.1])


def test_points_that_are_not_seen_do_not_count() -> None:
    seen = np.array([[True, False, True], [True, True, True]])
    assert nme(POINTS, TRUTH, [100, 10], seen) == pytest.approx([0.075, 0.1])
    assert np.isnan(point_errors(POINTS, TRUTH, seen)[0, 1])


@pytest.mark.parametrize("length", [0.0, -1.0, float("nan"), float("inf")])
def test_a_normaliser_that_is_no_length_is_refused(length: float) -> None:
    with pytest.raises(ValueError, match="normaliser"):
        nme(POINTS, TRUTH, [100, length])


def test_an_answer_that_is_not_finite_is_refused() -> None:
    broken = POINTS.copy()
    broken[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        nme(broken, TRUTH, [100, 10])


def test_a_face_without_a_seen_point_is_refused() -> None:
    with pytest.raises(ValueError, match="no seen point"):
        nme(POINTS, TRUTH, [1, 1], np.array([[False] * 3, [True] * 3]))


def test_shapes_must_match() -> None:
    with pytest.raises(ValueError, match="equal"):
        point_errors(POINTS, TRUTH[:1])


def test_the_normaliser_of_68_points_is_the_outer_eye_corners() -> None:
    face = np.zeros((1, 68, 2))
    face[0, 36], face[0, 45] = (10, 20), (40, 60)
    assert scheme("ibug-68").nme_distance(face) == pytest.approx([50])


def test_the_box_diagonal_ignores_points_that_are_not_seen() -> None:
    truth = np.array([[[0, 0], [3, 4], [100, 100]]], np.float64)
    assert box_diagonals(truth, np.array([[True, True, False]])) == pytest.approx([5])
    assert box_diagonals(truth) == pytest.approx([np.hypot(100, 100)])


def test_failures_lie_strictly_above_the_threshold() -> None:
    assert failure_rate([0.01, 0.08, 0.081, 0.5], 0.08) == 0.5


def test_the_area_under_the_curve_is_exact() -> None:
    # Limit 0.1: error 0 counts all along (1), 0.05 from the middle on (0.5), 0.2 never (0).
    assert area_under_ced([0.0, 0.05, 0.2], 0.1) == pytest.approx(0.5)
    assert ced_scores([0.0, 0.05, 0.2], 0.1) == pytest.approx([1.0, 0.5, 0.0])


def test_the_area_is_the_integral_of_the_curve() -> None:
    errors = np.random.default_rng(3).gamma(3, 0.012, 500)
    thresholds, shares = ced(errors, 0.08, steps=20001)
    assert area_under_ced(errors, 0.08) == pytest.approx(
        float(np.trapezoid(shares, thresholds)) / 0.08, abs=1e-4
    )


def test_the_curve_counts_faces_at_or_below_each_threshold() -> None:
    thresholds, shares = ced([0.0, 0.05, 0.2], 0.1, steps=3)
    assert thresholds == pytest.approx([0, 0.05, 0.1])
    assert shares == pytest.approx([1 / 3, 2 / 3, 2 / 3])


def test_five_points_of_68_are_eye_centres_nose_tip_and_mouth_corners() -> None:
    face = np.zeros((1, 68, 2))
    face[0, 36:42] = [[0, 0], [2, -2], [4, -2], [6, 0], [4, 2], [2, 2]]
    face[0, 42:48] = [[10, 0], [12, -2], [14, -2], [16, 0], [14, 2], [12, 2]]
    face[0, 30], face[0, 48], face[0, 54] = (8, 10), (3, 15), (13, 15)
    five = to_five(face, scheme("ibug-68"))
    assert five.shape == (1, 5, 2)
    assert five[0] == pytest.approx(np.array([[3, 0], [13, 0], [8, 10], [3, 15], [13, 15]]))
    assert scheme("five").nme_distance(five) == pytest.approx([10])
