"""Which way a photographed head is turned."""

import numpy as np
from numpy.typing import NDArray

from app.face.rotation import from_euler, to_euler

# A photograph that already shows less of one cheek has no texture for it: such a head is turned
# only farther to the side it faces. Nearer to the middle both sides will do.
_FACING = 12.0  # degrees
_LEAST_MORE, _MOST_YAW = 10.0, 90.0
_PITCH_SPREAD, _PITCH_CHANGE, _MOST_PITCH = 12.0, 30.0, 50.0


def turnable(rotation: NDArray[np.float64]) -> bool:
    """Whether there is room to turn the head farther."""
    yaw, pitch, _ = (float(angle) for angle in to_euler(rotation))
    return abs(yaw) <= _MOST_YAW - 2 * _LEAST_MORE and abs(pitch) <= _MOST_PITCH


def sample_rotation(rotation: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """A yaw between the photograph's and +-90, a pitch near the photograph's, the same roll.

    rotation: (3, 3) of the photographed head. Profiles are drawn more often than half-profiles:
    the square root of a uniform number has twice the mean density at the far end.
    """
    yaw, pitch, roll = (float(angle) for angle in to_euler(rotation))
    side = np.sign(yaw) if abs(yaw) > _FACING else rng.choice([-1.0, 1.0])
    least = max(side * yaw, 0.0) + _LEAST_MORE
    target = side * (least + (_MOST_YAW - least) * np.sqrt(rng.uniform()))
    change = np.clip(rng.normal(0.0, _PITCH_SPREAD), -_PITCH_CHANGE, _PITCH_CHANGE)
    tilt = float(np.clip(pitch + change, -_MOST_PITCH, _MOST_PITCH))
    return np.asarray(from_euler(target, tilt, roll), dtype=np.float64)
