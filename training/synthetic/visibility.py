"""Which points of a head can be seen in the picture."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.camera import PinholeCamera

BEHIND_SKIN = 6.0
"""mm; a point of the face farther than this behind what its pixel shows is hidden. Nostrils
and lips are that deep, and annotators mark points in them."""

BEHIND_LID = 1.5
"""mm; the same for pupils, which a shut lid of 2 mm hides."""


def visible_points(
    points_in_camera: NDArray[np.floating],
    camera: PinholeCamera,
    depth: NDArray[np.floating],
    behind: float = BEHIND_SKIN,
) -> NDArray[np.bool_]:
    """(K,) bool: in the picture, and neither skin nor anything worn or held hides it.

    points_in_camera: (K, 3) mm. depth: (H, W) mm, the nearest surface of everything drawn, a
    picture of `camera`'s view at any resolution; what is worn or held hides a point however close
    it lies to the skin, so it must be entered nearer than it is. behind: mm, see BEHIND_SKIN.
    """
    points = np.asarray(points_in_camera, dtype=np.float64)
    # Of the 3x3 pixels around the point one that shows its depth is enough: on an outline half of
    # them show the background.
    nearby, inside = _around(points, camera, depth)
    seen = inside & (points[:, 2] <= nearby.max(axis=1) + behind)
    return np.asarray(seen, dtype=np.bool_)


def _around(
    points: NDArray[np.float64], camera: PinholeCamera, depth: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """(K, 9) depths of the pixels around each point, and whether it is in the picture."""
    height, width = depth.shape
    fine = camera.finer(width / camera.width)
    before = points[:, 2] > 0.0
    spots = fine.project(np.where(before[:, None], points, (0.0, 0.0, 1.0)))
    inside = before & ((spots >= -0.5) & (spots <= (width - 0.5, height - 0.5))).all(axis=1)
    columns, rows = np.round(np.clip(spots, -2.0, max(width, height) + 2.0)).astype(np.int64).T
    step = np.arange(-1, 2)
    columns = np.clip(columns[:, None, None] + step[None, None, :], 0, width - 1)
    rows = np.clip(rows[:, None, None] + step[None, :, None], 0, height - 1)
    return depth[rows, columns].reshape(len(points), 9), np.asarray(inside)
