"""What stands behind a person: procedural pictures of linear radiance, or a photograph."""

from collections.abc import Callable, Mapping
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthetic import backdrops
from training.synthetic.cabin import cabin

Radiance = NDArray[np.float32]
BackgroundKind = Literal[
    "room", "wall", "gradient", "bokeh", "foliage", "sky", "shelves", "clutter", "street", "cabin"
]
BACKGROUND_KINDS: tuple[BackgroundKind, ...] = get_args(BackgroundKind)

_SHARES: Mapping[BackgroundKind, float] = {
    "room": 0.17,
    "wall": 0.10,
    "gradient": 0.06,
    "bokeh": 0.09,
    "foliage": 0.11,
    "sky": 0.08,
    "shelves": 0.09,
    "clutter": 0.08,
    "street": 0.10,
    "cabin": 0.12,
}
_SHARPEST = 0.35  # blur's sigma in per cent of the longer side


def sample_background(
    rng: np.random.Generator, width: int, height: int, kind: BackgroundKind | None = None
) -> Radiance:
    """(H, W, 3) float32 linear radiance; `kind` fixes what it shows.

    Raises ValueError for an unknown kind.
    """
    if kind is None:
        kind = sample_background_kind(rng)
    if kind not in _SHARES:
        raise ValueError(f"unknown background {kind!r}; known: {', '.join(BACKGROUND_KINDS)}")
    makers: Mapping[BackgroundKind, Callable[[np.random.Generator, int, int], Radiance]] = {
        "room": _room,
        "wall": backdrops.wall,
        "gradient": backdrops.gradient,
        "bokeh": backdrops.bokeh,
        "foliage": backdrops.foliage,
        "sky": backdrops.sky,
        "shelves": backdrops.shelves,
        "clutter": backdrops.clutter,
        "street": backdrops.street,
        "cabin": cabin,
    }
    image = makers[kind](rng, width, height)
    if kind not in {"room", "bokeh", "gradient"}:
        image = out_of_focus(image, _SHARPEST + min(float(rng.exponential(1.2)), 4.0))
    return np.ascontiguousarray(np.clip(image, 0.0, 8.0), dtype=np.float32)


def sample_background_kind(rng: np.random.Generator) -> BackgroundKind:
    """One of BACKGROUND_KINDS, each with its share."""
    shares = np.array([_SHARES[name] for name in BACKGROUND_KINDS])
    return BACKGROUND_KINDS[int(rng.choice(len(BACKGROUND_KINDS), p=shares / shares.sum()))]


def photograph_background(
    photograph: NDArray[np.uint8], rng: np.random.Generator, width: int, height: int
) -> Radiance:
    """A random part of an (h, w, 3) uint8 RGB photograph as (H, W, 3) linear radiance."""
    rows, columns = photograph.shape[:2]
    largest = min(columns / width, rows / height)
    zoom = largest * float(rng.uniform(0.45, 1.0))
    side = (max(2, int(width * zoom)), max(2, int(height * zoom)))
    x = int(rng.integers(0, max(columns - side[0], 0) + 1))
    y = int(rng.integers(0, max(rows - side[1], 0) + 1))
    part = photograph[y : y + side[1], x : x + side[0]]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    way = cv2.INTER_AREA if zoom > 1.0 else cv2.INTER_LINEAR
    resized = np.asarray(
        cv2.resize(np.ascontiguousarray(part), (width, height), interpolation=way), dtype=np.uint8
    )
    linear = (np.arange(256, dtype=np.float32) / np.float32(255)) ** np.float32(2.2)
    image = np.take(linear, resized)
    if rng.random() < 0.6:
        image = out_of_focus(image, min(float(rng.exponential(1.0)), 4.0))
    return np.ascontiguousarray(image, dtype=np.float32)


def blurred_room(
    width: int, height: int, rng: np.random.Generator, sharpness: float = 0.0
) -> Radiance:
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
    share = (0.035 * (1.0 - sharpness) + 0.004) * float(rng.uniform(0.6, 1.3))
    return out_of_focus(image, 100.0 * share)


def out_of_focus(image: Radiance, percent: float) -> Radiance:
    """Blurred by a Gaussian whose sigma is `percent` of the longer side."""
    height, width = image.shape[:2]
    sigma = max(width, height) * percent / 100.0
    if sigma < 0.3:
        return image
    shrink = int(np.clip(sigma / 1.5, 1, 8))
    if shrink == 1:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), dtype=np.float32)
    # A wide blur is done on a smaller picture: it cannot be told apart and costs a tenth.
    small = cv2.resize(
        image, (-(-width // shrink), -(-height // shrink)), interpolation=cv2.INTER_AREA
    )
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / shrink)
    return np.asarray(
        cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32
    )


def _room(rng: np.random.Generator, width: int, height: int) -> Radiance:
    return blurred_room(width, height, rng, float(rng.uniform(0.0, 0.9)))


def _draw_thing(image: Radiance, side: int, rng: np.random.Generator) -> None:
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
