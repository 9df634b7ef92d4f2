"""Where the eyes look, read from how the eyeballs are turned."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.facekit import EYEBALLS, FaceKit, Part

EYES = (Part.EYE_RIGHT, Part.EYE_LEFT)
"""The order of everything that is stored per eye: the subject's right eye, then the left."""

_EVERY = 7  # vertices of an eyeball are plenty


def gaze_in_head(kit: FaceKit, head: NDArray[np.floating]) -> NDArray[np.float64]:
    """(2, 3) unit vectors, right and left eye; (0, 0, -1) looks straight out of the head.

    head: (V, 3) mm, any shape of the model in the head frame. The identity turns the eyeballs of
    some people by a few degrees; the picture shows it, so it counts.
    """
    gazes = []
    for part in EYES:
        rest = kit.mean[EYEBALLS[part]][::_EVERY].astype(np.float64)
        now = np.asarray(head[EYEBALLS[part]][::_EVERY], dtype=np.float64)
        gazes.append(_rotation(rest - rest.mean(axis=0), now - now.mean(axis=0)) @ (0.0, 0.0, -1.0))
    return np.stack(gazes)


def gaze_angles(gaze: NDArray[np.floating]) -> NDArray[np.float64]:
    """Unit vectors (..., 3) in the camera frame -> (..., 2) yaw and pitch in degrees.

    Yaw > 0 looks to the image's right, pitch > 0 up, as for the head; (0, 0, -1) gives zero.
    """
    x, y, z = np.moveaxis(np.asarray(gaze, dtype=np.float64), -1, 0)
    pitch = np.arctan2(-y, np.hypot(x, z))
    return np.rad2deg(np.stack([np.arctan2(x, -z), pitch], axis=-1))


def _rotation(rest: NDArray[np.float64], now: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation that best takes centred points (n, 3) to others (Kabsch, 1976)."""
    left, _, right = np.linalg.svd(now.T @ rest)
    proper = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return np.asarray(left @ proper @ right, dtype=np.float64)
