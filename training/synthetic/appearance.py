"""What a rendered person looks like apart from the shape of the head: a set of sampled numbers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

HairStyle = Literal["bald", "short", "full", "long"]
Colour = NDArray[np.float32]

# Skin from light to dark and hair, sRGB 0..255, chosen along the Monk skin tone scale.
_TONES = np.array(
    [
        (244, 214, 192),
        (236, 200, 172),
        (224, 182, 150),
        (208, 160, 124),
        (184, 132, 96),
        (150, 102, 72),
        (118, 78, 56),
        (92, 60, 44),
    ],
    dtype=np.float64,
)
_HAIR = np.array(
    [
        (22, 18, 17),
        (34, 26, 22),
        (58, 40, 28),
        (88, 60, 40),
        (126, 90, 58),
        (176, 140, 94),
        (150, 148, 146),
        (110, 56, 32),
    ],
    dtype=np.float64,
)
_IRIS = np.array(
    [(62, 40, 26), (44, 28, 20), (88, 108, 126), (84, 98, 70), (104, 76, 48)], dtype=np.float64
)
_STYLES: tuple[HairStyle, ...] = ("bald", "short", "short", "full", "full", "long", "long")


@dataclass(frozen=True, slots=True)
class Appearance:
    """Colours are (3,) float32 linear RGB 0..1; lengths are mm.

    seed: drives everything random on the surface (freckles, brow hairs, strands).
    beard: density 0..1; 0 is shaved.
    hairline: height of the front hairline above the head's origin.
    """

    skin: Colour
    lips: Colour
    hair: Colour
    brows: Colour
    iris: Colour
    shirt: Colour
    style: HairStyle
    hairline: float
    hair_thickness: float
    brow_width: float
    brow_density: float
    beard: float
    redness: float
    freckles: float
    seed: int


def linear(srgb: NDArray[np.floating]) -> Colour:
    """sRGB 0..255 -> linear 0..1 (the display curve taken as a power of 2.2)."""
    return np.asarray((np.clip(srgb, 0, 255) / 255.0) ** 2.2, dtype=np.float32)


def sample_appearance(
    rng: np.random.Generator, tone: float | None = None, style: HairStyle | None = None
) -> Appearance:
    """A random person; `tone` 0 (light) .. 1 (dark) and `style` fix those two."""
    darkness = float(rng.uniform()) if tone is None else tone
    skin = _between(_TONES, darkness) * rng.normal(1.0, 0.02, 3)
    if style is None:
        style = _STYLES[rng.integers(len(_STYLES))]
    dark_hair_only = darkness > 0.5 and rng.random() > 0.1
    hair = _HAIR[rng.integers(2 if dark_hair_only else len(_HAIR))] * rng.normal(1, 0.08, 3)
    bearded = style != "long" and rng.random() < 0.5
    lips = skin * (rng.uniform(0.82, 0.95), rng.uniform(0.58, 0.72), rng.uniform(0.6, 0.76))
    dark_eyes_only = darkness > 0.45
    return Appearance(
        skin=linear(skin),
        lips=linear(lips),
        hair=linear(hair),
        # Brows are a little darker than the hair, and never lighter than the skin.
        brows=linear(np.minimum(hair * 0.65, skin * 0.42)),
        iris=linear(_IRIS[rng.integers(2 if dark_eyes_only else len(_IRIS))]),
        shirt=linear(rng.uniform(20, 210) + rng.normal(0, 30, 3)),
        style=style,
        hairline=float(rng.uniform(101, 117)),
        hair_thickness=float(rng.uniform(4, 10) if style == "short" else rng.uniform(9, 22)),
        brow_width=float(rng.uniform(3.4, 5.4)),
        brow_density=float(rng.uniform(0.65, 1.0)),
        beard=float(rng.uniform(0.15, 0.8)) if bearded else 0.0,
        redness=float(rng.uniform(0.08, 0.22)),
        freckles=float(rng.uniform(0.0, 0.5)),
        seed=int(rng.integers(1 << 30)),
    )


def _between(scale: NDArray[np.float64], position: float) -> NDArray[np.float64]:
    steps = position * (len(scale) - 1)
    index = min(int(steps), len(scale) - 2)
    mixed: NDArray[np.float64] = scale[index] + (scale[index + 1] - scale[index]) * (steps - index)
    return mixed
