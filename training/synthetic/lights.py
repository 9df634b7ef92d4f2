"""Kinds of light: day, overcast, indoors, night, from the side, from below, backlit, infrared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from training.synthetic.shading import Light

LightKind = Literal["day", "overcast", "indoor", "night", "side", "below", "backlit", "infrared"]
LIGHT_KINDS: tuple[LightKind, ...] = get_args(LightKind)

# How often each kind is drawn.
_SHARES: Mapping[LightKind, float] = {
    "day": 0.22,
    "overcast": 0.15,
    "indoor": 0.22,
    "night": 0.08,
    "side": 0.09,
    "below": 0.04,
    "backlit": 0.06,
    "infrared": 0.14,
}
# Azimuth and elevation of the lamp (degrees: low, high), its angular radius, the lamp's and the
# surroundings' strength, how much the ground reflects, colour temperature (-1 cool .. 1 warm) and
# the strength of the light on the background.
_RECIPES: Mapping[LightKind, tuple[tuple[float, float], ...]] = {
    "day": ((-70, 70), (15, 65), (1, 6), (0.8, 1.5), (0.2, 0.5), (0.3, 0.7), (-0.1, 0.5), (0.8, 2)),
    "overcast": (
        *((-60, 60), (40, 80), (25, 40), (0.15, 0.4), (0.7, 1.0)),
        *((0.25, 0.6), (-0.6, 0.1), (0.8, 2)),
    ),
    "indoor": (
        *((-60, 60), (10, 70), (6, 20), (0.35, 0.8), (0.2, 0.5)),
        *((0.4, 0.8), (-0.4, 1.0), (0.5, 1.3)),
    ),
    "night": (
        *((-80, 80), (0, 60), (4, 15), (0.05, 0.2), (0.008, 0.03)),
        *((0.2, 0.8), (0.2, 1.6), (0.02, 0.2)),
    ),
    "side": (
        (70, 115),
        (-5, 40),
        (3, 15),
        (0.8, 1.6),
        (0.08, 0.3),
        (0.2, 0.6),
        (-0.5, 1),
        (0.2, 1),
    ),
    "below": (
        *((-50, 50), (-65, -25), (5, 20), (0.4, 1.0), (0.05, 0.25)),
        *((0.8, 1.4), (-0.6, 1.0), (0.1, 0.6)),
    ),
    "backlit": (
        *((125, 235), (5, 50), (3, 12), (1.0, 2.2), (0.15, 0.35)),
        *((0.4, 0.8), (-0.3, 0.6), (1.5, 4.0)),
    ),
    "infrared": (
        *((-25, 25), (-20, 20), (1, 5), (0.7, 1.3), (0.005, 0.08)),
        *((0.8, 1.0), (0, 0), (0.02, 0.25)),
    ),
}


@dataclass(frozen=True, slots=True)
class KnownLight(Light):
    """A light that knows its kind.

    kind: one of LIGHT_KINDS. background: what a background's radiance is multiplied by, so that it
    is lit as the person is: dark behind an infrared lamp, glaring behind a backlit person.
    """

    kind: LightKind = "indoor"
    background: float = 1.0

    @property
    def infrared(self) -> bool:
        """Grey pictures: looks and props are to be taken as a near-infrared camera sees them."""
        return self.kind == "infrared"


def sample_light(rng: np.random.Generator, kind: LightKind | None = None) -> KnownLight:
    """A random light; `kind` fixes what it is. Raises ValueError for an unknown kind."""
    if kind is None:
        shares = np.array([_SHARES[name] for name in LIGHT_KINDS])
        kind = LIGHT_KINDS[int(rng.choice(len(LIGHT_KINDS), p=shares / shares.sum()))]
    if kind not in _RECIPES:
        raise ValueError(f"unknown kind of light {kind!r}; known: {', '.join(LIGHT_KINDS)}")
    azimuth, elevation, spread, lamp, sky, ground, warmth, background = (
        float(rng.uniform(low, high)) for low, high in _RECIPES[kind]
    )
    if kind == "side" and rng.random() < 0.5:
        azimuth = -azimuth
    white = _tint(warmth)
    # Sky and walls are lit by the same sources, a little cooler and greyer than the lamp.
    around = 0.5 * (1.0 + _tint(-0.6 * warmth)) * (1.0 if kind == "night" else white**0.5)
    if kind == "night" and rng.random() < 0.5:  # neon signs, screens, street lamps
        white = np.clip(rng.normal(1.0, 0.3, 3), 0.4, 1.6)
    if kind == "infrared":
        white = around = np.ones(3)
    surroundings = sky * around
    return KnownLight(
        towards_lamp=_towards(azimuth, elevation),
        spread=spread,
        lamp=(lamp * white).astype(np.float32),
        sky=surroundings.astype(np.float32),
        ground=(ground * surroundings * _tint(0.3 if kind != "infrared" else 0.0)).astype(
            np.float32
        ),
        kind=kind,
        background=background,
    )


def _tint(warmth: float) -> NDArray[np.float64]:
    return np.array([1.0 + 0.10 * warmth, 1.0, 1.0 - 0.17 * warmth])


def _towards(azimuth: float, elevation: float) -> NDArray[np.float64]:
    """Camera frame; azimuth 0 is the camera's own direction, > 0 the image's right."""
    a, e = np.deg2rad([azimuth, elevation])
    return np.array([np.sin(a) * np.cos(e), -np.sin(e), -np.cos(a) * np.cos(e)])
