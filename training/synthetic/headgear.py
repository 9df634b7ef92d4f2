"""Turbans, helmets, headbands and headphones."""

import numpy as np

from training.synthetic.cloth import dye, woven
from training.synthetic.crown import AROUND, brow_elevation, lining, rim_elevation, shell, swelling
from training.synthetic.headform import HeadForm
from training.synthetic.props import Prop, prop
from training.synthetic.solids import ellipsoid, merged, sheet, tube


def turban(form: HeadForm, rng: np.random.Generator) -> tuple[Prop, ...]:
    """Windings of cloth round the head."""
    smooth, rows = form.taut(9), 20
    edge = rim_elevation(form, float(rng.uniform(4, 16)), float(rng.uniform(-18, 4)), -24.0)
    peak = float(rng.uniform(16, 36))
    share = np.linspace(0, 1, rows)[:, None]
    azimuth = np.deg2rad(AROUND)[None]
    # Windings rise from the ears to the middle of the forehead and cross there.
    folds = np.sin(share * 34.0 + 3.0 * np.abs(np.sin(azimuth / 2 + rng.uniform(0, 3))))
    lift = 8.0 + peak * np.sin(np.pi * np.clip(share, 0, 0.95)) + 3.0 * folds
    points = shell(smooth, edge, lift, rows)
    colour = np.repeat(dye(rng)[None], rows * 49, axis=0)
    colour *= np.asarray(0.85 + 0.22 * folds, dtype=np.float32).reshape(-1, 1)
    solid = merged(sheet(points), lining(points, form))
    shades = np.concatenate([colour, np.repeat(colour[-49:], 2, axis=0)])
    return (prop("turban.wrap", solid, shades, gloss=0.06),)


def helmet(form: HeadForm, rng: np.random.Generator) -> tuple[Prop, ...]:
    """A hard hat or a bicycle helmet, perhaps with its strap."""
    smooth, rows = form.taut(11), 12
    edge = rim_elevation(form, float(rng.uniform(8, 20)), float(rng.uniform(0, 12)), -10.0)
    points = shell(smooth, edge, swelling(rows, 30.0, 18.0), rows)
    colour = np.repeat(dye(rng)[None], rows * 49, axis=0).reshape(rows, 49, 3)
    if rng.random() < 0.5:  # a bicycle helmet's vents
        for column in (18, 22, 26, 30):
            colour[3:9, column] = 0.01
    hull = merged(sheet(points), lining(points, form))
    shades = np.concatenate([colour.reshape(-1, 3), np.repeat(colour[-1], 2, axis=0)])
    straps = []
    chin = form.landmarks[8] + np.array([0.0, 6.0, 12.0])
    for column in (16, 32):
        jaw = form.landmarks[3 if column < 24 else 13] + (points[-1, column] - form.centre) * 0.05
        straps.append(tube(np.stack([points[-1, column], jaw, chin]), 3.0, 5, flat=(1.6, 0.5)))
    parts = [prop("helmet.shell", hull, shades, gloss=0.9, sharpness=50.0)]
    if rng.random() < 0.7:
        parts.append(prop("helmet.strap", merged(*straps), np.array([0.02, 0.02, 0.02])))
    return tuple(parts)


def headband(form: HeadForm, rng: np.random.Generator) -> tuple[Prop, ...]:
    """A band round the forehead."""
    smooth, rows = form.taut(5), 5
    low = brow_elevation(form) + float(rng.uniform(5, 25))
    tilt = float(rng.uniform(0, 30))
    wide = float(rng.uniform(8, 22))
    middle = low + wide / 2 - tilt * (0.5 - 0.5 * np.cos(np.deg2rad(AROUND)))
    share = np.linspace(0.5, -0.5, rows)[:, None]
    elevation = middle[None] + wide * share
    lift = 5.5 - 10.0 * share**2
    points = smooth.at(np.broadcast_to(AROUND, elevation.shape), elevation, lift)
    return (prop("headband.band", sheet(points), woven(rng, rows, 49)),)


def headphones(form: HeadForm, rng: np.random.Generator) -> tuple[Prop, ...]:
    """Two shells on the ears and a bow over the head."""
    smooth = form.taut(9)
    angle = np.linspace(-1.0, 1.0, 21)
    elevation = 90.0 - np.abs(angle) * 86.0
    azimuth = np.where(angle < 0, -96.0, 96.0)
    arch = smooth.at(azimuth, elevation, 11.0)
    arch[:, 2] = np.linspace(arch[0, 2], arch[0, 2], 21)
    colour = dye(rng)
    thick = float(rng.uniform(3, 7))
    parts = [prop("headphones.band", tube(arch, thick, 6, flat=(1.0, 0.6)), colour, gloss=0.5)]
    for mark, side in ((0, -1.0), (16, 1.0)):
        ear = form.landmarks[mark] + np.array([side * 19.0, 12.0, 24.0])
        size = float(rng.uniform(30, 42))
        cup = ellipsoid(ear, (15.0, size * 1.1, size * 0.9))
        parts.append(prop("headphones.cup", cup, colour * 0.8, gloss=0.4, sharpness=30.0))
    return tuple(parts)
