"""How far open eyes and mouth are, from the distances between lids and lips in space."""

import numpy as np
from numpy.typing import NDArray

OPEN_EYE = 0.27
"""Eye openness of the mean head at rest; 0 is shut, wide open is up to 0.45."""

# Height over width that the model's own points keep when the lids, or lips, touch: they stand on
# the rims, a little apart.
_SHUT_EYE = 0.042
_SHUT_MOUTH = 0.021


def eye_openness(mesh_68: NDArray[np.floating]) -> NDArray[np.float64]:
    """(2,) right and left eye: height of the lids' opening over the width between its corners.

    mesh_68: (68, 3) the model's own landmark vertices, in any rigid frame and unit. 0 is shut.
    """
    right = _height(mesh_68, ((37, 41), (38, 40))) / _apart(mesh_68, 36, 39)
    left = _height(mesh_68, ((43, 47), (44, 46))) / _apart(mesh_68, 42, 45)
    return np.maximum(np.array([right, left]) - _SHUT_EYE, 0.0)


def mouth_openness(mesh_68: NDArray[np.floating]) -> float:
    """Height of the opening between the lips over the width of the mouth; 0 is shut.

    mesh_68: as for eye_openness. A dropped jaw gives 0.75 and, seldom, 1.0; talking 0.05 to 0.3.
    """
    height = _height(mesh_68, ((61, 67), (62, 66), (63, 65)))
    return max(height / _apart(mesh_68, 48, 54) - _SHUT_MOUTH, 0.0)


def _height(points: NDArray[np.floating], pairs: tuple[tuple[int, int], ...]) -> float:
    return float(np.mean([_apart(points, upper, lower) for upper, lower in pairs]))


def _apart(points: NDArray[np.floating], first: int, second: int) -> float:
    return float(np.linalg.norm(points[first] - points[second]))
