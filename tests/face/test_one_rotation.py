"""One rotation in plain numbers, against SciPy and against the same forms for many."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from scipy.spatial.transform import Rotation

from app.face import rotation as rot
from app.face.one_rotation import euler_of, quaternion_of
from tests.angles import half_turns, near_lock


@given(yaw=half_turns, pitch=near_lock, roll=half_turns)
@example(yaw=180.0, pitch=0.0, roll=180.0)
@example(yaw=-180.0, pitch=-90.0, roll=-180.0)
@example(yaw=0.0, pitch=0.0, roll=0.0)
def test_one_is_as_many(yaw: float, pitch: float, roll: float) -> None:
    matrix = rot.from_euler(yaw, pitch, roll)
    found = euler_of(matrix)
    for value, like in zip(found, rot.to_euler(matrix), strict=True):
        assert math.remainder(value - float(like), 360) == pytest.approx(0, abs=1e-9)
        assert math.copysign(1, value) == 1 or value < 0, "no negative zero"
    assert -180 < found[0] <= 180
    assert -180 < found[2] <= 180
    quaternion = quaternion_of(matrix)
    # Where w is 0 both signs are right.
    assert abs(np.dot(quaternion, rot.to_quaternion(matrix))) == pytest.approx(1, abs=1e-12)
    assert quaternion[0] >= 0


def test_scipy_says_the_same() -> None:
    for turn in Rotation.random(200, rng=np.random.default_rng(5)):
        matrix = np.asarray(turn.as_matrix(), np.float64)
        yaw, pitch, roll = euler_of(matrix)
        again = Rotation.from_euler("YXZ", [-yaw, -pitch, roll], degrees=True)
        np.testing.assert_allclose(again.as_matrix(), matrix, atol=1e-12)
        x, y, z, w = turn.as_quat(canonical=True)
        np.testing.assert_allclose(quaternion_of(matrix), [w, x, y, z], atol=1e-12)


def test_at_the_lock_roll_is_zero() -> None:
    for pitch in (90.0, -90.0):
        found = euler_of(rot.from_euler(30, pitch, 0))
        assert found[:2] == pytest.approx((30, pitch))
        assert found[2] == 0
