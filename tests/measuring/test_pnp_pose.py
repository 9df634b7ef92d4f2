"""Pose from landmarks and its uncertainty, on projections of the canonical head."""

import numpy as np
import pytest
from numpy.typing import NDArray

from app.face.pnp import Camera, canonical_points
from app.face.rotation import from_euler
from app.measuring.pnp_pose import MEAN_HEAD_DEGREES, pose_from_points

CAMERA = Camera.assumed(640, 480)


def projected(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    place = canonical_points() @ from_euler(yaw, pitch, roll).T + (20.0, -10.0, 600.0)
    image = place @ CAMERA.matrix.T
    return np.asarray(image[:, :2] / image[:, 2:])


def test_angles() -> None:
    pose = pose_from_points(projected(25, -10, 5), np.ones(68), CAMERA, "ibug-68")
    assert pose is not None
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((25, -10, 5), abs=1e-3)
    assert pose.std is None


def test_the_std_is_that_of_repeated_measurements() -> None:
    """Monte Carlo: the spread of poses from noisy points, plus the mean head's share."""
    points, noise = projected(20, 10, 5), np.random.default_rng(0)
    found = []
    for _ in range(300):
        pose = pose_from_points(
            points + noise.normal(0, 2, points.shape), np.ones(68), CAMERA, "ibug-68"
        )
        assert pose is not None
        found.append((pose.yaw, pose.pitch, pose.roll))
    spread = np.hypot(np.std(found, axis=0), MEAN_HEAD_DEGREES)
    told = pose_from_points(points, np.full(68, 2.0), CAMERA, "ibug-68", "canonical")
    assert told is not None
    assert told.std is not None
    np.testing.assert_allclose([told.std[k] for k in ("yaw", "pitch", "roll")], spread, rtol=0.1)


def test_the_std_grows_with_the_landmarks_own() -> None:
    points = projected(0, 0, 0)
    yaws = []
    for std in (1.0, 4.0, 16.0):
        pose = pose_from_points(points, np.full(68, std), CAMERA, "ibug-68", "canonical")
        assert pose is not None
        assert pose.std is not None
        yaws.append(pose.std["yaw"])
    assert yaws == sorted(yaws)
    assert yaws[-1] > 2 * yaws[0]


def test_conventions_without_angles_have_no_std() -> None:
    pose = pose_from_points(projected(0, 0, 0), np.ones(68), CAMERA, "ibug-68", "opencv-rodrigues")
    assert pose is not None
    assert pose.std == {}


@pytest.mark.parametrize("focal", [1.0, 100.0, 1e6])
@pytest.mark.parametrize("centre", [-1e6, 320.0, 1e6])
def test_any_camera_that_may_be_sent_gives_finite_numbers_or_none(
    focal: float, centre: float
) -> None:
    """And no warning, which would be an error here."""
    camera = Camera(focal, focal, centre, centre)
    pose = pose_from_points(projected(20, 10, 5), np.ones(68), camera, "ibug-68", "canonical")
    if pose is not None:
        assert pose.reprojection_error is not None
        assert np.isfinite([pose.yaw, pose.pitch, pose.roll, pose.reprojection_error]).all()
        assert pose.std is None or np.isfinite(list(pose.std.values())).all()


def test_a_camera_beyond_all_numbers_gives_no_pose() -> None:
    camera = Camera(1e-307, 1e-307, 320.0, 240.0)
    assert pose_from_points(projected(0, 0, 0), np.ones(68), camera, "ibug-68", "canonical") is None


def test_no_pose() -> None:
    assert pose_from_points(np.zeros((68, 2)), np.ones(68), CAMERA, "ibug-68", "canonical") is None
    assert pose_from_points(np.zeros((5, 2)), np.ones(5), CAMERA, "five") is None
