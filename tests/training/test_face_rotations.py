"""Rotation errors in tensors against SciPy, and the gradients that training needs."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from training.faces.rotations import axis_errors, unrolled
from training.networks.gram_schmidt import GramSchmidt

DIRECTIONS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, 0.64, 0.48], [-0.6, 0, 0.8]])


def tensor(rotation: Rotation) -> tf.Tensor:
    return tf.constant(rotation.as_matrix(), tf.float32)


def test_the_unrolled_head_faces_the_same_way_without_roll() -> None:
    """R = Ry(-yaw) Rx(-pitch) Rz(roll): SciPy's intrinsic YXZ angles are -yaw, -pitch, roll."""
    rotation = Rotation.random(300, random_state=1)
    angles = rotation.as_euler("YXZ")
    angles[:, 2] = 0.0
    expected = Rotation.from_euler("YXZ", angles).as_matrix()
    found = unrolled(tensor(rotation)).numpy()
    # Beyond 90 degrees of pitch SciPy says the same with other angles.
    front = np.abs(np.abs(angles[:, 1]) - np.pi / 2) > 0.05
    np.testing.assert_allclose(found[front], expected[front], atol=1e-4)


@pytest.mark.parametrize("pitch", [-90.0, 90.0])
def test_a_head_that_looks_straight_up_or_down_has_axes_too(pitch: float) -> None:
    axes = unrolled(tensor(Rotation.from_euler("xz", [[-pitch, 0]], degrees=True))).numpy()[0]
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-5)


def test_axis_errors_are_the_rotation_vector_in_the_unrolled_frame() -> None:
    true, predicted = (Rotation.random(300, random_state=seed) for seed in (2, 3))
    found = axis_errors(tensor(true), tensor(predicted)).numpy()
    vector = (predicted * true.inv()).as_rotvec()
    angles = true.as_euler("YXZ")
    angles[:, 2] = 0.0
    expected = Rotation.from_euler("YXZ", angles).inv().apply(vector)
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize(("axis", "change"), [(0, "pitch"), (1, "yaw"), (2, "roll")])
def test_each_axis_is_the_error_of_its_angle(axis: int, change: str) -> None:
    before = {"yaw": 20.0, "pitch": -30.0, "roll": 15.0}
    after = before | {change: before[change] + 2.0}

    def rotation(angles: dict[str, float]) -> Rotation:
        row = [[-angles["yaw"], -angles["pitch"], angles["roll"]]]
        return Rotation.from_euler("YXZ", row, degrees=True)

    found = np.degrees(axis_errors(tensor(rotation(before)), tensor(rotation(after))).numpy()[0])
    size = 2.0 * np.cos(np.radians(30.0)) if change == "yaw" else 2.0
    assert abs(found[axis]) == pytest.approx(size, abs=0.02)
    if change != "yaw":  # a change of yaw also turns the face about its own facing direction
        assert np.abs(np.delete(found, axis)).max() < 0.02


@pytest.mark.parametrize("degrees", [1.0, 90.0, 170.0, 179.9, 179.999, 180.0])
def test_the_distance_pulls_equally_however_far_off(degrees: float) -> None:
    """A quarter turn and a half turn alike: 1 radian a radian, along the six numbers' circle."""
    for direction in DIRECTIONS:
        off = Rotation.from_rotvec(direction * np.radians(degrees)).as_matrix()
        six = tf.Variable(np.concatenate([off[0], off[1]])[None].astype(np.float32))
        with tf.GradientTape() as tape:
            predicted = tf.reshape(GramSchmidt()(six), (-1, 3, 3))
            errors = axis_errors(tf.eye(3, batch_shape=[1]), predicted)
            distance = tf.norm(errors)
        assert float(distance) == pytest.approx(np.radians(degrees), abs=1e-3)
        assert float(tf.norm(tape.gradient(distance, six))) > 0.9


@pytest.mark.parametrize(
    "six",
    [
        [0, 0, 0, 0, 0, 0],
        [1, 0, 0, 1, 0, 0],
        [1, 0, 0, -2, 0, 0],
        [0, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 0],
        [0, 1, 0, 0, -1, 0],
        [1e-9, 0, 0, 0, 1e-9, 0],
        [1, 0, 0, 1, 1e-5, 0],
        [1e8, 0, 1e8, 0, -1e8, 0],
    ],
)
def test_whatever_the_six_numbers_the_answer_is_a_rotation(six: list[float]) -> None:
    variable = tf.Variable(np.array([six], np.float32))
    with tf.GradientTape() as tape:
        nine = GramSchmidt()(variable)
        errors = axis_errors(tf.eye(3, batch_shape=[1]), tf.reshape(nine, (-1, 3, 3)))
        loss = tf.reduce_sum(errors**2)
    matrix = nine.numpy().reshape(3, 3)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-4)
    assert np.linalg.det(matrix) == pytest.approx(1.0, abs=1e-4)
    assert np.isfinite(tape.gradient(loss, variable).numpy()).all()


def test_orthogonal_rows_are_kept() -> None:
    matrices: NDArray[np.float64] = Rotation.random(50, random_state=4).as_matrix()
    six = np.concatenate([3.0 * matrices[:, 0], 0.2 * matrices[:, 1]], axis=-1)
    found = GramSchmidt()(tf.constant(six, tf.float32)).numpy().reshape(-1, 3, 3)
    np.testing.assert_allclose(found, matrices, atol=1e-5)
