"""The inside of a car as a camera at the dashboard sees it: seat, head rest, windows, roof."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthetic import backdrops

Radiance = NDArray[np.float32]


def cabin(rng: np.random.Generator, width: int, height: int) -> Radiance:
    """(H, W, 3) linear radiance; the driver's seat is near the middle, either side may be left."""
    side = max(width, height)
    lining = backdrops.colour(rng, 0.01, 0.22, 0.08)
    image = np.full((height, width, 3), lining, dtype=np.float32)
    outside = _outside(rng, width, height)
    for window in _windows(rng):
        mask = np.zeros((height, width), dtype=np.uint8)
        corners = np.round(window * (width, height)).astype(np.int32)
        cv2.fillPoly(mask, [corners], 255)
        image[mask > 0] = outside[mask > 0]
        cv2.polylines(image, [corners], True, [0.01, 0.01, 0.012], max(1, side // 50))
    if rng.random() < 0.8:  # roof
        drop = int(height * rng.uniform(0.02, 0.14))
        roof = backdrops.colour(rng, 0.05, 0.4, 0.06)
        cv2.rectangle(image, (0, 0), (width, drop), roof, -1)
    leather = backdrops.colour(rng, 0.008, 0.25, 0.12)
    if rng.random() < 0.7:  # a second seat or the back bench
        at = 0.5 + rng.choice([-1, 1]) * rng.uniform(0.35, 0.5)
        _seat(image, rng, leather, (float(at), float(rng.uniform(0.45, 0.7))), 0.6)
    place = (float(rng.normal(0.5, 0.06)), float(rng.uniform(0.32, 0.5)))
    _seat(image, rng, leather, place, 1.0)
    gloom = 1.0 + 0.15 * backdrops.cloudy(rng, width, height, 3.0)
    return np.asarray(image * np.clip(gloom, 0.4, 1.6)[:, :, None], dtype=np.float32)


def _outside(rng: np.random.Generator, width: int, height: int) -> Radiance:
    """Bright by day, dark with lamps by night."""
    if rng.random() < 0.3:
        return backdrops.bokeh(rng, width, height)
    kind = rng.integers(3)
    maker = (backdrops.sky, backdrops.street, backdrops.foliage)[kind]
    return maker(rng, width, height) * np.float32(rng.uniform(1.0, 3.0))


def _windows(rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """(4, 2) corners, shares of width and height: side windows and perhaps the rear one."""
    windows = []
    for sign in (-1.0, 1.0):
        if rng.random() < 0.75:
            inner, outer = rng.uniform(0.16, 0.34), 0.55
            top, bottom = rng.uniform(0.02, 0.2), rng.uniform(0.4, 0.75)
            slant = rng.uniform(-0.02, 0.1)
            corners = [
                (0.5 + sign * (inner + slant), top + 0.06),
                (0.5 + sign * outer, top - 0.05),
                (0.5 + sign * outer, bottom + 0.06),
                (0.5 + sign * inner, bottom),
            ]
            windows.append(np.array(corners))
    if rng.random() < 0.5:
        middle, half = rng.uniform(0.3, 0.7), rng.uniform(0.14, 0.26)
        top, bottom = rng.uniform(0.06, 0.2), rng.uniform(0.26, 0.42)
        windows.append(
            np.array(
                [
                    (middle - 0.8 * half, top),
                    (middle + 0.8 * half, top),
                    (middle + half, bottom),
                    (middle - half, bottom),
                ]
            )
        )
    return windows


def _seat(
    image: Radiance,
    rng: np.random.Generator,
    leather: list[float],
    place: tuple[float, float],
    size: float,
) -> None:
    """A back rest with its head rest, whose middle is at `place` (shares of the picture)."""
    height, width = image.shape[:2]
    side = size * max(height, width)
    x, y = int(place[0] * width), int(place[1] * height)
    wide, high = int(side * rng.uniform(0.13, 0.2)), int(side * rng.uniform(0.09, 0.15))
    dark = [0.6 * value for value in leather]
    for bar in (-1, 1):
        start = (x + bar * wide // 2, y)
        end = (x + bar * wide // 2, y + 2 * high)
        cv2.line(image, start, end, [0.12, 0.12, 0.12], max(1, int(side * 0.012)))
    _cushion(image, (x, y), (wide, high), leather, dark)
    back = int(side * rng.uniform(0.24, 0.34))
    _cushion(image, (x, y + 2 * high + int(side * 0.5)), (back, int(side * 0.52)), leather, dark)


def _cushion(
    image: Radiance,
    centre: tuple[int, int],
    half: tuple[int, int],
    leather: list[float],
    dark: list[float],
) -> None:
    """A rounded rectangle with a darker seam."""
    angle = np.linspace(0, 2 * np.pi, 40)
    cosine, sine = np.cos(angle), np.sin(angle)
    x = np.sign(cosine) * np.abs(cosine) ** 0.45 * half[0] + centre[0]
    y = np.sign(sine) * np.abs(sine) ** 0.45 * half[1] + centre[1]
    outline = np.round(np.stack([x, y], axis=1)).astype(np.int32)
    cv2.fillPoly(image, [outline], leather, cv2.LINE_AA)
    cv2.polylines(image, [outline], True, dark, max(1, half[0] // 14), cv2.LINE_AA)
