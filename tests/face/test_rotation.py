"""Rotations against SciPy, and against what the viewer of an image sees."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face import rotation as rot
from tests.angles import half_turns, near_lock

Array = NDArray[np.float64]

FACING = np.array([0.0, 0.0, -1.0])
MANY = Rotation.random(500, rng=np.random.default_rng(3)).as_matrix()


def oracle(yaw: float, pitch: float, roll: float) -> Array:
    return np.asarray(
        Rotation.from_euler("YXZ", [-yaw, -pitch, roll], degrees=True).as_matrix(), np.float64
    )


@given(yaw=half_turns, pitch=half_turns, roll=half_turns)
def test_from_euler_agrees_with_scipy(yaw: float, pitch: float, roll: float) -> None:
    np.testing.assert_allclose(
        rot.from_euler(yaw, pitch, roll), oracle(yaw, pitch, roll), atol=1e-12
    )


def test_signs_are_those_the_viewer_sees() -> None:
    right, up, clockwise = (rot.from_euler(*angles) for angles in np.eye(3) * 20)
    sine, cosine = math.sin(math.radians(20)), math.cos(math.radians(20))
    np.testing.assert_allclose(right @ FACING, [sine, 0, -cosine], atol=1e-12)  # image right
    np.testing.assert_allclose(up @ FACING, [0, -sine, -cosine], atol=1e-12)  # image up
    # Clockwise: the head's x axis (image right) dips, y being down.
    np.testing.assert_allclose(clockwise @ [1, 0, 0], [cosine, sine, 0], atol=1e-12)
    np.testing.assert_array_equal(rot.from_euler(0, 0, 0), np.eye(3))


@given(yaw=st.floats(-179, 179), pitch=st.floats(-89, 89), roll=st.floats(-179, 179))
def test_yaw_and_pitch_are_azimuth_and_elevation(yaw: float, pitch: float, roll: float) -> None:
    x, y, z = rot.from_euler(yaw, pitch, roll) @ FACING
    assert math.degrees(math.atan2(x, -z)) == pytest.approx(yaw, abs=1e-6)
    assert math.degrees(math.asin(-y)) == pytest.approx(pitch, abs=1e-6)


@given(yaw=half_turns, pitch=near_lock, roll=half_turns)
@example(yaw=180.0, pitch=0.0, roll=180.0)
@example(yaw=-180.0, pitch=-90.0, roll=-180.0)
def test_euler_round_trip_even_near_the_lock(yaw: float, pitch: float, roll: float) -> None:
    matrix = rot.from_euler(yaw, pitch, roll)
    found = rot.to_euler(matrix)
    np.testing.assert_allclose(rot.from_euler(*found), matrix, atol=3e-7)
    assert -180 < found[0] <= 180
    assert -90 <= found[1] <= 90
    assert -180 < found[2] <= 180


@given(yaw=half_turns, roll=half_turns, up=st.booleans())
def test_at_the_lock_roll_is_zero(yaw: float, roll: float, up: bool) -> None:
    matrix = rot.from_euler(yaw, 90 if up else -90, roll)
    found = rot.to_euler(matrix)
    assert found[1] == pytest.approx(90 if up else -90)
    assert found[2] == 0
    np.testing.assert_allclose(rot.from_euler(*found), matrix, atol=1e-9)


def test_the_edges_of_the_ranges() -> None:
    assert rot.to_euler(rot.from_euler(-180, 0, 0))[0] == 180
    assert rot.to_euler(rot.from_euler(0, 0, -180))[2] == 180
    yaw, pitch, roll = rot.to_euler(np.eye(3))
    assert [math.copysign(1, value) for value in (yaw, pitch, roll)] == [1, 1, 1]


def test_other_forms_agree_with_scipy() -> None:
    scipy = Rotation.from_matrix(MANY)
    np.testing.assert_allclose(
        rot.to_quaternion(MANY), scipy.as_quat(canonical=True, scalar_first=True), atol=1e-12
    )
    np.testing.assert_allclose(rot.to_rotation_vector(MANY), scipy.as_rotvec(), atol=1e-11)


@given(axis=st.tuples(*[st.floats(-1, 1)] * 3), degrees=st.floats(0, 180))
@example(axis=(0.0, 1.0, 0.0), degrees=180.0)
@example(axis=(-0.3, 0.2, -0.9), degrees=180.0)
@example(axis=(0.0, 0.0, 1.0), degrees=1e-12)
def test_quaternion_and_vector_round_trip(axis: tuple[float, float, float], degrees: float) -> None:
    length = math.hypot(*axis)
    unit = np.array([1.0, 0, 0]) if length < 1e-3 else np.array(axis) / length
    matrix = Rotation.from_rotvec(unit * math.radians(degrees)).as_matrix()
    quaternion = rot.to_quaternion(matrix)
    assert quaternion[0] >= 0
    np.testing.assert_allclose(np.linalg.norm(quaternion), 1)
    np.testing.assert_allclose(rot.from_quaternion(quaternion), matrix, atol=1e-9)
    np.testing.assert_allclose(rot.from_quaternion(-3 * quaternion), matrix, atol=1e-9)
    back = cv2.Rodrigues(rot.to_rotation_vector(matrix))[0]
    np.testing.assert_allclose(back, matrix, atol=1e-7)


def test_six_are_the_first_two_columns() -> None:
    six = rot.to_six(MANY)
    np.testing.assert_array_equal(six[:, :3], MANY[:, :, 0])
    np.testing.assert_array_equal(six[:, 3:], MANY[:, :, 1])
    np.testing.assert_allclose(rot.from_six(six), MANY, atol=1e-12)


@given(st.lists(st.floats(-5, 5), min_size=6, max_size=6))
def test_from_six_is_always_a_rotation(values: list[float]) -> None:
    first, second = np.array(values[:3]), np.array(values[3:])
    if np.linalg.norm(np.cross(first, second)) < 1e-3:
        return
    matrix = rot.from_six(values)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(matrix) == pytest.approx(1)
    np.testing.assert_allclose(matrix[:, 0], first / np.linalg.norm(first), atol=1e-12)
    assert matrix[:, 1] @ second > 0


def test_from_six_refuses_what_is_no_rotation() -> None:
    for values in ([0.0] * 6, [1, 2, 3, 2, 4, 6], [1, 0, 0, math.nan, 0, 0]):
        with pytest.raises(ValueError, match="6D"):
            rot.from_six(values)
    with pytest.raises(ValueError, match="Received"):
        rot.from_quaternion(np.zeros(4))
    with pytest.raises(ValueError, match="Received"):
        rot.to_euler(np.eye(4))


@given(yaw=st.floats(-179, 179), pitch=st.floats(-89, 89), roll=st.floats(-179, 179))
def test_mirror_changes_the_sign_of_yaw_and_roll(yaw: float, pitch: float, roll: float) -> None:
    matrix = rot.from_euler(yaw, pitch, roll)
    np.testing.assert_allclose(rot.mirror(matrix), rot.from_euler(-yaw, pitch, -roll), atol=1e-12)
    np.testing.assert_array_equal(rot.mirror(rot.mirror(matrix)), matrix)


@given(roll=st.floats(-90, 90), degrees=st.floats(-89, 89))
def test_turn_adds_to_the_roll_of_a_frontal_face(roll: float, degrees: float) -> None:
    found = rot.to_euler(rot.turn(rot.from_euler(0, 0, roll), degrees))
    np.testing.assert_allclose(found, [0, 0, roll + degrees], atol=1e-9)


def test_turn_moves_the_projection_as_the_image_turns() -> None:
    # Turning an image clockwise by 90 degrees takes (x right, y down) to (-y, x).
    before = MANY @ np.array([3.0, 5.0, 7.0])
    after = rot.turn(MANY, 90) @ np.array([3.0, 5.0, 7.0])
    np.testing.assert_allclose(after[:, 0], -before[:, 1], atol=1e-12)
    np.testing.assert_allclose(after[:, 1], before[:, 0], atol=1e-12)
    np.testing.assert_allclose(after[:, 2], before[:, 2], atol=1e-12)


@given(degrees=st.one_of(st.floats(0, 180), st.sampled_from([1e-9, 180 - 1e-9, 180.0, 0.0])))
def test_geodesic(degrees: float) -> None:
    unit = np.array([1.0, -2.0, 2.0]) / 3
    turned = Rotation.from_rotvec(unit * math.radians(degrees)).as_matrix()
    found = rot.geodesic_degrees(MANY, MANY @ turned)
    np.testing.assert_allclose(found, degrees, atol=1e-6)
    assert rot.geodesic_degrees(MANY, MANY).max() < 1e-6
    assert not np.isnan(rot.geodesic_degrees(MANY * (1 + 1e-7), MANY)).any()


def test_functions_work_over_leading_axes() -> None:
    grid = MANY[:12].reshape(3, 4, 3, 3)
    assert rot.from_euler(*rot.to_euler(grid)).shape == (3, 4, 3, 3)
    assert rot.from_euler(np.zeros((5, 1)), 0, np.zeros(2)).shape == (5, 2, 3, 3)
    assert rot.to_quaternion(grid).shape == (3, 4, 4)
    assert rot.from_quaternion(rot.to_quaternion(grid)).shape == grid.shape
    assert rot.from_six(rot.to_six(grid)).shape == grid.shape
    assert rot.turn(grid, np.zeros(4)).shape == grid.shape
    assert rot.geodesic_degrees(grid, grid[0]).shape == (3, 4)


def labelled_300w_lp(pitch: float, yaw: float, roll: float) -> Array:
    """The data set's own: Rx Ry Rz of transposed elementary matrices, y up, z to the viewer."""
    p, y, r = (math.radians(angle) for angle in (pitch, yaw, roll))
    about_x = [[1, 0, 0], [0, math.cos(p), math.sin(p)], [0, -math.sin(p), math.cos(p)]]
    about_y = [[math.cos(y), 0, -math.sin(y)], [0, 1, 0], [math.sin(y), 0, math.cos(y)]]
    about_z = [[math.cos(r), math.sin(r), 0], [-math.sin(r), math.cos(r), 0], [0, 0, 1]]
    theirs = np.array(about_x) @ np.array(about_y) @ np.array(about_z)
    to_ours = np.diag([1.0, -1.0, -1.0])
    return np.asarray(to_ours @ theirs @ to_ours, np.float64)


@given(pitch=half_turns, yaw=near_lock, roll=half_turns)
def test_300w_lp(pitch: float, yaw: float, roll: float) -> None:
    matrix = rot.from_300w_lp(pitch, yaw, roll)
    np.testing.assert_allclose(matrix, labelled_300w_lp(pitch, yaw, roll), atol=1e-12)
    np.testing.assert_allclose(rot.from_300w_lp(*rot.to_300w_lp(matrix)), matrix, atol=3e-7)


def test_300w_lp_signs() -> None:
    # yaw > 0 the nose points to the image's left, pitch > 0 up, roll > 0 clockwise.
    assert np.round(rot.to_euler(rot.from_300w_lp(0, 30, 0)), 9).tolist() == [-30, 0, 0]
    assert np.round(rot.to_euler(rot.from_300w_lp(30, 0, 0)), 9).tolist() == [0, 30, 0]
    assert np.round(rot.to_euler(rot.from_300w_lp(0, 0, 30)), 9).tolist() == [0, 0, 30]


def documented_openvino(yaw: float, pitch: float, roll: float) -> Array:
    """The matrix of the model's documentation: x to the camera, y to the image's right, z up."""
    y, p, r = (math.radians(angle) for angle in (yaw, pitch, roll))
    about_z = [[math.cos(y), -math.sin(y), 0], [math.sin(y), math.cos(y), 0], [0, 0, 1]]
    about_y = [[math.cos(p), 0, math.sin(p)], [0, 1, 0], [-math.sin(p), 0, math.cos(p)]]
    about_x = [[1, 0, 0], [0, math.cos(r), math.sin(r)], [0, -math.sin(r), math.cos(r)]]
    theirs = np.array(about_z) @ np.array(about_y) @ np.array(about_x)
    to_ours = np.array([[0.0, 1, 0], [0, 0, -1], [-1, 0, 0]])
    return np.asarray(to_ours @ theirs @ to_ours.T, np.float64)


def test_conventions() -> None:
    assert list(rot.CONVENTIONS) == ["canonical", "300w-lp", "opencv-rodrigues", "openvino"]
    assert all(name == entry.name for name, entry in rot.CONVENTIONS.items())
    for matrix in MANY[:50]:
        fields = {name: entry.fields(matrix) for name, entry in rot.CONVENTIONS.items()}
        canonical, lp, vino = (
            {key: value for key, value in fields[name].items() if isinstance(value, float)}
            for name in ("canonical", "300w-lp", "openvino")
        )
        np.testing.assert_allclose(oracle(**canonical), matrix, atol=1e-9)
        np.testing.assert_allclose(labelled_300w_lp(**lp), matrix, atol=1e-9)
        np.testing.assert_allclose(documented_openvino(**vino), matrix, atol=1e-9)
        vector = np.array(fields["opencv-rodrigues"]["rotation_vector"])
        np.testing.assert_allclose(cv2.Rodrigues(vector)[0], matrix, atol=1e-9)
