"""Annotators' habits: found in made-up annotations, stored as the file says."""

import json
from importlib.resources import files

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.face.landmarks import scheme
from app.face.rotation import from_euler, geodesic_degrees
from tests.training.profiling_tools import (
    CAMERA,
    SIZE,
    closed_head,
    contour_of_closed_head,
    points_of,
)
from training.profiling.fit import HeadFitter
from training.profiling.habits import habits_of_300w, left_over, without_whole_motion
from training.synthetic.head import Pose, Shape

PLACE = np.array([0.0, 0.0, 1200.0])


def test_a_habit_is_found_in_annotations_that_have_it() -> None:
    """Brows marked 4 mm too low, seen from several sides."""
    low = np.zeros((68, 3))
    low[17:27, 1] = 4.0
    fitter = HeadFitter(closed_head(), contour_of_closed_head())
    faces = []
    for yaw in np.linspace(-40, 40, 40):
        pose = Pose(from_euler(float(yaw), 0, 0), PLACE)
        exact = points_of(Shape(np.zeros(3)), pose)
        fit = fitter.fit(exact, SIZE, CAMERA)
        per_mm = CAMERA.fx / PLACE[2]
        faces.append((exact + (low @ pose.rotation.T)[:, :2] * per_mm, fit))

    found = left_over(faces, np.zeros((68, 3)))

    # Held back by the stiffness, more or less.
    assert (found[17:27, 1] > 2.0).all()
    assert np.abs(found[27:]).max() < 0.5
    mirrored = found[list(scheme("ibug-68").flip)] * (-1.0, 1.0, 1.0)
    np.testing.assert_allclose(found, mirrored, atol=1e-9)


def test_a_fit_that_knows_the_habit_is_not_misled() -> None:
    habits = np.zeros((68, 3))
    habits[17:27, 1] = 5.0
    habits[48:68, 1] = 5.0
    pose = Pose(from_euler(20, -10, 5), PLACE)
    annotated = points_of(Shape(np.zeros(3)), pose)
    annotated += (habits @ pose.rotation.T)[:, :2] * CAMERA.fx / PLACE[2]

    knowing, naive = (
        HeadFitter(closed_head(), contour_of_closed_head(), known).fit(annotated, SIZE, CAMERA)
        for known in (habits, None)
    )

    assert geodesic_degrees(knowing.rotation, pose.rotation) < 0.5
    assert knowing.residual < 0.5 < naive.residual


def test_habits_hold_no_motion_of_the_whole_face() -> None:
    rng = np.random.default_rng(3)
    marks = rng.normal(0.0, 40.0, (68, 3))
    turned = marks @ Rotation.from_rotvec([0.002, -0.001, 0.003]).as_matrix().T * 1.001 + 0.5
    own = rng.normal(0.0, 1.0, (68, 3))

    assert np.abs(without_whole_motion(turned - marks, marks)).max() < 1e-3
    cleaned = without_whole_motion(own, marks)
    np.testing.assert_allclose(cleaned.sum(axis=0), 0.0, atol=1e-9)
    arms = marks - marks.mean(axis=0)
    np.testing.assert_allclose(np.cross(arms, cleaned).sum(axis=0), 0.0, atol=1e-7)
    assert (arms * cleaned).sum() == pytest.approx(0.0, abs=1e-7)


def test_the_stored_habits_are_small_and_symmetric() -> None:
    text = files("training.profiling").joinpath("habits_300w.json").read_text(encoding="utf-8")
    document = json.loads(text)
    flip = list(scheme("ibug-68").flip)
    jaw, places = np.array(document["jaw"]), np.array(document["places"])

    assert jaw.shape == (17, 3)
    assert places.shape == (51, 3)
    assert np.abs(jaw).max() < 8.0
    everything = np.concatenate([jaw, places])
    # Our marks are symmetric to about half a millimetre, as the model is.
    np.testing.assert_allclose(everything, everything[flip] * (-1.0, 1.0, 1.0), atol=0.6)


def test_stored_places_become_offsets_from_the_marks() -> None:
    kit = closed_head()
    habits = habits_of_300w(kit, contour_of_closed_head())

    assert habits.shape == (68, 3)
    assert np.isfinite(habits).all()
