"""Things before the face: hands, phones, cups, microphones, cigarettes, strands of hair, blobs."""

from collections.abc import Callable, Mapping
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from training.synthetic.appearance import Appearance, linear
from training.synthetic.cloth import dye
from training.synthetic.hands import (
    HAND_PLACES,
    HandPose,
    hand,
    hand_at,
    hand_colour,
    sample_hand_pose,
)
from training.synthetic.headform import HeadForm
from training.synthetic.noise import fractal
from training.synthetic.obstacles import lump
from training.synthetic.props import Prop, prop
from training.synthetic.solids import Solid, box, ellipsoid, lathe, merged, tube, turned

ObjectKind = Literal["hand", "phone", "cup", "microphone", "cigarette", "strands", "blob", "card"]
OBJECTS: tuple[ObjectKind, ...] = get_args(ObjectKind)


def thing(
    form: HeadForm, kind: ObjectKind, look: Appearance, rng: np.random.Generator
) -> tuple[Prop, ...]:
    """An object near the face, in the head frame; raises ValueError for an unknown kind."""
    makers: Mapping[
        str, Callable[[HeadForm, Appearance, np.random.Generator], tuple[Prop, ...]]
    ] = {
        "hand": _hand,
        "phone": _phone,
        "cup": _cup,
        "microphone": _microphone,
        "cigarette": _cigarette,
        "strands": _strands,
        "blob": _blob,
        "card": _card,
    }
    if kind not in makers:
        raise ValueError(f"unknown object {kind!r}; known: {', '.join(OBJECTS)}")
    return makers[kind](form, look, rng)


def _hand(form: HeadForm, look: Appearance, rng: np.random.Generator) -> tuple[Prop, ...]:
    place = HAND_PLACES[rng.integers(len(HAND_PLACES))]
    solid, _ = hand_at(form, place, sample_hand_pose(rng), rng)
    return (prop(f"hand.{place}", solid, _mottled(solid, look, rng), gloss=0.25),)


def _mottled(solid: Solid, look: Appearance, rng: np.random.Generator) -> NDArray[np.float32]:
    """Skin of uneven colour, or a glove now and then."""
    colour = hand_colour(look.skin, rng) if rng.random() < 0.93 else dye(rng)
    uneven = 1.0 + 0.10 * fractal(solid.vertices / 16.0, int(rng.integers(1 << 20)))
    return np.asarray(colour * uneven[:, None], dtype=np.float32)


def _grip(
    form: HeadForm, look: Appearance, at: NDArray[np.float64], rng: np.random.Generator
) -> Prop:
    """A hand closed round something at (3,) mm, coming from below."""
    side = 1.0 if at[0] >= 0 else -1.0
    pose = HandPose((55.0, 58.0, 60.0, 62.0), 2.0, 40.0)
    arm = np.array([0.35 * side, 0.92, -0.1]) + rng.normal(0, 0.1, 3)
    arm /= np.linalg.norm(arm)
    outwards = at - form.centre
    facing = -outwards - arm * float(-outwards @ arm)
    facing /= np.linalg.norm(facing)
    frame = np.stack([np.cross(arm, facing), arm, facing], axis=1)
    solid = hand(pose, left=side > 0, forearm=150.0)
    solid = solid.moved(frame, at - frame @ np.array([0.0, -85.0, 26.0]))
    return prop("hand.grip", solid, _mottled(solid, look, rng), gloss=0.25)


def _phone(form: HeadForm, look: Appearance, rng: np.random.Generator) -> tuple[Prop, ...]:
    body = box((float(rng.uniform(66, 78)), float(rng.uniform(135, 162)), 8.5))
    side = float(rng.choice([-1.0, 1.0]))
    if rng.random() < 0.55:  # at the ear, from there to the mouth
        ear = form.landmarks[16] * (side, 1.0, 1.0) + np.array([side * 24.0, 18.0, 6.0])
        mouth = form.landmarks[54] * (side, 1.0, 1.0) + np.array([side * 40.0, 18.0, 0.0])
        along = mouth - ear
        along /= np.linalg.norm(along)
        outwards = np.array([side, 0.0, 0.0]) - along * along[0] * side
        outwards /= np.linalg.norm(outwards)
        frame = np.stack([np.cross(along, outwards), along, outwards], axis=1)
        place = ear + along * 45.0 + outwards * 6.0
        solid = body.moved(frame, place)
        grip = _grip(form, look, place + outwards * 14.0 + along * 12.0, rng)
    else:  # held before the face
        place = form.landmarks[33] + np.array(
            [side * rng.uniform(0, 70), rng.uniform(-40, 90), 0.0]
        )
        place[2] = form.landmarks[30, 2] - rng.uniform(70, 180)
        solid = body.moved(turned(rng.normal(0, (15, 15, 12))), place)
        grip = _grip(form, look, place + (side * 18.0, 30.0, -10.0), rng)
    shell = linear(np.full(3, rng.uniform(12, 60))) if rng.random() < 0.6 else dye(rng)
    return (prop("phone.body", solid, shell, gloss=1.2, sharpness=70.0), grip)


def _cup(form: HeadForm, look: Appearance, rng: np.random.Generator) -> tuple[Prop, ...]:
    wide, high = float(rng.uniform(34, 44)), float(rng.uniform(80, 125))
    heights = np.array([0.0, 0.01, 0.5, 1.0, 1.0]) * high
    radii = np.array([0.92, 1.0, 0.9, 0.74, 0.02]) * wide
    solid = merged(lathe(radii, heights), lathe(radii[:2] * (0.02, 0.92), heights[:2] + 6.0))
    tip = float(rng.uniform(10, 60))  # tilted towards the mouth while drinking
    mouth = form.landmarks[[51, 57]].mean(axis=0)
    frame = turned((-tip, 0.0, float(rng.normal(0, 6))))
    rim = frame @ np.array([0.0, 0.0, wide * 0.9])
    away = np.array([0.0, 2.0, -3.0]) if rng.random() < 0.7 else np.array([15.0, 40.0, -70.0])
    place = mouth + away - rim
    colour = dye(rng) if rng.random() < 0.6 else linear(np.array([235.0, 232.0, 226.0]))
    grip_at = place + frame @ np.array([rng.choice([-1, 1]) * wide * 0.9, high * 0.55, -wide * 0.3])
    cup = prop("cup.body", solid.moved(frame, place), colour, gloss=0.6, sharpness=40.0)
    return (cup, _grip(form, look, grip_at, rng))


def _microphone(form: HeadForm, look: Appearance, rng: np.random.Generator) -> tuple[Prop, ...]:
    mouth = form.landmarks[[51, 57]].mean(axis=0)
    if rng.random() < 0.35:  # worn: a boom from the ear
        ear = form.landmarks[16] + np.array([6.0, 0.0, 0.0])
        end = mouth + np.array([26.0, 8.0, -8.0])
        arm = np.stack([ear, 0.5 * (ear + end) + (9.0, 8.0, 0.0), end])
        parts = merged(tube(arm, 1.6, 5), ellipsoid(end, (8.0, 6.5, 6.5)))
        return (prop("microphone.boom", parts, linear(np.full(3, 25.0)), gloss=0.4),)
    ball = float(rng.uniform(20, 34))
    tilt = np.array([rng.normal(0, 0.35), 1.0, -rng.uniform(0.1, 0.9)])
    tilt /= np.linalg.norm(tilt)
    head = mouth + np.array([rng.normal(0, 12), 18.0, -ball - rng.uniform(6, 50)])
    stick = tube(np.stack([head + tilt * ball * 0.7, head + tilt * 190.0]), ball * 0.5, 10)
    foam = dye(rng) if rng.random() < 0.4 else linear(np.full(3, rng.uniform(20, 120)))
    top = prop("microphone.head", ellipsoid(head, (ball, ball * 1.15, ball)), foam, gloss=0.3)
    body = prop("microphone.body", stick, linear(np.full(3, 30.0)), gloss=0.7, sharpness=40.0)
    if rng.random() < 0.6:
        return (top, body, _grip(form, look, head + tilt * 110.0, rng))
    return (top, body)


def _cigarette(form: HeadForm, _look: Appearance, rng: np.random.Generator) -> tuple[Prop, ...]:
    lips = form.landmarks[[62, 66]].mean(axis=0) + np.array([rng.uniform(-16, 16), 0.0, 4.0])
    way = np.array([rng.normal(0, 0.3), rng.uniform(0.0, 0.5), -1.0])
    way /= np.linalg.norm(way)
    path = lips + way * np.array([0.0, 24.0, 25.0, 80.0])[:, None]
    solid = tube(path, 3.9, 8)
    paper, filter_ = linear(np.array([238, 236, 230])), linear(np.array([196, 140, 80]))
    near = np.linalg.norm(solid.vertices - lips, axis=1) < 24.6
    colour = np.where(near[:, None], filter_, paper)
    return (prop("cigarette.stick", solid, colour),)


def _strands(form: HeadForm, look: Appearance, rng: np.random.Generator) -> tuple[Prop, ...]:
    """Locks that fall from the hairline over forehead, eye or cheek."""
    locks = []
    side = float(rng.choice([-1.0, 1.0]))
    for _ in range(rng.integers(2, 8)):
        start, length = side * rng.uniform(-5, 35), rng.uniform(25, 75)
        share = np.linspace(0, 1, 9)
        azimuth = start + side * (rng.uniform(10, 40) * share**1.4 + 4 * np.sin(share * 6))
        elevation = 52.0 - length * share
        path = form.at(azimuth, elevation, 5.0 + 7.0 * np.sin(share * np.pi))
        locks.append(tube(path, np.linspace(rng.uniform(1.2, 3.5), 0.3, 9), 5, flat=(1.6, 0.6)))
    solid = merged(*locks)
    shade = 1.0 + 0.25 * fractal(solid.vertices / (2.0, 14.0, 2.0), look.seed)
    return (prop("strands.hair", solid, look.hair * shade[:, None], gloss=0.5),)


def _blob(form: HeadForm, _look: Appearance, rng: np.random.Generator) -> tuple[Prop, ...]:
    """Anything: a ball, a toy, food, a leaf; near a part of the face."""
    mark = form.landmarks[rng.integers(68)]
    place = mark + np.append(rng.normal(0, 25, 2), -rng.uniform(20, 120))
    solid = lump(place, float(rng.uniform(10, 48)), rng)
    colour = (
        dye(rng) * (1.0 + 0.3 * fractal(solid.vertices / 9.0, int(rng.integers(1 << 20))))[:, None]
    )
    return (prop("blob.lump", solid, colour.clip(0, 1), gloss=float(rng.uniform(0, 1.2))),)


def _card(form: HeadForm, look: Appearance, rng: np.random.Generator) -> tuple[Prop, ...]:
    """A sheet of paper, a book or a tablet held before a part of the face."""
    size = (float(rng.uniform(70, 210)), float(rng.uniform(90, 280)), float(rng.uniform(1, 18)))
    side = float(rng.choice([-1.0, 1.0]))
    place = form.landmarks[57] + np.array([side * rng.uniform(0, 70), 20 + size[1] * 0.5, 0.0])
    place[1] -= rng.uniform(0, 50)
    place[2] = form.landmarks[30, 2] - rng.uniform(45, 120)
    solid = box(size).moved(turned(rng.normal(0, (14, 14, 10))), place)
    grip = _grip(form, look, place + (side * size[0] * 0.5, size[1] * 0.3, 0.0), rng)
    return (prop("card.sheet", solid, dye(rng), gloss=0.2), grip)
