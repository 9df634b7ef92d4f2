"""Fits of heads whose pose, identity and camera are known; OpenCV projects them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from app.face.landmarks import scheme
from app.face.rotation import from_euler, geodesic_degrees, mirror
from tests.training.profiling_tools import (
    CAMERA,
    SIZE,
    closed_head,
    contour_of_closed_head,
    points_of,
)
from training.profiling.fit import MOST_RESIDUAL, HeadFitter, fit_head
from training.synthetic.head import Pose, Shape

PLACE = np.array([12.0, -20.0, 1200.0])
ANGLES = [(0, 0, 0), (25, -10, 15), (-40, 15, -30), (65, 5, 10), (-85, -5, 0), (10, 30, 80)]


@pytest.fixture(scope="module")
def fitter() -> HeadFitter:
    return HeadFitter(closed_head(), contour_of_closed_head())


def _points(
    angles: tuple[float, float, float], size: float = 0.0, jaw: float = 0.0
) -> NDArray[np.float64]:
    shape = Shape(np.array([size, 0.0, 0.0]), {"jawOpen": jaw})
    return points_of(shape, Pose(from_euler(*angles), PLACE))


@pytest.mark.parametrize("angles", ANGLES)
def test_recovers_the_rotation_from_exact_points(
    fitter: HeadFitter, angles: tuple[float, float, float]
) -> None:
    fit = fitter.fit(_points(angles, size=0.5, jaw=0.3), SIZE, CAMERA)

    assert geodesic_degrees(fit.rotation, from_euler(*angles)) < 0.5
    assert fit.residual < 0.5
    assert fit.accepted


@pytest.mark.parametrize("angles", ANGLES)
def test_recovers_the_rotation_from_noisy_points(
    fitter: HeadFitter, angles: tuple[float, float, float]
) -> None:
    exact = _points(angles, size=-0.5)
    for seed in range(4):
        noise = np.random.default_rng(seed).normal(0.0, 1.0, exact.shape)
        fit = fitter.fit(exact + noise, SIZE, CAMERA)

        assert geodesic_degrees(fit.rotation, from_euler(*angles)) < 2.0


def test_recovers_identity_expression_and_place(fitter: HeadFitter) -> None:
    fit = fitter.fit(_points((15, 5, 0), size=1.0, jaw=0.5), SIZE, CAMERA)

    assert fit.shape.identity[0] == pytest.approx(1.0, abs=0.3)
    assert fit.shape.expression["jawOpen"] == pytest.approx(0.5, abs=0.1)
    np.testing.assert_allclose(fit.pose.translation, PLACE, rtol=0.02, atol=1.5)


def test_an_unknown_camera_costs_little(fitter: HeadFitter) -> None:
    """The head was photographed from 1.2 m, as is assumed; the focal length is not told."""
    fit = fitter.fit(_points((30, -10, 5)), SIZE)

    assert geodesic_degrees(fit.rotation, from_euler(30, -10, 5)) < 2.0
    assert fit.camera.fx == pytest.approx(CAMERA.fx, rel=0.25)
    assert (fit.camera.cx, fit.camera.cy) == (159.5, 149.5)


def test_a_small_face_in_a_large_picture_is_far_away(fitter: HeadFitter) -> None:
    fit = fitter.fit(_points((0, 0, 0)) * 0.1, (4000, 3000))

    assert fit.camera.fx == 4000.0
    assert fit.pose.translation[2] > 10_000.0


@pytest.mark.parametrize("angles", ANGLES)
def test_mirrored_points_give_the_mirrored_rotation(
    fitter: HeadFitter, angles: tuple[float, float, float]
) -> None:
    rng = np.random.default_rng(5)
    points = _points(angles, size=0.5) + rng.normal(0.0, 0.5, (68, 2))
    mirrored = scheme("ibug-68").mirror(points, SIZE[0])

    straight, again = fitter.fit(points, SIZE), fitter.fit(mirrored, SIZE)

    assert geodesic_degrees(again.rotation, mirror(straight.rotation)) < 0.3
    assert again.residual == pytest.approx(straight.residual, abs=0.1)


def test_a_few_wrong_points_do_not_turn_the_head(fitter: HeadFitter) -> None:
    points = _points((20, 0, 0))
    points[[3, 20, 48, 57]] += 40.0

    fit = fitter.fit(points, SIZE, CAMERA)

    assert geodesic_degrees(fit.rotation, from_euler(20, 0, 0)) < 2.0


def test_what_is_no_face_is_refused(fitter: HeadFitter) -> None:
    face = _points((0, 0, 0))
    rng = np.random.default_rng(1)
    nonsense = {
        "scattered": rng.uniform(0, 300, (68, 2)),
        "in another order": rng.permutation(face),
        "upper half mirrored": np.concatenate([face[:17], face[17:48][::-1], face[48:]]),
    }
    for points in nonsense.values():
        fit = fitter.fit(points, SIZE)

        assert fit.residual > MOST_RESIDUAL
        assert not fit.accepted


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((67, 2)),
        np.full((68, 2), np.nan),
        np.ones((68, 2)),
        np.ones((68, 2)).cumsum(axis=0),
    ],
    ids=["67 points", "NaN", "one place", "one line"],
)
def test_points_that_cannot_be_fitted_raise(points: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="a fit needs"):
        fit_head(points, SIZE, closed_head())


def test_the_residual_is_a_percentage_of_the_eye_distance(fitter: HeadFitter) -> None:
    """Eight points are far off by known lengths, which the fit leaves to them, at a yaw of 60: what
    is left over is told in percent of the distance that the eyes have in the picture of the front.
    """
    shifted = [2, 7, 17, 24, 31, 50, 55, 62]
    front, turned = _points((0, 0, 0)), _points((60, 0, 0))
    eyes = float(np.linalg.norm(front[36] - front[45]))
    rng = np.random.default_rng(4)
    lengths, directions = rng.uniform(60.0, 120.0, 8), rng.uniform(0.0, 2 * np.pi, 8)
    turned[shifted] += lengths[:, None] * np.stack([np.cos(directions), np.sin(directions)], axis=1)

    fit = fitter.fit(turned, SIZE, CAMERA)

    assert geodesic_degrees(fit.rotation, from_euler(60, 0, 0)) < 2.0
    assert fit.residual == pytest.approx(100 * lengths.sum() / 68 / eyes, rel=0.05)
