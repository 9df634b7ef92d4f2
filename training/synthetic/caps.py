"""Caps, beanies and hats."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.cloth import dye, woven
from training.synthetic.crown import AROUND, brow_elevation, lining, rim_elevation, shell, swelling
from training.synthetic.headform import HeadForm
from training.synthetic.props import Prop, prop
from training.synthetic.solids import Solid, ellipsoid, merged, sheet


def cap(form: HeadForm, rng: np.random.Generator) -> tuple[Prop, ...]:
    """A baseball cap, now and then worn backwards."""
    smooth, rows = form.taut(7), 14
    front = float(rng.uniform(3, 16))
    edge = rim_elevation(form, front, rng.uniform(6, 14), rng.uniform(-22, -8))
    tall = float(rng.uniform(8, 16))
    points = shell(smooth, edge, swelling(rows, tall, 4.5), rows)
    colour = woven(rng, rows, len(AROUND), "plain").reshape(rows, -1, 3)
    colour[:, ::8] *= 0.7  # seams between the panels
    if rng.random() < 0.4:  # a front panel of another colour
        colour[4:, 16:33] = dye(rng)
    if rng.random() < 0.5:  # a badge
        colour[7:11, 22:27] = dye(rng)
    backwards = rng.random() < 0.12
    brim = _brim(points[-1], float(rng.uniform(58, 82)), float(rng.uniform(2, 24)), backwards)
    brim_colour = colour[-1, 2] if rng.random() < 0.6 else dye(rng)
    crown = merged(sheet(points), lining(points, form))
    shades = np.concatenate([colour.reshape(-1, 3), np.repeat(colour[-1], 2, axis=0)[: 2 * 49]])
    return (prop("cap.crown", crown, shades), prop("cap.brim", brim, brim_colour))


def _brim(rim: NDArray[np.float64], length: float, drop: float, backwards: bool) -> Solid:
    """A curved plate before the rim's front; drop: degrees that it points down."""
    turn = 24 if backwards else 0
    columns = (np.arange(11, 38) + turn) % 48
    inner = rim[columns]
    share = np.linspace(-1.0, 1.0, len(columns))
    out = length * np.sqrt(np.clip(1.0 - share**2, 0.0, 1.0))
    ahead = 1.0 if backwards else -1.0
    rows = []
    for step in np.linspace(0.0, 1.0, 6):
        moved = inner.copy()
        moved[:, 2] += ahead * out * step
        moved[:, 1] += out * step * np.sin(np.deg2rad(drop)) + 10.0 * step * share**2
        moved[:, 0] *= 1.0 - 0.06 * step
        rows.append(moved)
    upper = np.stack(rows)
    lower = upper + (0.0, 2.2, 0.0)
    outer = np.stack([upper[-1], lower[-1]])
    if backwards:
        upper, lower, outer = upper[:, ::-1], lower[:, ::-1], outer[:, ::-1]
    return merged(sheet(upper), sheet(lower).inside_out(), sheet(outer))


def beanie(form: HeadForm, rng: np.random.Generator) -> tuple[Prop, ...]:
    """A knitted cap, perhaps folded up or with a pompom."""
    smooth, rows = form.taut(7), 18
    low = rng.random() < 0.5
    edge = rim_elevation(
        form,
        float(rng.uniform(3, 18)),
        float(rng.uniform(-28, -12) if low else rng.uniform(2, 12)),
        float(rng.uniform(-38, -18)),
    )
    ribs = 0.8 * np.cos(np.arange(49) * np.pi)[None]
    lift = swelling(rows, float(rng.uniform(10, 34)), 6.0) + ribs
    folded = rng.random() < 0.6
    if folded:
        lift = lift + np.where(np.arange(rows)[:, None] >= rows - 5, 4.5, 0.0)
    points = shell(smooth, edge, lift, rows)
    pattern = ("plain", "hoops", "plain", "print")[rng.integers(4)]
    colour = woven(rng, rows, 49, pattern).reshape(rows, 49, 3)  # type: ignore[arg-type]
    colour *= (1.0 + 0.12 * np.cos(np.arange(49) * np.pi))[None, :, None].astype(np.float32)
    if folded and rng.random() < 0.4:
        colour[-5:] = dye(rng)
    solid = merged(sheet(points), lining(points, form))
    shades = np.concatenate([colour.reshape(-1, 3), np.repeat(colour[-1], 2, axis=0)])
    parts = [prop("beanie.knit", solid, shades, gloss=0.03)]
    if rng.random() < 0.25:
        ball = ellipsoid(points[0].mean(axis=0) - (0, 16.0, 0), (24.0, 22.0, 24.0))
        parts.append(prop("beanie.pompom", ball, dye(rng), gloss=0.02))
    return tuple(parts)


def hat(form: HeadForm, rng: np.random.Generator) -> tuple[Prop, ...]:
    """A hat with a brim all round."""
    smooth, rows = form.taut(9), 12
    base = brow_elevation(form) + float(rng.uniform(8, 18))
    edge = base + (12.0 - base) * (0.5 - 0.5 * np.cos(np.deg2rad(AROUND)))
    points = shell(smooth, edge, swelling(rows, float(rng.uniform(14, 26)), 5.0), rows)
    if rng.random() < 0.6:  # a stiff crown with a flat top
        points[:, :, 1] = np.maximum(points[:, :, 1], points[1, :, 1].max() - 4.0)
    wide = float(rng.uniform(28, 90))
    rim = points[-1]
    outwards = rim - rim.mean(axis=0)
    outwards[:, 1] = 0.0
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    droop = float(rng.uniform(-0.25, 0.45))
    rows_out = [
        rim + outwards * wide * s + np.array([0.0, droop * wide * s * s, 0.0])
        for s in np.linspace(0.0, 1.0, 5)
    ]
    upper = np.stack(rows_out)
    brim = merged(sheet(upper), sheet(upper + (0.0, 1.8, 0.0)).inside_out())
    straw = woven(rng, rows, 49, "plain")
    band = straw.reshape(rows, 49, 3)
    band[-2:] = dye(rng)
    return (prop("hat.crown", sheet(points), straw), prop("hat.brim", brim, straw[0]))
