"""The rims of the eye openings as smooth lines through the eye landmarks."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from training.synthetic.facekit import Part

# Which of the 68 points surround which eyeball.
EYES_OF_68: Mapping[Part, slice] = MappingProxyType(
    {Part.EYE_RIGHT: slice(36, 42), Part.EYE_LEFT: slice(42, 48)}
)


def lid_line(eye: NDArray[np.floating]) -> NDArray[np.float64]:
    """(200, 3) points along the lids through an eye's 6 landmarks, the upper lid first."""
    return np.asarray(_spline_weights() @ np.asarray(eye, dtype=np.float64))


@cache
def _spline_weights() -> NDArray[np.float64]:
    """(200, 6): a periodic cubic spline is linear in the points that it goes through."""
    closed = np.concatenate([np.eye(6), np.eye(6)[:1]])
    spline = CubicSpline(np.arange(7), closed, bc_type="periodic")
    return np.asarray(spline(np.linspace(0, 6, 200)), dtype=np.float64)
