"""Colours and weaves of what people wear."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from training.synthetic.tones import linear

Pattern = Literal["plain", "stripes", "hoops", "checks", "print"]
PATTERNS: tuple[Pattern, ...] = ("plain", "stripes", "hoops", "checks", "print")

# Dyes that clothes really have, sRGB: black, white, greys, blues, reds, greens, browns, sands.
_DYES = np.array(
    [
        (20, 20, 22),
        (30, 32, 38),
        (236, 232, 226),
        (128, 130, 134),
        (74, 76, 80),
        (28, 40, 78),
        (52, 88, 140),
        (140, 30, 36),
        (176, 62, 48),
        (40, 74, 52),
        (98, 104, 62),
        (92, 64, 46),
        (186, 164, 130),
        (214, 170, 60),
        (118, 66, 112),
        (206, 140, 156),
        (110, 164, 176),
    ],
    dtype=np.float64,
)


def dye(rng: np.random.Generator) -> NDArray[np.float32]:
    """(3,) linear RGB of some cloth."""
    return linear(_DYES[rng.integers(len(_DYES))] * rng.uniform(0.75, 1.15) + rng.normal(0, 6, 3))


def woven(
    rng: np.random.Generator,
    rows: int,
    columns: int,
    pattern: Pattern | None = None,
) -> NDArray[np.float32]:
    """(rows * columns, 3) linear RGB for a sheet's vertices: one or two dyes and a weave."""
    if pattern is None:
        pattern = "plain" if rng.random() < 0.6 else PATTERNS[rng.integers(1, len(PATTERNS))]
    first, second = dye(rng), dye(rng)
    row, column = np.mgrid[0:rows, 0:columns]
    period = int(rng.integers(2, 6))
    if pattern == "stripes":
        share = (column // period) % 2
    elif pattern == "hoops":
        share = (row // period) % 2
    elif pattern == "checks":
        share = ((column // period) % 2 + (row // period) % 2) / 2
    elif pattern == "print":
        share = (rng.random((rows, columns)) < 0.3).astype(np.float64)
    else:
        share = np.zeros((rows, columns))
    worn = 1.0 + 0.05 * rng.standard_normal((rows, columns))
    colour = first + (second - first) * np.asarray(share, dtype=np.float32)[..., None]
    return np.asarray((colour * worn[..., None]).reshape(-1, 3), dtype=np.float32).clip(0.004, 1.0)
