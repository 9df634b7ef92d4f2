"""Where a fit starts: a camera that nobody told us, and a pose from the mean head."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.camera import PinholeCamera
from training.synthetic.head import Pose

# A photograph's perspective depends on the distance alone; pictures of people are taken from about
# here. An error of a factor of two turns the head by a degree at most.
ASSUMED_DISTANCE = 1200.0  # mm
_INNER = slice(17, 68)  # the jaw's outline wanders with the pose


def assumed_camera(
    points: NDArray[np.float64], marks: NDArray[np.float64], image_size: tuple[int, int]
) -> PinholeCamera:
    """A camera, principal point in the middle, that sees the face from ASSUMED_DISTANCE.

    Its focal length is at least the longer side (53 degrees of view): small faces in large pictures
    are farther away instead. points: (68, 2) pixels; marks: (68, 3) mm, the mean head's.
    """
    _, scale, _ = _affine(points, marks)
    focal = max(scale * ASSUMED_DISTANCE, float(max(image_size)))
    return PinholeCamera.centred(*image_size, focal)


def first_pose(
    points: NDArray[np.float64], marks: NDArray[np.float64], camera: PinholeCamera
) -> Pose:
    """The mean head under the affine camera that fits best, made a rotation."""
    rotation, scale, shift = _affine(points, marks)
    depth = camera.fx / scale
    across = (shift - (camera.cx, camera.cy)) / scale
    return Pose(rotation, np.array([across[0], across[1], depth]))


def _affine(
    points: NDArray[np.float64], marks: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Rotation (3, 3), pixels per mm, and pixel (2,) of the head's origin, scaled orthographic."""
    model = marks[_INNER]
    seen = points[_INNER]
    middle = model.mean(axis=0)
    matrix = np.linalg.lstsq(model - middle, seen - seen.mean(axis=0), rcond=None)[0].T
    left, stretch, right = np.linalg.svd(matrix, full_matrices=False)
    rows = left @ right
    scale = max(float(stretch.mean()), 1e-6)
    rotation = np.vstack([rows, np.cross(rows[0], rows[1])])
    return rotation, scale, seen.mean(axis=0) - scale * rows @ middle
