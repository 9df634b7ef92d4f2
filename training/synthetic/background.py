"""Backgrounds out of focus: a wall or a sky with blurred things before it."""

import cv2
import numpy as np
from numpy.typing import NDArray


def blurred_room(
    width: int, height: int, rng: np.random.Generator, sharpness: float = 0.0
) -> NDArray[np.float32]:
    """(H, W, 3) linear RGB. sharpness 0 is far out of focus, 1 nearly sharp."""
    base = rng.uniform(0.06, 0.45) * np.clip(rng.normal(1.0, 0.12, 3), 0.6, 1.4)
    across = np.linspace(-1, 1, width)[None, :, None]
    down = np.linspace(-1, 1, height)[:, None, None]
    slope = rng.normal(0, 0.25, 2)
    wall = base * np.clip(1.0 + slope[0] * across + slope[1] * down, 0.2, 2.0)
    image = np.ascontiguousarray(np.broadcast_to(wall, (height, width, 3)), dtype=np.float32)
    side = max(width, height)
    for _ in range(rng.integers(5, 16)):
        _draw_thing(image, side, rng)
    sigma = side * (0.035 * (1.0 - sharpness) + 0.004) * rng.uniform(0.6, 1.3)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), dtype=np.float32)


def _draw_thing(image: NDArray[np.float32], side: int, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    colour = [float(v) for v in rng.uniform(0.02, 0.6) * np.clip(rng.normal(1, 0.3, 3), 0.3, 2)]
    x, y = int(rng.uniform(0, width)), int(rng.uniform(0, height))
    reach = rng.uniform(0.04, 0.3, 2) * side
    kind = rng.integers(3)
    if kind == 0:  # furniture, frames, windows
        corner = (x + int(reach[0]), y + int(reach[1] * 2))
        cv2.rectangle(image, (x, y), corner, colour, -1)
    elif kind == 1:  # plants, people far away, lamps
        axes = (int(reach[0] / 2), int(reach[1] / 2))
        cv2.ellipse(image, (x, y), axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
    else:  # poles, shelves
        end = (x + int(rng.normal(0, side / 3)), y + int(rng.normal(0, side / 8)))
        cv2.line(image, (x, y), end, colour, max(2, int(reach[0] / 8)))
