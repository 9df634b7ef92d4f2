"""What light meets: colour and sheen of points on a surface."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Surface:
    """P points: albedo (P, 3) linear, gloss (P,) strength and sharpness (P,) of the highlight."""

    albedo: NDArray[np.float32]
    gloss: NDArray[np.float32]
    sharpness: NDArray[np.float32]


def matt(albedo: NDArray[np.float32], gloss: float = 0.1, sharpness: float = 10.0) -> Surface:
    """A surface of even sheen; albedo: (P, 3) linear."""
    count = len(albedo)
    return Surface(
        albedo,
        np.full(count, gloss, dtype=np.float32),
        np.full(count, sharpness, dtype=np.float32),
    )
