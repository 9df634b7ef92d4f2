"""What covers the lower face, the neck and the chest: masks, scarves, seat belts."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.synthetic.appearance import Appearance
from training.synthetic.cloth import woven
from training.synthetic.headform import HeadForm
from training.synthetic.props import Prop, prop
from training.synthetic.solids import Solid, merged, sheet, tube
from training.synthetic.tones import linear
from training.synthetic.torso import torso

MaskKind = Literal["surgical", "cloth", "respirator"]
MASKS: tuple[MaskKind, ...] = get_args(MaskKind)
_COLUMNS, _ROWS = 25, 18
_SURGICAL = ((150, 186, 206), (170, 206, 214), (236, 238, 240), (158, 200, 182), (40, 42, 46))


def mask(form: HeadForm, kind: MaskKind, rng: np.random.Generator) -> tuple[Prop, ...]:
    """Over nose, mouth and chin, with loops to the ears; raises ValueError for another kind."""
    if kind not in MASKS:
        raise ValueError(f"unknown mask {kind!r}; known: {', '.join(MASKS)}")
    points = _cover(form, kind, rng)
    if kind == "surgical":
        colour = linear(np.array(_SURGICAL[rng.integers(len(_SURGICAL))]) * rng.uniform(0.9, 1.05))
        shade = np.repeat(colour[None], points.shape[0] * points.shape[1], axis=0)
        shade = shade.reshape(*points.shape)
        shade[0] = shade[0] * 0.5 + 0.35  # the sewn edge
        shade[6:13:3] *= 0.72  # shadows in the pleats
    elif kind == "respirator":
        shade = np.full(points.shape, linear(rng.uniform(200, 240, 3)), dtype=np.float32)
        if rng.random() < 0.4:
            shade[9:12, 11:15] = 0.15  # a valve
    else:
        shade = woven(rng, *points.shape[:2]).reshape(points.shape)
    body = prop(f"mask.{kind}", sheet(points), shade.reshape(-1, 3), gloss=0.05)
    band = linear(np.full(3, 225.0)) if kind != "cloth" else shade.reshape(-1, 3)[0]
    return (body, prop("mask.loops", _loops(form, points), band, gloss=0.05))


def _cover(form: HeadForm, kind: MaskKind, rng: np.random.Generator) -> NDArray[np.float64]:
    """(_ROWS, _COLUMNS, 3) from the nose bridge down to below the chin, image left to right."""
    smooth = form.taut(11 if kind == "respirator" else 9)
    marks = form.landmarks
    height = float(rng.uniform(0.2, 0.75))
    top = form.direction(marks[28] + height * (marks[29] - marks[28]))[1]
    side_top = form.direction(marks[2] + (marks[1] - marks[2]) * rng.uniform(0.1, 0.9))[1]
    bottom = form.direction(marks[8])[1] - float(rng.uniform(4, 9))
    side_bottom = form.direction(marks[4])[1] + float(rng.uniform(-4, 4))
    reach = form.direction(marks[13])[0] * float(rng.uniform(0.82, 0.98))
    across = np.linspace(-1.0, 1.0, _COLUMNS)
    # High on the nose, straight over the cheeks; narrow where it meets the loops.
    rise = np.cos(across * np.pi / 2) ** 2
    upper = side_top + (top - side_top) * np.exp(-((across / 0.42) ** 2)) * rise**0.3
    lower = side_bottom + (bottom - side_bottom) * rise**0.7
    share = np.linspace(0.0, 1.0, _ROWS)[:, None]
    elevation = upper[None] + (lower - upper)[None] * share
    azimuth = np.broadcast_to(across * reach, elevation.shape)
    lift = 2.5 + 2.5 * np.sin(np.pi * share) * rise[None]
    if kind == "surgical":
        lift = lift + 0.9 * np.sin(share * np.pi * 6) * rise[None]
    if kind == "respirator":
        lift = lift + 14.0 * (np.sin(np.pi * share) * rise[None]) ** 1.3
    points = _clear_of(smooth.at(azimuth, elevation, lift), form)
    # Chin and lower lip move with the jaw: the lower edge stays below them.
    chin = float(marks[8, 1]) + 4.0
    short = np.clip(chin - points[-1, :, 1], 0.0, None) * rise
    points[..., 1] += short[None] * share**2
    return points


def _clear_of(points: NDArray[np.float64], form: HeadForm) -> NDArray[np.float64]:
    """Cloth, (..., 3) mm, raised where nose, lips or chin would come through.

    The map of directions is too coarse for the tip of the nose and for pouting lips.
    """
    marks = form.landmarks[[5, 6, 7, 8, 9, 10, 11, *range(29, 36), *range(48, 68)]] - form.centre
    cloth = points.reshape(-1, 3) - form.centre
    far, reach = np.linalg.norm(marks, axis=1), np.linalg.norm(cloth, axis=1)
    cosine = np.clip((cloth / reach[:, None]) @ (marks / far[:, None]).T, -1.0, 1.0)
    angle = np.rad2deg(np.arccos(cosine))
    nearest = angle.argmin(axis=0)
    missing = np.clip(far + 5.0 - reach[nearest], 0.0, None)
    missing = missing * (angle.min(axis=0) < 5.0)  # the others lie beside the cloth
    raised = (missing * np.exp(-((angle / 9.0) ** 2))).max(axis=1)
    return points + (cloth * (raised / reach)[:, None]).reshape(points.shape)


def _loops(form: HeadForm, points: NDArray[np.float64]) -> Solid:
    bands = []
    for column, mark, side in ((0, 0, -1.0), (-1, 16, 1.0)):
        ear = form.landmarks[mark] + np.array([side * 7.0, 0.0, 14.0])
        for corner, height in ((points[0, column], -4.0), (points[-1, column], 34.0)):
            end = ear + np.array([0.0, height, 8.0])
            middle = 0.5 * (corner + end) + np.array([side * 3.0, 0.0, 0.0])
            bands.append(tube(np.stack([corner, middle, end]), 1.1, 5))
    return merged(*bands)


def scarf(form: HeadForm, rng: np.random.Generator) -> tuple[Prop, ...]:
    """A thick ring round the neck, now and then up to the mouth, with a hanging end."""
    wide, deep, middle = form.neck
    chin = float(form.landmarks[8, 1])
    high = rng.random() < 0.3
    top = chin + float(rng.uniform(-42, -14) if high else rng.uniform(4, 22))
    bottom = float(rng.uniform(140, 165))
    rows, columns = 14, 49
    share = np.linspace(0.0, 1.0, rows)[:, None]
    around = np.linspace(-np.pi, np.pi, columns)[None]
    bulge = 14.0 + 22.0 * np.sin(np.pi * (0.15 + 0.7 * share))
    front = float(-form.landmarks[8, 2]) + middle + (16.0 if high else -14.0)
    ahead = (1.0 + np.cos(around)) / 2
    jaw = float(form.landmarks[12, 0] - form.landmarks[4, 0]) / 2 + 6.0
    half_wide = np.maximum(wide, jaw * (1.0 - share)) + bulge
    half_deep = (front + 8.0 * np.sin(np.pi * share)) * ahead + (deep + bulge) * (1.0 - ahead)
    folds = 1.0 + 0.03 * np.sin(around * 3 + share * 9 + rng.uniform(0, 6))
    folds = folds + 0.015 * np.sin(around * 7 - share * 15)
    y = top + (bottom - top) * share + 7.0 * np.sin(around + rng.uniform(0, 6)) - 12.0 * (1 - ahead)
    points = np.stack(
        [half_wide * np.sin(around) * folds, y, middle - half_deep * np.cos(around) * folds], -1
    )
    # The upper edge turns in to the neck.
    points[0] = points[0] * (0.72, 1.0, 0.72) + np.array([0.0, 5.0, 0.28 * middle])
    cloth = woven(rng, rows, columns)
    parts = [prop("scarf.ring", sheet(points), cloth, gloss=0.03)]
    if rng.random() < 0.5:
        x = float(rng.uniform(-45, 45))
        strip = np.linspace(0, 1, 8)[:, None]
        wave = np.stack(
            [
                x + np.linspace(-24, 24, 5)[None] + 6 * np.sin(strip * 4),
                bottom - 12.0 + 150.0 * strip + np.zeros((1, 5)),
                np.full((8, 5), middle - front - 24.0) - 6.0 * np.sin(strip * 3),
            ],
            axis=-1,
        )
        parts.append(prop("scarf.end", sheet(wave), cloth[:40], gloss=0.03))
    return tuple(parts)


def seat_belt(look: Appearance, rng: np.random.Generator) -> tuple[Prop, ...]:
    """A belt's strap on the shirt, from beside the neck over the chest."""
    side = float(rng.choice([-1.0, 1.0]))
    share = np.linspace(0.0, 1.0, 22)
    high = float(rng.uniform(70, 105))
    middle = np.stack([side * (high - 235.0 * share), 146.0 + 225.0 * share**1.15], axis=1)
    along = np.gradient(middle, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    across *= 23.0 / np.linalg.norm(across, axis=1, keepdims=True)
    flat = np.stack([middle - across, middle, middle + across], axis=1)
    shirt, _ = torso(look, 40, 64)
    front = shirt[shirt[:, 2] < 20.0]
    distance, near = cKDTree(front[:, :2]).query(flat.reshape(-1, 2), k=4)
    weight = 1.0 / (distance + 1.0)
    depth = (front[near, 2] * weight).sum(axis=1) / weight.sum(axis=1) - 6.0
    strap = np.concatenate([flat, depth.reshape(*flat.shape[:2], 1)], axis=2)
    colour = linear(np.array([52.0, 52.0, 56.0]) * rng.uniform(0.4, 1.8))
    return (prop("belt.strap", sheet(strap), colour, gloss=0.3),)
