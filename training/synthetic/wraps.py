"""Cloth that wraps the head and leaves the face open: hijabs, hoods, headscarves."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.cloth import Pattern, woven
from training.synthetic.headform import HeadForm
from training.synthetic.noise import smoothstep
from training.synthetic.props import Prop, prop
from training.synthetic.solids import merged, sheet, tube

_COLUMNS = 49
_ROUND = np.linspace(0.0, 360.0, _COLUMNS)  # about the face's axis, clockwise from the top


def hijab(form: HeadForm, rng: np.random.Generator) -> tuple[Prop, ...]:
    """Tight round the face, under the chin, falling on the shoulders."""
    smooth, rows = form.taut(7), 18
    top = float(rng.uniform(26, 44))
    opening = _opening(form, top, float(rng.uniform(46, 58)), float(rng.uniform(4, 12)))
    points = _back_from(smooth, opening, 4.0, float(rng.uniform(8, 18)), rows, rng)
    drape = _drape(form, rng, bottom=float(rng.uniform(180, 260)))
    pattern: Pattern = "plain" if rng.random() < 0.7 else "print"
    cloth = woven(rng, rows + len(drape), _COLUMNS, pattern)
    solid = merged(sheet(points), sheet(drape))
    parts = [prop("hijab.cloth", solid, cloth, gloss=float(rng.uniform(0.02, 0.25)))]
    if rng.random() < 0.35:  # an under-cap shows at the forehead
        inner = _back_from(smooth, _opening(form, top - 5.0, 52.0, 0.0), 2.5, 4.0, 6, rng)
        forehead = np.roll(inner[:3, :-1], _COLUMNS // 2, axis=1)[:, 14:35]
        parts.append(prop("hijab.cap", sheet(forehead), cloth[0] * np.float32(0.5)))
    return tuple(parts)


def hood(form: HeadForm, rng: np.random.Generator) -> tuple[Prop, ...]:
    """A wide hood standing off the head, open at the throat."""
    smooth, rows = form.taut(9), 12
    opening = _opening(form, float(rng.uniform(40, 62)), float(rng.uniform(68, 86)), 20.0)
    stand = float(rng.uniform(14, 34))
    points = _back_from(smooth, opening, stand, stand + 6.0, rows, rng)
    # The rim reaches forwards like a tunnel.
    reach = float(rng.uniform(0, 30))
    points[0, :, 2] -= reach
    points[1, :, 2] -= reach * 0.5
    drape = _drape(form, rng, bottom=230.0, stand=stand)
    colour = woven(rng, rows, _COLUMNS, "plain")
    lining = sheet(form.centre + (points - form.centre) * 0.97)
    solid = merged(sheet(points), lining.inside_out(), sheet(drape))
    shade = np.concatenate(
        [colour, 0.7 * colour, np.repeat(colour[:1], drape.shape[0] * drape.shape[1], axis=0)]
    )
    return (prop("hood.cloth", solid, shade, gloss=0.03),)


def headscarf(form: HeadForm, rng: np.random.Generator) -> tuple[Prop, ...]:
    """A kerchief: over the hair, tied under the chin or at the nape."""
    smooth, rows = form.taut(7), 14
    top = float(rng.uniform(30, 46))
    under_chin = rng.random() < 0.5
    opening = _opening(form, top, 62.0 if under_chin else 84.0, 8.0 if under_chin else 40.0)
    if not under_chin:  # below the ears it only reaches the nape
        behind = smoothstep(np.abs(_ROUND - 180.0), 85.0, 45.0).astype(np.float64)
        opening = opening + (146.0 - opening) * behind
    points = _back_from(smooth, opening, 5.0, 13.0, rows, rng)
    parts = [prop("headscarf.cloth", sheet(points), woven(rng, rows, _COLUMNS))]
    if under_chin:
        chin = form.landmarks[8] + np.array([0.0, 12.0, 8.0])
        ends = [
            chin + np.array([side * np.linspace(0, 26, 5)[i], i * 9.0, -3.0 * i])
            for side in (-1.0, 1.0)
            for i in range(5)
        ]
        tails = [tube(np.array(ends[k : k + 5]), np.linspace(5, 12, 5), 6) for k in (0, 5)]
        parts.append(prop("headscarf.knot", merged(*tails), parts[0].colour[0]))
    return tuple(parts)


def _opening(form: HeadForm, top: float, side: float, chin: float) -> NDArray[np.float64]:
    """(49,) degrees from the face's axis to the cloth's edge, for the directions _ROUND.

    top: above the axis; side: beside it; chin: below the chin's direction.
    """
    below = -form.direction(form.landmarks[8])[1] + chin
    brows = max(form.direction(form.landmarks[m])[1] for m in (19, 24))
    above = max(top, brows + 6.0)
    angle = np.deg2rad(_ROUND)
    vertical = np.where(np.cos(angle) > 0, above, below)
    return np.asarray(1.0 / np.sqrt((np.cos(angle) / vertical) ** 2 + (np.sin(angle) / side) ** 2))


def _back_from(
    form: HeadForm,
    opening: NDArray[np.float64],
    rim: float,
    lift: float,
    rows: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """(rows, 49, 3) from the opening's edge round the head to the middle of its back."""
    share = np.linspace(0.0, 1.0, rows)[:, None]
    polar = np.deg2rad(opening[None] + (178.0 - opening[None]) * share)
    around = np.deg2rad(_ROUND)[None]
    x, y = np.sin(polar) * np.sin(around), -np.sin(polar) * np.cos(around)
    z = -np.cos(polar)
    azimuth = np.rad2deg(np.arctan2(x, -z))
    elevation = np.rad2deg(np.arcsin(np.clip(-y, -1.0, 1.0)))
    folds = 1.6 * np.sin(share * 17.0 + 2.0 * np.sin(around * 3.0 + rng.uniform(0, 6)))
    height = rim + (lift - rim) * np.minimum(share * 4.0, 1.0) + folds * np.minimum(share * 6, 1)
    height = height + 17.0 * form.over_ears(azimuth, elevation) * np.minimum(share * 5.0, 1.0)
    # Below, where neck and shoulders begin, cloth does not follow the skin out.
    points = form.at(azimuth, np.maximum(elevation, -62.0), height)
    low = np.clip((-elevation - 50.0) / 20.0, 0.0, 1.0)[..., None]
    throat = form.centre + np.stack([x, y, z], axis=-1) * 118.0
    return np.asarray(points * (1 - low) + np.where(low > 0, throat, points) * low)


def _drape(
    form: HeadForm, rng: np.random.Generator, bottom: float, stand: float = 4.0
) -> NDArray[np.float64]:
    """(10, 49, 3) cloth from the jaw down over neck and shoulders."""
    rows = 10
    chin = float(form.landmarks[8, 1])
    wide, deep, middle = form.neck
    share = np.linspace(0.0, 1.0, rows)[:, None]
    around = np.linspace(-np.pi, np.pi, _COLUMNS)[None]
    jaw = float(form.landmarks[12, 0] - form.landmarks[4, 0]) / 2
    flare = share**1.6
    half_wide = max(wide, jaw) + stand + 4.0 + (205.0 - wide) * flare
    front = float(-form.landmarks[8, 2]) + middle
    half_deep = np.where(np.cos(around) > 0, 0.80 * front + 30.0 * flare, deep + 24.0 + 36 * flare)
    folds = 1.0 + 0.035 * share * np.sin(around * 9.0 + 4.0 * share + rng.uniform(0, 6))
    x = half_wide * np.sin(around) * folds
    z = middle - half_deep * np.cos(around) * folds
    top = chin - 6.0 - 22.0 * (1.0 - np.cos(around)) / 2
    y = top + (bottom - top) * share
    return np.stack([x, np.broadcast_to(y, x.shape), z], axis=-1)
