"""Labels that belong to their points, and labels read in a wrong order or with a wrong sign."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.landmarks import scheme
from app.face.pnp import canonical_points
from training.pose_labels import agreement, believed, disagreement, projection_error
from training.samples import FaceSample

Array = NDArray[np.float64]
POSES = [(0, 0, 0), (20, -10, 5), (-60, 25, 10), (75, -20, -30), (5, 45, 0)]


def turned(yaw: float, pitch: float, roll: float) -> Array:
    return Rotation.from_euler("YXZ", [-yaw, -pitch, roll], degrees=True).as_matrix()


def projected(rotation: Array, noise: float = 0.0, seed: int = 0) -> Array:
    """Points (68, 2) of the canonical head through a long lens, one pixel a millimetre."""
    points = (canonical_points() @ rotation.T)[:, :2] + [300, 200]
    return points + np.random.default_rng(seed).normal(0, noise, (68, 2))


def face(rotation: Array | None, points: Array) -> FaceSample:
    return FaceSample(
        points_in_image=points.astype(np.float32), scheme="ibug-68", rotation=rotation
    )


@pytest.mark.parametrize("pose", POSES)
def test_a_right_label_agrees_at_any_scale_and_place(pose: tuple[float, float, float]) -> None:
    rotation = turned(*pose)
    points = projected(rotation) * 0.37 - 1000
    assert projection_error(rotation, points) < 1e-9
    assert agreement(rotation, points).degrees < 0.01
    noisy = face(rotation, projected(rotation, noise=2.0))
    assert believed(noisy) is noisy


@pytest.mark.parametrize("degrees", [3.0, 10.0, 25.0])
@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_the_angle_to_the_best_rotation_is_found(
    degrees: float, axis: tuple[float, float, float]
) -> None:
    truth = turned(20, -10, 5)
    label = Rotation.from_rotvec(np.multiply(axis, degrees), degrees=True).as_matrix() @ truth
    assert agreement(label, projected(truth)).degrees == pytest.approx(degrees, abs=0.01)


def test_the_stated_limits_decide() -> None:
    truth = turned(20, -10, 5)
    label = Rotation.from_rotvec([0, 8, 0], degrees=True).as_matrix() @ truth
    off = face(label, projected(truth))
    assert disagreement(off) is None
    assert disagreement(off, most_degrees=5.0) == (
        "the points ask for a rotation more than 5 degrees from the label"
    )
    reason = disagreement(off, most_error=0.01)
    assert reason is not None
    assert "by more than 1%" in reason


def test_wrong_labels_lose_their_rotation_and_say_why() -> None:
    truth = turned(40, 10, 5)
    mirrored = projected(truth)[list(scheme("ibug-68").flip)]  # numbered for the other side
    upside_down = projected(truth) * (1, -1)
    for points in (mirrored, upside_down):
        found = believed(face(truth, points))
        assert found.rotation is None
        assert found.points_in_image is not None
        assert "misses the points" in found.tags["rejected"]
    other_sign = believed(face(turned(-40, 10, 5), projected(truth)))
    assert other_sign.rotation is None


def test_a_head_upside_down_is_not_scaled_negatively() -> None:
    rotation = turned(0, 0, 0)
    assert projection_error(rotation, -projected(rotation)) == pytest.approx(1.0, abs=0.01)


def test_faces_without_something_to_compare_are_left_alone() -> None:
    rotation = turned(0, 0, 0)
    for sample in (FaceSample(rotation=rotation), face(None, projected(rotation))):
        assert believed(sample) is sample
    five = FaceSample(
        points_in_image=np.zeros((5, 2), np.float32), scheme="five", rotation=rotation
    )
    assert disagreement(five) is None


def test_points_that_tell_no_pose_are_refused() -> None:
    with pytest.raises(ValueError, match="all in one place"):
        agreement(np.eye(3), np.ones((68, 2)))
    with pytest.raises(ValueError, match="68 finite points"):
        projection_error(np.eye(3), np.full((68, 2), np.nan))
