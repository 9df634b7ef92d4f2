"""Paints skin: tone, mottling, blood, lips, brows, beard and the shade round the eyes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.appearance import Appearance
from training.synthetic.beards import beard_density
from training.synthetic.front_map import FrontMap
from training.synthetic.noise import fractal, noise, smoothstep
from training.synthetic.surface import Surface


@dataclass(frozen=True, slots=True)
class SkinMaps:
    """The two painted masks of one person."""

    lips: FrontMap
    brows: FrontMap


def base_coat(rest: NDArray[np.float32], look: Appearance) -> NDArray[np.float32]:
    """(n, 6) what varies over centimetres, painted on (n, 3) undeformed vertices (mm).

    Channels: albedo (3), how oily, freckles, beard; each 0..1.
    """
    x, up, forward = rest[:, 0], -rest[:, 1], -rest[:, 2]
    front = smoothstep(forward, 20.0, 60.0)
    albedo = look.skin * (1.0 + 0.05 * fractal(rest / 14.0, look.seed))[:, None]
    blood = _blob(np.abs(x) - 40, up - 3, 20, 18) + 0.9 * _blob(x, up + 2, 13, 13) * front
    blood = blood + 0.5 * _blob(x, up + 75, 18, 12)
    ears = smoothstep(np.abs(x), 72.0, 80.0) * _blob(up - 15, forward, 40, 45)
    _tint(albedo, look.redness * (blood * front + 0.8 * ears), (0.15, 1.0, 0.9))
    # Thin skin below the eyes and the lid's fold are darker and less yellow.
    hollow = _blob(np.abs(x) - 30, up - 25, 15, 6) + 0.5 * _blob(np.abs(x) - 22, up - 40, 9, 8)
    _tint(albedo, 0.22 * hollow * front, (0.8, 1.0, 0.85))
    oily = front * np.minimum(_blob(x, up - 5, 12, 25) + _blob(x, up - 75, 35, 20), 1.0)
    freckles = look.freckles * front * _blob(np.abs(x) - 25, up - 8, 28, 18)
    _line(albedo, rest, look)
    shadow = look.make_up * _blob(np.abs(x) - 32, up - 46, 14, 6) * front
    albedo = _mix(albedo, look.eye_shadow, shadow)
    beard = beard_density(rest, look)
    coat = [albedo, oily[:, None], freckles[:, None], beard[:, None]]
    return np.concatenate(coat, axis=1, dtype=np.float32)


def paint_skin(
    rest: NDArray[np.float32],
    coat: NDArray[np.float32],
    lid_distance: NDArray[np.float32],
    look: Appearance,
    maps: SkinMaps,
) -> Surface:
    """Skin at (P, 3) undeformed positions in the head frame, mm; coat: (P, 6) of `base_coat`.

    lid_distance: (P,) mm to the nearest rim of the eye openings.
    """
    up, forward = -rest[:, 1], -rest[:, 2]
    albedo = coat[:, :3] * (1.0 + 0.035 * noise(rest / 1.1, look.seed + 7))[:, None]
    if look.freckles > 0.0:
        spots = smoothstep(noise(rest / 2.2, look.seed + 3), 0.45, 0.7)
        _tint(albedo, 0.3 * spots * coat[:, 4], (0.6, 1.0, 1.2))
    lips = maps.lips.at(rest)
    bearded = np.flatnonzero(coat[:, 5] > 0.01)
    if len(bearded):
        hairs = 0.75 + 0.5 * noise(rest[bearded] * (1.3, 0.45, 1.3), look.seed + 12)
        cover = np.clip(coat[bearded, 5] * (1.0 - lips[bearded]) * hairs, 0.0, 0.95)
        albedo[bearded] = _mix(albedo[bearded], look.beard_colour, cover)
    painted = np.flatnonzero(lips > 0.0)
    creases = 1.0 + 0.1 * noise(rest[painted] * (1.2, 0.15, 0.15), look.seed + 5)
    red = look.lips * creases[:, None]
    albedo[painted] = _mix(albedo[painted], red, 0.85 * lips[painted])
    albedo = _mix(albedo, look.brows, maps.brows.at(rest))
    # Lash roots: a dark line along the rim, stronger on the upper lid.
    rim = np.flatnonzero((lid_distance < 2.1) & (forward > 60))
    upper = np.where(up[rim] > 33.0, 0.45 + 0.5 * look.lashes, 0.15 + 0.4 * look.lashes)
    lashes = smoothstep(lid_distance[rim], 1.6 + look.lashes, 0.5) * upper
    albedo[rim] = _mix(albedo[rim], look.brows * 0.6, lashes)
    gloss = 0.30 + 0.25 * coat[:, 3] + 0.5 * lips
    sharpness = 14.0 + 22.0 * lips
    return Surface(albedo, gloss.astype(np.float32), sharpness.astype(np.float32))


def _line(albedo: NDArray[np.float32], rest: NDArray[np.float32], look: Appearance) -> None:
    """Moles and the wrinkles of age, in place."""
    x, up, forward = rest[:, 0], -rest[:, 1], -rest[:, 2]
    rng = np.random.default_rng(look.seed + 40)
    for _ in range(look.moles):
        aside, height, size = rng.uniform(-60, 60), rng.uniform(-80, 90), rng.uniform(0.8, 2.2)
        mole = _blob(x - aside, up - height, size, size) * (forward > 20.0)
        _tint(albedo, mole, (0.6, 0.75, 0.8))
    if look.wrinkles <= 0.0:
        return
    bent = up + 0.004 * x**2 + 2.0 * noise(rest / 25.0, look.seed + 41)
    furrows = np.clip(np.cos(bent * (2 * np.pi / 9.0)), 0.0, 1.0) ** 4 * _blob(x, up - 88, 42, 16)
    # From the nose's wing to the mouth's corner.
    fold = _blob(np.abs(x) - 22.0 + 0.35 * (up + 18.0), 0.0 * up, 3.0, 1.0) * _blob(
        0.0 * x, up + 20.0, 1.0, 17.0
    )
    _tint(albedo, look.wrinkles * (0.16 * furrows + 0.2 * fold) * (forward > 40), (0.8, 1.0, 1.0))


def _blob(
    dx: NDArray[np.floating], dy: NDArray[np.floating], width: float, height: float
) -> NDArray[np.float32]:
    return np.asarray(np.exp(-((dx / width) ** 2) - (dy / height) ** 2), dtype=np.float32)


def _tint(
    albedo: NDArray[np.float32],
    amount: NDArray[np.floating],
    absorbed: tuple[float, float, float],
) -> None:
    """Darkens each channel by its share of `amount`, in place."""
    albedo *= 1.0 - np.clip(np.asarray(amount)[:, None] * np.array(absorbed), 0.0, 0.9)


def _mix(
    below: NDArray[np.float32], above: NDArray[np.floating], amount: NDArray[np.floating]
) -> NDArray[np.float32]:
    share = np.asarray(amount, dtype=np.float32)[:, None]
    return np.asarray(below * (1 - share) + above * share, dtype=np.float32)
