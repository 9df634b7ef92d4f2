"""What a head looks like from where the camera sees it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Z = np.array([0.0, 0.0, 1.0])


def as_seen(rotation: ArrayLike, place: ArrayLike) -> NDArray[np.float64]:
    """Rotations (N, 3, 3) of heads at `place` (N, 3), both to the camera's frame -> those that
    crops show.

    A head beside the camera's axis is seen from the side though it face along the axis. A crop of
    it looks as if the camera had been turned the shortest way until the head lies on its axis.
    """
    ray = np.asarray(place, np.float64)
    ray = ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    axis = np.cross(ray, _Z)
    cross = -np.cross(axis[:, None, :], np.eye(3))  # (N, 3, 3): cross @ v is axis x v
    cosine = ray[:, 2, None, None]
    turn = np.eye(3) + cross + cross @ cross / (1.0 + cosine)
    return np.asarray(turn @ np.asarray(rotation, np.float64))
