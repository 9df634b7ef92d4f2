"""Errors about the unrolled head's axes; the oracle is SciPy's Rotation."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.head_axes import axis_errors, turned_std, unrolled, with_roll_of
from app.face.rotation import from_euler, to_euler

Floats = NDArray[np.float64]


def scipy_unrolled(yaw: float, pitch: float) -> Rotation:
    """Ry(-yaw) Rx(-pitch), in SciPy's own words."""
    return Rotation.from_euler("YX", [-yaw, -pitch], degrees=True)


HEADS = [(0.0, 0.0, 0.0), (40.0, -25.0, 30.0), (-85.0, 50.0, -70.0), (120.0, 10.0, 170.0)]


@pytest.mark.parametrize("angles", HEADS)
def test_unrolled_heads_face_the_same_way(angles: tuple[float, float, float]) -> None:
    yaw, pitch, _ = angles
    assert unrolled(from_euler(*angles)) == pytest.approx(
        scipy_unrolled(yaw, pitch).as_matrix(), abs=1e-12
    )


@pytest.mark.parametrize("angles", HEADS)
@pytest.mark.parametrize("axis", range(3))
def test_a_turn_about_an_axis_is_found_on_it(angles: tuple[float, float, float], axis: int) -> None:
    yaw, pitch, roll = angles
    head = scipy_unrolled(yaw, pitch)
    turn = np.eye(3)[axis] * 0.01
    truth = (head * Rotation.from_euler("z", roll, degrees=True)).as_matrix()
    predicted = (head * Rotation.from_rotvec(turn, degrees=True) * head.inv()).as_matrix() @ truth
    assert axis_errors(predicted, truth) == pytest.approx(turn, abs=1e-5)


def test_axes_stand_for_pitch_yaw_and_roll() -> None:
    truth = from_euler(30.0, 40.0, 10.0)
    small = 0.01
    pitch = axis_errors(from_euler(30.0, 40.0 + small, 10.0), truth)
    yaw = axis_errors(from_euler(30.0 + small, 40.0, 10.0), truth)
    roll = axis_errors(from_euler(30.0, 40.0, 10.0 + small), truth)
    assert np.abs(pitch) == pytest.approx([small, 0.0, 0.0], abs=1e-5)
    assert abs(yaw[1]) == pytest.approx(small * np.cos(np.radians(40.0)), abs=1e-5)
    assert np.abs(roll) == pytest.approx([0.0, 0.0, small], abs=1e-5)


def test_length_of_the_errors_is_the_angle_between_the_rotations() -> None:
    first = Rotation.random(50, rng=np.random.default_rng(0))
    second = Rotation.random(50, rng=np.random.default_rng(1))
    errors = axis_errors(first.as_matrix(), second.as_matrix())
    expected = np.degrees((first * second.inv()).magnitude())
    assert np.linalg.norm(errors, axis=1) == pytest.approx(expected, abs=1e-6)


def test_a_label_without_roll_takes_that_of_the_answer() -> None:
    truth = with_roll_of(from_euler(20.0, 10.0, 0.0), from_euler(-50.0, 30.0, 25.0))
    assert np.array(to_euler(truth)) == pytest.approx([20.0, 10.0, 25.0], abs=1e-9)


@pytest.mark.parametrize("clockwise", [0.0, 35.0, -90.0])
@pytest.mark.parametrize("angles", HEADS)
def test_deviations_turn_with_the_image(
    angles: tuple[float, float, float], clockwise: float
) -> None:
    """Drawn errors, turned with the image, spread as told; 0.5 degrees keep them linear."""
    std = np.array([0.5, 0.2, 0.1])
    rotation = from_euler(*angles)
    frame = unrolled(rotation)
    drawn = np.random.default_rng(0).normal(0.0, std, (20_000, 3)) @ frame.T
    noisy = Rotation.from_rotvec(drawn, degrees=True).as_matrix() @ rotation
    image = Rotation.from_euler("z", clockwise, degrees=True).as_matrix()
    # About the fixed axes of the turned truth: those of the turned answers differ a little.
    after = unrolled(image @ rotation)
    relative = Rotation.from_matrix((image @ noisy) @ (image @ rotation).T)
    spread = (relative.as_rotvec(degrees=True) @ after).std(axis=0)
    assert turned_std(rotation, std, clockwise) == pytest.approx(spread, rel=0.03)
