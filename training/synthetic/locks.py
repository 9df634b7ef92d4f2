"""The parts of a hair cut that stand off the scalp: fringes, buns, pony-tails."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.appearance import Appearance
from training.synthetic.headform import HeadForm
from training.synthetic.noise import fractal
from training.synthetic.props import Prop, prop
from training.synthetic.solids import Solid, ellipsoid, merged, sheet, tube


def hair_parts(form: HeadForm, look: Appearance, rng: np.random.Generator) -> tuple[Prop, ...]:
    """Nothing, a fringe, a bun or a pony-tail, as the look's cut wants it."""
    parts: list[Prop] = []
    if look.cut.fringe > 0.0:
        parts.append(_part("hair.fringe", _fringe(form, look, rng), look, (0.8, 12.0, 3.0)))
    if look.style == "bun":
        parts.append(_part("hair.bun", _bun(form, rng), look, (5.0, 1.6, 5.0)))
    if look.style == "ponytail":
        parts.append(_part("hair.ponytail", _ponytail(form, rng), look, (1.5, 14.0, 2.0)))
    return tuple(parts)


def _part(name: str, solid: Solid, look: Appearance, grain: tuple[float, float, float]) -> Prop:
    """grain: mm over which strands change shade, along x, y and z."""
    strands = fractal(solid.vertices / np.array(grain), look.seed + 41)
    shade = np.clip(0.85 + 0.4 * strands, 0.3, 1.5)[:, None]
    return prop(name, solid, np.clip(look.hair * shade, 0.0, 1.0), gloss=0.9, sharpness=22.0)


def _fringe(form: HeadForm, look: Appearance, rng: np.random.Generator) -> Solid:
    """Hair falling over the forehead, cut straight, ragged or swept to one side."""
    rows, columns = 9, 61
    azimuth = np.linspace(-58.0, 58.0, columns)
    middle = form.landmarks[27].copy()
    middle[1] = -look.hairline
    top = np.full(columns, form.direction(middle)[1] + 10.0)
    top -= 18.0 * np.abs(azimuth / 58.0) ** 3
    ragged = float(rng.choice([0.5, 1.5, 3.5])) * rng.standard_normal(columns)
    swept = float(rng.choice([0.0, 0.0, -1.0, 1.0]))
    # One degree is about 1.7 mm here; towards the temples the fringe is longer.
    fall = look.cut.fringe / 1.7 + 10.0 + 10.0 * np.abs(azimuth / 58.0) ** 2 + ragged
    fall = fall * (1.0 + 0.35 * swept * azimuth / 58.0)
    share = np.linspace(0.0, 1.0, rows)[:, None]
    elevation = top[None] - fall[None] * share
    aside = azimuth[None] + swept * 14.0 * share
    lift = (
        3.5 + 6.0 * np.sin(np.pi * np.clip(share + 0.1, 0, 1)) + 0.9 * rng.standard_normal(columns)
    )
    return sheet(form.taut(5).at(aside, elevation, np.maximum(lift, 2.0)))


def _bun(form: HeadForm, rng: np.random.Generator) -> Solid:
    """Round, on the crown or at the back of the head."""
    elevation = float(rng.uniform(10, 80))
    size = float(rng.uniform(22, 40))
    base = form.at(np.array(180.0), np.array(elevation), size * 0.55)
    ball = ellipsoid(base, (size, size * 0.85, size), 12, 18)
    away = ball.vertices - base
    folds = 1.0 + 0.08 * fractal(away / (size * 0.4), int(rng.integers(1 << 20)))
    return Solid(base + away * folds[:, None], ball.triangles)


def _ponytail(form: HeadForm, rng: np.random.Generator) -> Solid:
    """A tail from the back of the head down to the shoulders, or two beside it."""
    elevation, length = float(rng.uniform(0, 55)), float(rng.uniform(120, 260))
    tails = []
    for azimuth in (180.0,) if rng.random() < 0.75 else (-125.0, 125.0):
        root = form.at(np.array(azimuth), np.array(elevation), 0.0)
        out = root - form.centre
        out[1] = 0.0
        out /= np.linalg.norm(out)
        share = np.linspace(0.0, 1.0, 10)[:, None]
        path = root + out * (38.0 * np.sin(share * 2.2)) + np.array([0.0, length, 0.0]) * share**1.5
        path = path - np.array([0.0, 18.0, 0.0]) * np.sin(np.pi * np.clip(share * 2.5, 0, 1))
        path[:, 0] += float(rng.normal(0, 12)) * share[:, 0] ** 2
        thick = float(rng.uniform(13, 22))
        radius: NDArray[np.float64] = thick * np.interp(
            share[:, 0], [0, 0.15, 0.5, 1], [0.6, 0.9, 1.0, 0.15]
        )
        tails.append(tube(path, radius, 10))
    return merged(*tails)
