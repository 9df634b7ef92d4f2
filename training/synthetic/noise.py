"""Smooth pseudo-random fields in space, for skin, hair, cloth and walls."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.compiled import compiled


def noise(points: NDArray[np.floating], seed: int) -> NDArray[np.float32]:
    """Value noise in -1..1 at (N, 3) points; it changes over a distance of about one unit."""
    return _value_noise(np.ascontiguousarray(points, dtype=np.float32), np.uint32(seed))


def fractal(points: NDArray[np.floating], seed: int, octaves: int = 3) -> NDArray[np.float32]:
    """Octaves of `noise`, each of double frequency and half strength; still within -1..1."""
    total = np.zeros(len(points), dtype=np.float32)
    for octave in range(octaves):
        total += noise(np.asarray(points) * 2.0**octave, seed + octave) * 0.5**octave
    return total / np.float32(2.0 - 0.5 ** (octaves - 1))


@compiled
def _value_noise(points: NDArray[np.float32], seed: np.uint32) -> NDArray[np.float32]:
    values = np.empty(points.shape[0], dtype=np.float32)
    for index in range(points.shape[0]):
        x, y, z = points[index, 0], points[index, 1], points[index, 2]
        x0, y0, z0 = np.floor(x), np.floor(y), np.floor(z)
        fx, fy, fz = x - x0, y - y0, z - z0
        sx, sy = fx * fx * (3.0 - 2.0 * fx), fy * fy * (3.0 - 2.0 * fy)
        sz = fz * fz * (3.0 - 2.0 * fz)
        total = 0.0
        for corner in range(8):
            dx, dy, dz = corner & 1, (corner >> 1) & 1, (corner >> 2) & 1
            # An integer hash of the lattice corner (constants of the xxHash family).
            h = np.uint32(seed * np.uint32(668265263))
            h = np.uint32(h + np.uint32(np.int64(x0) + dx) * np.uint32(374761393))
            h = np.uint32((h ^ (h >> np.uint32(15))) * np.uint32(2246822519))
            h = np.uint32(h + np.uint32(np.int64(y0) + dy) * np.uint32(3266489917))
            h = np.uint32((h ^ (h >> np.uint32(13))) * np.uint32(2654435761))
            h = np.uint32(h + np.uint32(np.int64(z0) + dz) * np.uint32(668265263))
            h = np.uint32((h ^ (h >> np.uint32(16))) * np.uint32(2246822519))
            h = np.uint32(h ^ (h >> np.uint32(13)))
            weight = (sx if dx else 1.0 - sx) * (sy if dy else 1.0 - sy)
            total += weight * (sz if dz else 1.0 - sz) * (h / 2147483648.0 - 1.0)
        values[index] = total
    return values


def smoothstep(values: NDArray[np.floating], start: float, end: float) -> NDArray[np.float32]:
    """0 at `start` and before, 1 at `end` and beyond, smooth between; also from high to low."""
    ramp = np.clip((np.asarray(values, dtype=np.float32) - start) / (end - start), 0.0, 1.0)
    smooth: NDArray[np.float32] = ramp * ramp * (3.0 - 2.0 * ramp)
    return smooth
