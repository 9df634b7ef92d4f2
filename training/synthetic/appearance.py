"""What a rendered person looks like apart from the shape of the head: a set of sampled numbers."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from training.synthetic.cloth import dye
from training.synthetic.coiffure import (
    HairCut,
    HairStyle,
    hair_srgb,
    sample_hair_cut,
    sample_hair_style,
)
from training.synthetic.tones import linear, monk_tone, skin_srgb, typology_angle

__all__ = ["Appearance", "BeardStyle", "Colour", "HairStyle", "linear", "sample_appearance"]

BeardStyle = Literal["none", "stubble", "moustache", "goatee", "chinstrap", "full"]
Colour = NDArray[np.float32]

_IRIS = np.array(
    [
        (62, 40, 26),
        (44, 28, 20),
        (74, 50, 30),
        (88, 108, 126),
        (84, 98, 70),
        (104, 76, 48),
        (112, 118, 116),
    ],
    dtype=np.float64,
)
_BEARDS: tuple[BeardStyle, ...] = ("stubble", "stubble", "moustache", "goatee", "chinstrap", "full")
_SCLERA = np.array([206.0, 198.0, 192.0])  # a real eye's white is far from paper white
_TEETH = np.array([200.0, 188.0, 168.0])


@dataclass(frozen=True, slots=True)
class Appearance:
    """Colours are (3,) float32 linear RGB 0..1; lengths are mm.

    seed: drives everything random on the surface (freckles, brow hairs, strands).
    hairline: height of the front hairline above the head's origin; cut: the rest of the hair's
    shape. beard: density 0..1, 0 is shaved; beard_style: where it grows (`beards.beard_density`).
    lashes, wrinkles, freckles, redness: 0..1. moles: how many. eye_shadow: colour on the upper
    lids, strength in make_up 0..1. sclera, teeth: their colours. pupil: its brightness, 0 except
    before an infrared lamp beside the lens. under_hat: hair is pressed flat, and what hangs
    begins below the brows' height.
    monk: 1 (lightest) .. 10; ita: individual typology angle of `skin`, degrees.
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
    cut: HairCut = field(default_factory=HairCut)
    beard_style: BeardStyle = "none"
    beard_colour: Colour = field(default_factory=lambda: linear(np.array([40.0, 30.0, 24.0])))
    lashes: float = 0.6
    wrinkles: float = 0.0
    moles: int = 0
    make_up: float = 0.0
    eye_shadow: Colour = field(default_factory=lambda: linear(np.array([90.0, 70.0, 80.0])))
    sclera: Colour = field(default_factory=lambda: linear(_SCLERA))
    teeth: Colour = field(default_factory=lambda: linear(_TEETH))
    pupil: float = 0.0
    under_hat: bool = False
    monk: int = 1
    ita: float = 0.0


def sample_appearance(
    rng: np.random.Generator, tone: float | None = None, style: HairStyle | None = None
) -> Appearance:
    """A random person; `tone` 0 (light) .. 1 (dark) and `style` fix those two."""
    darkness = float(rng.uniform()) if tone is None else tone
    # Undertone: redder, yellower or more olive at the same lightness.
    skin_colour = skin_srgb(darkness) * rng.normal(1.0, (0.012, 0.012, 0.03), 3)
    skin = linear(skin_colour)
    style = sample_hair_style(rng) if style is None else style
    age = float(rng.uniform())
    hair = hair_srgb(rng, darkness, age)
    worn_long = style in {"long", "bob", "bun", "ponytail", "bangs"}
    bearded = rng.random() < (0.04 if worn_long else 0.52)
    beard_style: BeardStyle = _BEARDS[rng.integers(len(_BEARDS))] if bearded else "none"
    made_up = rng.random() < (0.4 if worn_long else 0.04)
    brows = np.minimum(hair * 0.65, skin_colour * rng.uniform(0.34, 0.6))
    if darkness > 0.5:
        brows = np.minimum(brows, 26.0 + 0.1 * skin_colour)
    return Appearance(
        skin=skin,
        lips=_lips(rng, skin_colour, made_up),
        hair=linear(hair),
        # Brows are a little darker than the hair, and never lighter than the skin.
        brows=linear(brows),
        iris=linear(
            _IRIS[rng.integers(3 if darkness > 0.45 else len(_IRIS))] * rng.uniform(0.8, 1.15)
        ),
        shirt=dye(rng),
        style=style,
        hairline=float(rng.uniform(98, 117)),
        hair_thickness=_thickness(rng, style),
        brow_width=float(rng.uniform(2.6, 6.0)),
        brow_density=float(rng.uniform(0.4, 1.0)),
        beard=_beard_density(rng, beard_style),
        redness=float(rng.uniform(0.05, 0.26)),
        freckles=float(rng.uniform(0.0, 1.0) ** 2.5),
        seed=int(rng.integers(1 << 30)),
        cut=sample_hair_cut(rng, style),
        beard_style=beard_style,
        beard_colour=linear(hair * 0.75 + (age > 0.75) * rng.uniform(0, 60)),
        lashes=float(rng.uniform(0.8, 1.0) if made_up else rng.uniform(0.25, 0.8)),
        wrinkles=float(np.clip(age * 1.4 - 0.4, 0.0, 1.0)),
        moles=int(rng.poisson(1.0)),
        make_up=float(rng.uniform(0.2, 0.8)) if made_up else 0.0,
        eye_shadow=linear(rng.uniform(30, 150, 3)),
        sclera=linear(_SCLERA * rng.uniform(0.84, 1.0) * rng.normal(1.0, 0.015, 3)),
        teeth=linear(_TEETH * rng.uniform(0.8, 1.08) * (1.0, rng.uniform(0.96, 1.0), 1.0)),
        monk=monk_tone(darkness),
        ita=typology_angle(skin),
    )


def _lips(rng: np.random.Generator, skin: NDArray[np.floating], made_up: bool) -> Colour:
    """Skin with more blood in it, or lipstick."""
    natural = skin * (rng.uniform(0.78, 0.97), rng.uniform(0.56, 0.78), rng.uniform(0.58, 0.80))
    if made_up and rng.random() < 0.8:
        stick = np.array([rng.uniform(90, 210), rng.uniform(15, 90), rng.uniform(30, 100)])
        return linear(natural + (stick - natural) * rng.uniform(0.3, 0.95))
    return linear(natural)


def _thickness(rng: np.random.Generator, style: HairStyle) -> float:
    low, high = {
        "bald": (0.0, 0.1),
        "shaved": (1.0, 2.5),
        "receding": (2.0, 9.0),
        "crown": (3.0, 9.0),
        "short": (4.0, 10.0),
        "undercut": (10.0, 22.0),
        "bun": (4.0, 8.0),
        "ponytail": (4.0, 9.0),
        "curly": (16.0, 30.0),
        "afro": (28.0, 48.0),
    }.get(style, (9.0, 22.0))
    return float(rng.uniform(low, high))


def _beard_density(rng: np.random.Generator, style: BeardStyle) -> float:
    if style == "none":
        return 0.0
    return float(rng.uniform(0.12, 0.4) if style == "stubble" else rng.uniform(0.5, 0.95))
