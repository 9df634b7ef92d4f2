"""Turned photographs of a made-up head: labels against OpenCV, pixels against the photograph."""

from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.face.rotation import from_euler, to_euler
from tests.training.profiling_tools import (
    CAMERA,
    SIZE,
    closed_head,
    contour_of_closed_head,
    photograph,
    points_of,
)
from training.profiling.fit import HeadFit, HeadFitter
from training.profiling.patch import FacePatch, boundary_loops
from training.profiling.surroundings import along, bend, outline
from training.profiling.turn import HeadTurner, Turned
from training.profiling.views import sample_rotation, turnable
from training.synthetic.head import Pose, Shape

BEFORE = from_euler(8, -3, 5)


@cache
def _fit() -> HeadFit:
    pose = Pose(BEFORE, np.array([0.0, 0.0, 1200.0]))
    points = points_of(Shape(np.zeros(3)), pose)
    return HeadFitter(closed_head(), contour_of_closed_head()).fit(points, SIZE, CAMERA)


@cache
def _turner() -> HeadTurner:
    return HeadTurner(closed_head(), contour_of_closed_head())


def _turn(
    rotation: NDArray[np.float64], picture: NDArray[np.uint8] | None = None, size: int = 160
) -> Turned:
    fit = _fit()
    image = photograph() if picture is None else picture
    return _turner().turn(_turner().dress(image, fit.projected, fit), rotation, size)


def test_a_head_that_is_not_turned_shows_the_photograph() -> None:
    fit = _fit()
    turned = _turn(fit.rotation)

    # The similarity between the two pictures, from the labelled points alone.
    to_turned, _ = cv2.estimateAffinePartial2D(fit.projected, turned.face.points)
    expected = cv2.warpAffine(photograph(), to_turned, (160, 160), flags=cv2.INTER_LINEAR)
    inner = np.zeros((160, 160), np.uint8)
    face = np.round(cv2.convexHull(turned.face.points[17:].astype(np.float32))).astype(np.int32)
    cv2.fillConvexPoly(inner, face, 1)
    difference = np.abs(turned.image.astype(int) - expected.astype(int))[inner == 1]
    assert difference.mean() < 2.5


@pytest.mark.parametrize("angles", [(40, 0, 5), (-60, 15, 5), (88, -20, 5)])
def test_labels_are_those_of_the_asked_view(angles: tuple[float, float, float]) -> None:
    label = _turn(from_euler(*angles)).face

    np.testing.assert_allclose(to_euler(label.pose.rotation), angles, atol=1e-9)
    vector, _ = cv2.Rodrigues(label.pose.rotation)
    projected, _ = cv2.projectPoints(
        label.in_head, vector, label.pose.translation, label.camera.matrix(), None
    )
    np.testing.assert_allclose(label.points_3d, projected[:, 0], atol=1e-6)
    assert ((label.points > 0) & (label.points < 160)).all()


def test_a_mark_on_the_photograph_moves_with_its_landmark() -> None:
    fit = _fit()
    for index in (30, 36, 48, 8):
        marked = np.zeros_like(photograph())
        place = np.round(fit.projected[index]).astype(int).tolist()
        cv2.circle(marked, place, 4, (255, 255, 255), -1)
        turned = _turn(from_euler(-35, 5, 5), marked, 320)
        rows, columns = np.nonzero(turned.image[..., 0] > 127)

        centre = np.array([columns.mean(), rows.mean()])
        # The chin and the eye corner lie on slanting skin, where a dot becomes an ellipse.
        assert np.linalg.norm(centre - turned.face.points[index]) < 6.0


def test_the_far_side_of_a_turned_head_is_hidden() -> None:
    right, left = (_turn(from_euler(yaw, 0, 0)).face for yaw in (75, -75))

    # Turned to the image's right, the subject's left eye (42..47) is on the far side.
    assert right.visible[[36, 39, 40]].all()
    assert not right.visible[[44, 45, 46]].any()
    assert left.visible[[42, 45, 47]].all()
    assert not left.visible[[36, 37, 41]].any()


def test_what_a_photograph_does_not_tell_is_not_labelled() -> None:
    label = _turn(from_euler(30, 0, 0)).face

    assert np.isnan(label.eyes.gaze).all()
    assert not label.eyes.pupils_visible.any()
    assert not label.schemes["muct-76"].visible[[31, 36]].any()
    assert np.isfinite(label.points).all()


def test_the_background_is_taken_from_outside_the_head_and_stays_where_it_is_far_away() -> None:
    around = np.linspace(0, 2 * np.pi, 90)
    circle = np.stack([np.cos(around), np.sin(around)], axis=1)
    before, after = outline(circle * 50 + (100, 100)), outline(circle * (70, 45) + (110, 96))
    places = np.stack(np.meshgrid(np.arange(-400.0, 600), np.arange(0.0, 200)), axis=-1)

    sources = bend(places, before, after)

    np.testing.assert_allclose(
        along(after, np.array([[3.0, 0.0], [0.0, -2.0]])), [70, 45], rtol=0.01
    )
    assert np.linalg.norm(sources - (100, 100), axis=-1).min() > 50.0
    far = np.abs(places[..., 0] - 110) > 450
    np.testing.assert_allclose(sources[far], places[far], atol=0.5)


def test_the_patch_is_closed_but_for_the_back() -> None:
    patch = FacePatch(closed_head())
    (back,) = boundary_loops(patch.triangles)

    # All rings of the shell end in one point at the back of the head.
    ends = patch.of(closed_head().mean)[back]
    np.testing.assert_allclose(ends, ends[:1].repeat(len(ends), axis=0), atol=1e-6)
    assert ends[0, 2] > 80.0


def test_boundary_loops_of_a_square_ring() -> None:
    outer, inner = [0, 1, 2, 3], [4, 5, 6, 7]
    triangles = []
    for k in range(4):
        after = (k + 1) % 4
        triangles += [[outer[k], outer[after], inner[k]], [outer[after], inner[after], inner[k]]]

    loops = boundary_loops(np.array(triangles, dtype=np.int32))

    assert sorted(sorted(loop.tolist()) for loop in loops) == [outer, inner]


def test_heads_are_turned_to_the_side_they_face() -> None:
    rng = np.random.default_rng(2)
    for yaw in (-50.0, -20.0, 35.0):
        before = from_euler(yaw, 10, -15)
        angles = np.array([to_euler(sample_rotation(before, rng)) for _ in range(300)])

        assert (np.sign(angles[:, 0]) == np.sign(yaw)).all()
        assert (np.abs(angles[:, 0]) >= abs(yaw) + 9.9).all()
        assert np.abs(angles[:, 0]).max() <= 90.0 + 1e-6
        np.testing.assert_allclose(angles[:, 2], -15.0, atol=1e-6)
        assert angles[:, 1].std() > 5.0


def test_frontal_heads_are_turned_to_either_side() -> None:
    rng = np.random.default_rng(4)
    yaws = np.array([to_euler(sample_rotation(np.eye(3), rng))[0] for _ in range(400)])

    assert 0.4 < (yaws > 0).mean() < 0.6
    assert (np.abs(yaws) > 60).mean() > 0.4


def test_heads_without_room_to_turn_are_left_out() -> None:
    assert turnable(from_euler(60, 10, 0))
    assert not turnable(from_euler(-75, 0, 0))
    assert not turnable(from_euler(0, 60, 0))
