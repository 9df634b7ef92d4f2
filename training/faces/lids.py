"""How far photographed eyes are open, from the points that people set on their lids.

The unit is that of `training.synthetic.openness`. Height and width of an eye, as seen, are brought
back to the head: each by how much of its direction on the mean head the camera sees under the
head's rotation. What the result is worth was measured on renders, of which the openness is known
(`python -m training.faces.lid_calibration`).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.face.pnp import canonical_points
from app.face.rotation import to_euler

Floats = NDArray[np.float64]

# A line through what renders show within 45 degrees of yaw, where the deviation is 0.02.
SLOPE, OFFSET = 0.905, -0.0188
LARGEST_YAW, LARGEST_PITCH = 45.0, 40.0
# On a photograph the annotator's hand is added: of the two eyes of one face the openness differs by
# 0.025 (the deviation of one, in 300-W), which blinks and winks account for in part.
PHOTOGRAPH_WEIGHT = 0.5
# Eyes that differ more are winks or mistakes: their labels cannot be told apart.
MOST_APART = 0.12

_FEWEST_POINTS = 4  # of the six round an eye: fewer and its opening is not to be seen

# Outer and inner corner (the subject's right eye) or the other way round; upper and lower lid.
_CORNERS = ((36, 39), (42, 45))
_LIDS = (((37, 41), (38, 40)), ((43, 47), (44, 46)))
_LEAST_SEEN = 0.2


def openness_of_lids(points: NDArray[np.floating], rotation: NDArray[np.floating]) -> Floats:
    """(N, 2) right and left eye, from points (N, 68, 2), in any unit, and rotations (N, 3, 3) as
    the picture shows them.
    """
    found = []
    head = canonical_points()
    for (first, last), lids in zip(_CORNERS, _LIDS, strict=True):
        height = np.mean([_length(points[:, low] - points[:, up]) for up, low in lids], axis=0)
        width = _length(points[:, last] - points[:, first])
        down = np.mean([head[low] - head[up] for up, low in lids], axis=0)
        factor = _seen(rotation, head[last] - head[first]) / _seen(rotation, down)
        found.append(height / np.maximum(width, 1e-6) * factor)
    return np.maximum(SLOPE * np.stack(found, axis=-1) + OFFSET, 0.0)


def believed(openness: Floats, rotation: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(N,): faces of which both eyes can be judged, by how far they are turned and whether the eyes
    agree.
    """
    yaw, pitch, _ = to_euler(rotation)
    frontal = (np.abs(yaw) < LARGEST_YAW) & (np.abs(pitch) < LARGEST_PITCH)
    return np.asarray(frontal & (np.abs(openness[:, 0] - openness[:, 1]) < MOST_APART))


def _seen(rotation: NDArray[np.floating], direction: NDArray[np.floating]) -> Floats:
    """(N,): the part of a length along a direction of the head that the camera sees."""
    in_camera = np.asarray(rotation, np.float64) @ (direction / np.linalg.norm(direction))
    return np.maximum(_length(in_camera[:, :2]), _LEAST_SEEN)


def _length(vectors: NDArray[np.floating]) -> Floats:
    return np.asarray(np.linalg.norm(vectors, axis=-1), np.float64)


def eyes_that_show(visible: NDArray[Any]) -> NDArray[np.bool_]:
    """(..., 68) -> (..., 2): of the right and the left eye, whether enough points show."""
    right_and_left = np.stack([visible[..., 36:42], visible[..., 42:48]], axis=-2)
    return np.asarray(right_and_left.sum(axis=-1) >= _FEWEST_POINTS)
