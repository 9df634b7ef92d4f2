"""Side and back of the head, which a photograph of the face does not show.

A shell is spun from the rim of the textured face to the back of an egg that stands for skull and
hair. The model's own ears and throat are not used: a photograph's lie elsewhere.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from training.synthetic.noise import smoothstep

RINGS = 7
_MIDDLE = -20.0  # y of the egg's axis in the head frame, mm; it runs along z
# Half-axes of the egg, mm, with hair: to the sides, up, down, and back from the ears.
_BESIDE, _ABOVE, _BELOW, _BEHIND = 82.0, 134.0, 72.0, 104.0
_RIM_BESIDE = 76.0  # half the width of the mean head's rim; other heads scale the egg
_ONTO_EGG = 0.4  # share of the way back after which the shell has reached the egg


def shell(rim: NDArray[np.float64]) -> NDArray[np.float64]:
    """(RINGS * n, 3) rings behind a closed rim (n, 3), head frame, mm; the last is the back."""
    size = float(np.abs(rim[:, 0]).max()) / _RIM_BESIDE
    across, down = rim[:, 0], rim[:, 1] - _MIDDLE
    radius = np.maximum(np.hypot(across, down), 1e-6)
    cosine, sine = across / radius, down / radius
    height = np.where(sine < 0.0, _ABOVE, _BELOW)
    egg = size / np.hypot(cosine / _BESIDE, sine / height)
    back = size * _BEHIND
    rings = []
    for share in np.arange(1, RINGS + 1) / RINGS:
        depth = rim[:, 2] + (back - rim[:, 2]) * share
        thick = np.sqrt(np.clip(1.0 - (np.maximum(depth, 0.0) / back) ** 2, 0.0, 1.0))
        onto = float(smoothstep(np.array([share]), 0.0, _ONTO_EGG)[0])
        wide = radius * (1.0 - onto) + egg * thick * onto
        rings.append(np.stack([cosine * wide, sine * wide + _MIDDLE, depth], axis=1))
    return np.concatenate(rings)


def shell_triangles(rim: NDArray[np.int64], first: int) -> NDArray[np.int32]:
    """(t, 3) triangles from a rim, given by its vertex numbers, to rings counted from `first`."""
    count = len(rim)
    rings = [rim, *(first + np.arange(RINGS * count).reshape(RINGS, count))]
    strips = []
    for inner, outer in pairwise(rings):
        following, beyond = np.roll(inner, -1), np.roll(outer, -1)
        strips.append(np.stack([inner, following, outer], axis=1))
        strips.append(np.stack([following, beyond, outer], axis=1))
    return np.concatenate(strips).astype(np.int32)
