"""Dresses a person: which things are worn or held, and what that does to the hair."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.synthetic.appearance import Appearance
from training.synthetic.coiffure import HairCut
from training.synthetic.coverings import MASKS, mask, scarf, seat_belt
from training.synthetic.glasses import glasses, sample_spectacles
from training.synthetic.headform import HeadForm
from training.synthetic.headwear import (
    HEADWEAR,
    HIDES_HAIR,
    LEAVES_HAIR,
    HeadwearKind,
    headwear,
)
from training.synthetic.infrared import infrared_look, infrared_props
from training.synthetic.locks import hair_parts
from training.synthetic.objects import OBJECTS, ObjectKind, thing
from training.synthetic.obstacles import OBSTACLES, obstacle
from training.synthetic.props import Prop

_HEADWEAR_SHARES = (0.22, 0.14, 0.09, 0.11, 0.12, 0.07, 0.07, 0.06, 0.06, 0.06)
_OBJECT_SHARES = (0.34, 0.12, 0.10, 0.08, 0.05, 0.13, 0.10, 0.08)
_AT_THE_MOUTH: frozenset[ObjectKind] = frozenset({"cup", "microphone", "cigarette"})
_PRESSED = 3.0  # mm of hair under a cap


@dataclass(frozen=True, slots=True)
class Chances:
    """Probability of each kind of thing."""

    glasses: float = 0.32
    sunglasses: float = 0.3  # of those with glasses
    headwear: float = 0.22
    mask: float = 0.07
    scarf: float = 0.07
    belt: float = 0.05
    thing: float = 0.2
    obstacle: float = 0.035


@dataclass(frozen=True, slots=True)
class Outfit:
    """look: hair adapted to what is on the head. props: opaque things before glass ones.

    glasses: none, clear or sun. headwear, mask: a kind or none. occluders: kinds of what hides
    or may hide parts of the face, sorted.
    """

    look: Appearance
    props: tuple[Prop, ...]
    glasses: str
    headwear: str
    mask: str
    occluders: tuple[str, ...]


def sample_outfit(
    rng: np.random.Generator,
    form: HeadForm,
    look: Appearance,
    *,
    infrared: bool = False,
    in_car: bool = False,
    chances: Chances | None = None,
) -> Outfit:
    """Draws what a person with this head wears; infrared: as such a camera sees it all."""
    chances = Chances() if chances is None else chances
    worn: list[Prop] = []
    hat: HeadwearKind | None = None
    if rng.random() < chances.headwear:
        hat = HEADWEAR[int(rng.choice(len(HEADWEAR), p=_HEADWEAR_SHARES))]
        look = _under(look, hat)
        worn += headwear(form, hat, rng)
    worn += hair_parts(form, look, rng)
    covering = MASKS[rng.integers(len(MASKS))] if rng.random() < chances.mask else None
    if covering is not None:
        worn += mask(form, covering, rng)
    if rng.random() < chances.scarf and hat not in {"hijab", "hood"}:
        worn += scarf(form, rng)
    if rng.random() < (0.75 if in_car else chances.belt):
        worn += seat_belt(look, rng)
    if rng.random() < chances.thing:
        kind = OBJECTS[int(rng.choice(len(OBJECTS), p=_OBJECT_SHARES))]
        if not (kind in _AT_THE_MOUTH and covering is not None):
            worn += thing(form, kind, look, rng)
    eyewear = "none"
    if rng.random() < chances.glasses:
        dark = bool(rng.random() < chances.sunglasses)
        eyewear = "sun" if dark else "clear"
        worn += glasses(form, sample_spectacles(rng, dark), rng)
    props = tuple(worn)
    if infrared:
        look, props = infrared_look(look, rng), infrared_props(props, rng)
    return Outfit(look, props, eyewear, hat or "none", covering or "none", occluders_of(props))


def sample_obstacles(
    rng: np.random.Generator,
    face_in_camera: NDArray[np.floating],
    chances: Chances | None = None,
) -> tuple[Prop, ...]:
    """Mostly nothing; now and then something between camera and face, in the camera frame."""
    chances = Chances() if chances is None else chances
    if rng.random() >= chances.obstacle:
        return ()
    return obstacle(OBSTACLES[rng.integers(len(OBSTACLES))], face_in_camera, rng)


def occluders_of(props: tuple[Prop, ...]) -> tuple[str, ...]:
    """Sorted kinds of the props that may hide a part of the face."""
    harmless = {"belt", "glasses", "headphones", "hair"}
    kinds = {one.kind for one in props} - harmless
    if any(one.name == "hair.fringe" for one in props):
        kinds.add("fringe")
    return tuple(sorted(kinds))


def _under(look: Appearance, hat: HeadwearKind) -> Appearance:
    """Hair that a thing on the head hides or presses flat."""
    if hat in LEAVES_HAIR:
        return replace(look, hair_thickness=min(look.hair_thickness, 4.5))
    if hat in HIDES_HAIR:
        return replace(look, style="bald", hair_thickness=0.0, cut=HairCut(), under_hat=True)
    hanging = 0.0 if hat in {"hood", "turban"} else look.cut.hangs_to
    cut = replace(look.cut, fringe=0.0, bald_crown=0.0, hangs_to=hanging)
    style = "short" if look.style in {"bun", "afro", "curly", "full", "undercut"} else look.style
    thickness = min(look.hair_thickness, _PRESSED)
    return replace(look, style=style, hair_thickness=thickness, cut=cut, under_hat=True)
