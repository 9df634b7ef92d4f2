"""Hair cuts as numbers, hair colours, and the parts of a cut that stand off the scalp."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

HairStyle = Literal[
    "bald",
    "shaved",
    "receding",
    "crown",
    "short",
    "full",
    "undercut",
    "curly",
    "afro",
    "bangs",
    "bob",
    "bun",
    "ponytail",
    "long",
]
HAIR_STYLES: tuple[HairStyle, ...] = get_args(HairStyle)
_SHARES = {
    "bald": 0.07,
    "shaved": 0.06,
    "receding": 0.08,
    "crown": 0.04,
    "short": 0.16,
    "full": 0.13,
    "undercut": 0.07,
    "curly": 0.06,
    "afro": 0.04,
    "bangs": 0.07,
    "bob": 0.05,
    "bun": 0.05,
    "ponytail": 0.05,
    "long": 0.12,
}
# sRGB from black over browns and blonds to reds and greys.
_NATURAL = np.array(
    [
        (20, 17, 16),
        (32, 25, 22),
        (48, 34, 26),
        (66, 46, 32),
        (90, 64, 42),
        (124, 90, 58),
        (160, 126, 84),
        (194, 164, 116),
        (110, 56, 32),
        (140, 76, 40),
    ],
    dtype=np.float64,
)


@dataclass(frozen=True, slots=True)
class HairCut:
    """The shape of hair beyond its thickness; lengths in mm.

    hangs_to: how far below the head's origin hair falls behind and beside the face; 0: none does.
    opening: degrees from the face's axis to the front edge of hanging hair.
    recession: how far the hairline draws back at the temples. bald_crown: radius of a bald patch.
    sides: thickness beside and behind, as a share of that on top. fringe: how far it falls below
    the hairline over the forehead. parting: x of the parting, its depth in parted 0..1.
    curl: 0 straight .. 1 tight curls.
    """

    hangs_to: float = 0.0
    opening: float = 66.0
    recession: float = 0.0
    bald_crown: float = 0.0
    sides: float = 0.8
    fringe: float = 0.0
    parting: float = 0.0
    parted: float = 0.0
    curl: float = 0.0


def sample_hair_style(rng: np.random.Generator) -> HairStyle:
    """One of HAIR_STYLES, each with its share."""
    shares = np.array([_SHARES[name] for name in HAIR_STYLES])
    return HAIR_STYLES[int(rng.choice(len(HAIR_STYLES), p=shares / shares.sum()))]


def sample_hair_cut(rng: np.random.Generator, style: HairStyle) -> HairCut:
    """Numbers that go with a style."""
    hangs_to = 0.0
    if style in {"long", "bangs"}:
        hangs_to = float(rng.uniform(90, 200))
    elif style == "bob":
        hangs_to = float(rng.uniform(35, 85))
    curl = float(rng.uniform(0.0, 0.5))
    if style in {"curly", "afro"}:
        curl = float(rng.uniform(0.7, 1.0))
    fringe = 0.0
    if style == "bangs":
        fringe = float(rng.uniform(28, 52))
    elif style in {"full", "short", "bob"} and rng.random() < 0.2:
        fringe = float(rng.uniform(10, 35))
    return HairCut(
        hangs_to=hangs_to,
        opening=float(rng.uniform(56, 78)),
        recession=float(
            rng.uniform(14, 45) if style in {"receding", "crown"} else rng.uniform(0, 8)
        ),
        bald_crown=float(rng.uniform(28, 75)) if style == "crown" else 0.0,
        sides=float(rng.uniform(0.1, 0.35) if style == "undercut" else rng.uniform(0.55, 1.0)),
        fringe=fringe,
        parting=float(rng.choice([-1.0, 1.0]) * rng.uniform(10, 40)),
        parted=float(rng.uniform(0.3, 1.0)) if rng.random() < 0.35 else 0.0,
        curl=curl,
    )


def hair_srgb(rng: np.random.Generator, darkness: float, age: float) -> NDArray[np.float64]:
    """(3,) sRGB 0..255. Dark skin mostly has dark hair; old people grey; a few people dye it."""
    if rng.random() < 0.04:
        return np.clip(rng.uniform(20, 230, 3), 0, 255)
    dark_only = darkness > 0.5 and rng.random() > 0.06
    natural = _NATURAL[rng.integers(3 if dark_only else len(_NATURAL))] * rng.normal(1, 0.07, 3)
    greyness = float(np.clip((age - 0.6) * 3.0 * rng.uniform(0.2, 1.3), 0.0, 0.92))
    grey = np.array([178.0, 176.0, 174.0]) * rng.uniform(0.8, 1.15)
    return np.clip(natural + (grey - natural) * greyness, 0, 255)
