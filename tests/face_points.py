"""Five points of a face that looks into the camera, and how they turn."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

FRONTAL = np.array([[-30.0, -30], [30, -30], [0, 0], [-25, 32], [25, 32]])


def rotated(points: NDArray[np.float64], clockwise: float) -> NDArray[np.float64]:
    """(N, 2) about the origin; x to the right, y down: a positive turn about z is clockwise."""
    flat = np.concatenate([points, np.zeros((len(points), 1))], axis=1)
    return np.asarray(Rotation.from_euler("z", clockwise, degrees=True).apply(flat)[:, :2])
