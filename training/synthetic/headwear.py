"""Caps, beanies, hats, hoods, headscarves, turbans, helmets, bands and headphones."""

from collections.abc import Callable, Mapping
from typing import Literal, get_args

import numpy as np

from training.synthetic.caps import beanie, cap, hat
from training.synthetic.headform import HeadForm
from training.synthetic.headgear import headband, headphones, helmet, turban
from training.synthetic.props import Prop
from training.synthetic.wraps import headscarf, hijab, hood

HeadwearKind = Literal[
    "cap",
    "beanie",
    "hat",
    "hood",
    "hijab",
    "headscarf",
    "turban",
    "helmet",
    "headband",
    "headphones",
]
HEADWEAR: tuple[HeadwearKind, ...] = get_args(HeadwearKind)
# Under these no hair shows; under the others it is pressed flat above their edge.
HIDES_HAIR: frozenset[HeadwearKind] = frozenset({"hijab", "headscarf"})
LEAVES_HAIR: frozenset[HeadwearKind] = frozenset({"headband", "headphones"})


def headwear(form: HeadForm, kind: HeadwearKind, rng: np.random.Generator) -> tuple[Prop, ...]:
    """The parts of one thing on the head; raises ValueError for an unknown kind."""
    makers: Mapping[str, Callable[[HeadForm, np.random.Generator], tuple[Prop, ...]]] = {
        "cap": cap,
        "beanie": beanie,
        "hat": hat,
        "hood": hood,
        "hijab": hijab,
        "headscarf": headscarf,
        "turban": turban,
        "helmet": helmet,
        "headband": headband,
        "headphones": headphones,
    }
    if kind not in makers:
        raise ValueError(f"unknown headwear {kind!r}; known: {', '.join(HEADWEAR)}")
    return makers[kind](form, rng)
