"""Clothed shoulders below the neck, so that no head floats."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from training.synthetic.appearance import Appearance
from training.synthetic.hair import grid_triangles
from training.synthetic.noise import fractal, smoothstep

_COLLAR = 112.0  # mm below the head's origin, at the nape
# Outline of collar, shoulders and chest: height, half width, half depth, centre's z (mm).
_OUTLINE = np.array(
    [
        (_COLLAR, 66.0, 64.0, 22.0),
        (124.0, 74.0, 70.0, 24.0),
        (140.0, 104.0, 84.0, 26.0),
        (160.0, 152.0, 98.0, 26.0),
        (182.0, 190.0, 106.0, 26.0),
        (215.0, 208.0, 112.0, 24.0),
        (300.0, 212.0, 118.0, 20.0),
        (700.0, 190.0, 118.0, 20.0),
    ]
)


def torso(
    look: Appearance, rows: int, columns: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Vertices of a grid (rows * columns, 3) and (t, 3) triangles.

    mm in the head frame of an upright person.
    """
    y, outline = _silhouette(rows)
    around = np.linspace(0.0, 2 * np.pi, columns)
    angle, height = np.meshgrid(around, y)
    # A superellipse: shoulders are squarer than an ellipse.
    cosine, sine = np.cos(angle), np.sin(angle)
    x = outline[:, None, 0] * np.sign(sine) * np.abs(sine) ** 0.85
    z = outline[:, None, 2] - outline[:, None, 1] * np.sign(cosine) * np.abs(cosine) ** 0.85
    points = np.stack([x, height, z], axis=-1).reshape(-1, 3)
    points[:, 1] += _neckline(points) * smoothstep(points[:, 1], 190.0, _COLLAR)
    folds = fractal(points * (0.03, 0.016, 0.03), look.seed + 31)
    fade = smoothstep(points[:, 1], 130.0, 200.0)
    points *= (1.0 + 0.03 * folds * fade)[:, None]
    # Seen from outside, rows run down and columns from the front to the image's right.
    return points, grid_triangles(rows, columns)


@cache
def _silhouette(rows: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Heights (rows,) and at each half width, half depth and centre's z (rows, 3), mm."""
    y = np.linspace(0.0, 1.0, rows) ** 1.8 * 588.0 + _COLLAR
    return y, np.asarray(PchipInterpolator(_OUTLINE[:, 0], _OUTLINE[:, 1:])(y))


def below_collar(rest: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) mm by which undeformed points, (n, 3) mm, lie below the collar's edge."""
    return np.asarray(rest[:, 1] - _COLLAR - _neckline(rest), dtype=np.float32)


def _neckline(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """(n,) mm by which the collar is lower at the throat than at the nape."""
    return np.float32(26.0) * smoothstep(-points[:, 2], -10.0, 45.0)


def cloth_colour(rest: NDArray[np.float32], look: Appearance) -> NDArray[np.float32]:
    """(P, 3) linear albedo of woven cloth."""
    weave = 1.0 + 0.06 * fractal(rest / 1.6, look.seed + 32, 2)
    return np.asarray(look.shirt * weave[:, None], dtype=np.float32)
