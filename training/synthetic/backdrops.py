"""Drawers of backgrounds: each fills a picture of linear radiance, sharp; focus comes later."""

import cv2
import numpy as np
from numpy.typing import NDArray

Radiance = NDArray[np.float32]


def cloudy(rng: np.random.Generator, width: int, height: int, cells: float) -> Radiance:
    """(H, W) smooth noise about 0 with standard deviation near 1; `cells` over the longer side."""
    total = np.zeros((height, width), dtype=np.float32)
    side = max(width, height)
    for octave, strength in enumerate((1.0, 0.5, 0.28)):
        count = cells * 2**octave
        shape = (max(2, round(count * height / side) + 2), max(2, round(count * width / side) + 2))
        grid = rng.standard_normal(shape, dtype=np.float32)
        total += np.float32(strength) * cv2.resize(
            grid, (width, height), interpolation=cv2.INTER_CUBIC
        )
    return total


def plain(rng: np.random.Generator, width: int, height: int, spread: float = 0.12) -> Radiance:
    """(H, W, 3) of one random colour; spread: of the channels about grey."""
    base = rng.uniform(0.03, 0.6) * np.clip(rng.normal(1.0, spread, 3), 0.4, 1.6)
    return np.full((height, width, 3), base, dtype=np.float32)


def colour(rng: np.random.Generator, low: float, high: float, spread: float = 0.3) -> list[float]:
    """A random linear RGB colour for OpenCV's drawing functions."""
    values = rng.uniform(low, high) * np.clip(rng.normal(1.0, spread, 3), 0.2, 2.0)
    return [float(value) for value in values]


def rgb(red: float, green: float, blue: float) -> Radiance:
    """(3,) float32."""
    return np.array([red, green, blue], dtype=np.float32)


def gradient(rng: np.random.Generator, width: int, height: int) -> Radiance:
    """Two or three colours run into each other, as a studio's or a designer's background."""
    corners = np.clip(rng.uniform(0.02, 0.8) * rng.normal(1.0, 0.16, (3, 3, 3)), 0.005, 1.2)
    return np.asarray(
        cv2.resize(corners.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    ).clip(0.003, None)


def wall(rng: np.random.Generator, width: int, height: int) -> Radiance:
    """A wall: plaster, bricks, tiles or panels, perhaps a shadow or a picture."""
    image = plain(rng, width, height)
    side = max(width, height)
    kind = rng.integers(4)
    if kind in {1, 2}:
        _courses(image, rng, shifted=kind == 1)
    elif kind == 3:
        step = max(4, int(side * rng.uniform(0.05, 0.2)))
        joint = (image[0, 0] * rng.uniform(0.4, 0.85)).tolist()
        for x in range(int(rng.integers(step)), width, step):
            cv2.line(image, (x, 0), (x, height), joint, max(1, step // 14))
    if rng.random() < 0.4:
        x, y = int(rng.uniform(0, width)), int(rng.uniform(0, height * 0.6))
        wide, high = (int(v) for v in rng.uniform(0.15, 0.4, 2) * side)
        cv2.rectangle(image, (x, y), (x + wide, y + high), colour(rng, 0.02, 0.5), -1)
        frame = max(1, side // 60)
        cv2.rectangle(image, (x, y), (x + wide, y + high), colour(rng, 0.01, 0.4), frame)
    light = 1.0 + 0.16 * cloudy(rng, width, height, 2.0) + 0.03 * cloudy(rng, width, height, 30.0)
    return image * np.clip(light, 0.3, 2.0)[:, :, None]


def _courses(image: Radiance, rng: np.random.Generator, shifted: bool) -> None:
    """Bricks (every second course shifted) or tiles."""
    height, width = image.shape[:2]
    high = max(4, int(max(height, width) * rng.uniform(0.03, 0.1)))
    wide = int(high * (2.4 if shifted else rng.uniform(0.9, 1.6)))
    joint = (image[0, 0] * rng.uniform(0.5, 1.5)).tolist()
    base = image[0, 0].copy()
    rows, columns = -(-height // high), -(-width // wide) + 2
    shades = rng.normal(1.0, 0.10, (rows, columns, 1)).astype(np.float32) * base
    for row in range(rows):
        shift = -(wide // 2) * (row % 2) if shifted else 0
        line = np.repeat(shades[row], wide, axis=0)[-shift : -shift + width]
        image[row * high : (row + 1) * high] = line
        cv2.line(image, (0, row * high), (width, row * high), joint, 1)
        for x in range(shift, width, wide):
            cv2.line(image, (x, row * high), (x, (row + 1) * high), joint, 1)


def bokeh(rng: np.random.Generator, width: int, height: int) -> Radiance:
    """Lamps far out of focus before something dark."""
    image = plain(rng, width, height, 0.3) * np.float32(rng.uniform(0.05, 0.6))
    side = max(width, height)
    warm = rng.random() < 0.6
    radius = side * rng.uniform(0.02, 0.08)
    for _ in range(rng.integers(8, 45)):
        at = (int(rng.uniform(0, width)), int(rng.normal(height * 0.45, height * 0.25)))
        tone = colour(rng, 0.15, 1.2, 0.35)
        if warm:
            tone[2] *= 0.45
        reach = max(1, int(radius * rng.uniform(0.6, 1.3)))
        x0, y0 = max(at[0] - reach, 0), max(at[1] - reach, 0)
        part = (slice(y0, max(at[1] + reach + 1, 0)), slice(x0, max(at[0] + reach + 1, 0)))
        disc = np.zeros_like(image[part])
        if disc.size:
            cv2.circle(disc, (at[0] - x0, at[1] - y0), reach, tone, -1, cv2.LINE_AA)
            image[part] += disc
    return np.asarray(cv2.GaussianBlur(image, (0, 0), max(0.5, side * 0.004)), dtype=np.float32)


def foliage(rng: np.random.Generator, width: int, height: int) -> Radiance:
    """Leaves and grass with light between them; a trunk now and then."""
    fine = cloudy(rng, width, height, float(rng.uniform(10, 40)))
    broad = cloudy(rng, width, height, float(rng.uniform(2, 5)))
    leaf = np.array([rng.uniform(0.08, 0.3), rng.uniform(0.2, 0.36), rng.uniform(0.03, 0.12)])
    if rng.random() < 0.2:  # autumn
        leaf = np.array([rng.uniform(0.3, 0.5), rng.uniform(0.15, 0.3), 0.05])
    shade = np.clip(0.5 + 0.35 * fine + 0.3 * broad, 0.04, 1.8)
    image = (shade[:, :, None] * leaf.astype(np.float32)).astype(np.float32)
    sky = np.clip((0.4 * fine + broad - rng.uniform(0.6, 2.2)) * 3.0, 0.0, 1.0)[:, :, None]
    image = image + (rgb(0.8, 0.95, 1.1) - image) * sky
    for _ in range(rng.integers(0, 4)):
        x = int(rng.uniform(0, width))
        end = (x + int(rng.normal(0, width * 0.1)), 0)
        thick = max(1, int(width * rng.uniform(0.01, 0.08)))
        cv2.line(image, (x, height), end, colour(rng, 0.02, 0.12, 0.1), thick)
    return np.asarray(image, dtype=np.float32)


def sky(rng: np.random.Generator, width: int, height: int) -> Radiance:
    """Sky with clouds over a horizon of hills, sea or roofs."""
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    top, low = rgb(0.12, 0.28, 0.62), rgb(0.55, 0.7, 0.85)
    if rng.random() < 0.25:  # evening
        top, low = rgb(0.15, 0.13, 0.3), rgb(0.9, 0.42, 0.2)
    image = np.broadcast_to(top + (low - top) * down, (height, width, 3)).astype(np.float32)
    clouds = np.clip(0.5 * cloudy(rng, width, height, 3.0) + rng.uniform(-0.6, 0.4), 0, 1)
    image = image + (np.float32(0.85) - image) * clouds[:, :, None] * np.float32(0.85)
    image = np.ascontiguousarray(image, dtype=np.float32)
    horizon = rng.uniform(0.3, 1.1) * height
    x = np.linspace(0, width - 1, 24)
    rough = 0.002 if rng.random() < 0.3 else 0.06
    y = horizon + np.cumsum(rng.normal(0, rough * height, 24))
    if rng.random() < 0.3:
        x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]  # roofs
    land = np.stack([np.append(x, [width, 0]), np.append(y, [height, height])], axis=1)
    cv2.fillPoly(image, [np.round(land).astype(np.int32)], colour(rng, 0.03, 0.3, 0.25))
    return np.asarray(image * np.float32(rng.uniform(0.5, 1.4)), dtype=np.float32)


def shelves(rng: np.random.Generator, width: int, height: int) -> Radiance:
    """Boards with books, boxes and jars."""
    image = plain(rng, width, height) * np.float32(0.6)
    side = max(width, height)
    board = colour(rng, 0.03, 0.4, 0.15)
    step = int(side * rng.uniform(0.16, 0.36))
    for top in range(int(rng.integers(-step, 0)), height, step):
        floor, x = top + step, 0
        while x < width:
            wide = max(2, int(side * rng.uniform(0.012, 0.06)))
            high = int(step * rng.uniform(0.4, 0.92))
            if rng.random() < 0.85:
                thing = colour(rng, 0.01, 0.4, 0.3)
                cv2.rectangle(image, (x, floor - high), (x + wide - 1, floor), thing, -1)
            x += wide
        cv2.rectangle(image, (0, floor), (width, floor + max(1, side // 50)), board, -1)
    return image


def clutter(rng: np.random.Generator, width: int, height: int) -> Radiance:
    """Posters, screens and lines like writing."""
    image = plain(rng, width, height)
    side = max(width, height)
    for _ in range(rng.integers(2, 6)):
        x, y = int(rng.uniform(-0.1, 0.9) * width), int(rng.uniform(-0.1, 0.9) * height)
        wide, high = (int(v) for v in rng.uniform(0.2, 0.6, 2) * side)
        paper, ink = colour(rng, 0.02, 0.9, 0.2), colour(rng, 0.01, 0.7, 0.4)
        cv2.rectangle(image, (x, y), (x + wide, y + high), paper, -1)
        letter = max(2, int(side * rng.uniform(0.012, 0.05)))
        for line in range(y + letter, y + high - letter, 2 * letter):
            at = x + letter
            while at < x + wide * rng.uniform(0.6, 1.0) - letter:
                word = int(letter * rng.uniform(0.5, 4))
                cv2.rectangle(image, (at, line), (at + word, line + letter // 2), ink, -1)
                at += word + max(1, letter // 2)
    return image


def street(rng: np.random.Generator, width: int, height: int) -> Radiance:
    """House fronts with rows of windows, a road, perhaps passers-by as dark shapes."""
    image = sky(rng, width, height)
    side = max(width, height)
    x, ground = 0, int(height * rng.uniform(0.65, 1.0))
    while x < width:
        wide, top = int(side * rng.uniform(0.12, 0.45)), int(height * rng.uniform(-0.2, 0.4))
        cv2.rectangle(image, (x, top), (x + wide, ground), colour(rng, 0.04, 0.5, 0.08), -1)
        step, glass = int(side * rng.uniform(0.05, 0.12)) + 3, colour(rng, 0.01, 0.2, 0.12)
        lit = colour(rng, 0.4, 1.0, 0.1)
        pane = (step // 2, int(step * rng.uniform(0.4, 0.8)))
        for row in range(max(top, -step) + step // 3, ground - step, step):
            for column in range(x + step // 3, x + wide - step // 2, step):
                corner = (column + pane[0], row + pane[1])
                shade = lit if rng.random() < 0.12 else glass
                cv2.rectangle(image, (column, row), corner, shade, -1)
        x += wide
    cv2.rectangle(image, (0, ground), (width, height), colour(rng, 0.05, 0.3, 0.1), -1)
    for _ in range(rng.integers(0, 5)):
        at, tall = int(rng.uniform(0, width)), int(side * rng.uniform(0.08, 0.3))
        cv2.ellipse(
            image, (at, ground), (tall // 5, tall), 0, 0, 360, colour(rng, 0.01, 0.2, 0.3), -1
        )
    return image
