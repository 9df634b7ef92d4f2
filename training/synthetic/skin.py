"""Paints skin: tone, mottling, blood, lips, brows, beard and the shade round the eyes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.appearance import Appearance
from training.synthetic.front_map import FrontMap
from training.synthetic.noise import fractal, noise, smoothstep
from training.synthetic.surface import Surface


@dataclass(frozen=True, slots=True)
class SkinMaps:
    """The two painted masks of one person."""

    lips: FrontMap
    brows: FrontMap


def paint_skin(
    rest: NDArray[np.float32],
    lid_distance: NDArray[np.float32],
    look: Appearance,
    maps: SkinMaps,
) -> Surface:
    """Skin at (P, 3) undeformed positions in the head frame, mm.

    lid_distance: (P,) mm to the nearest rim of the eye openings.
    """
    x, up, forward = rest[:, 0], -rest[:, 1], -rest[:, 2]
    front = smoothstep(forward, 20.0, 60.0)
    mottled = (
        1.0 + 0.05 * fractal(rest / 14.0, look.seed) + 0.035 * noise(rest / 1.1, look.seed + 7)
    )
    albedo = look.skin * mottled[:, None]
    blood = _blob(np.abs(x) - 40, up - 3, 20, 18) + 0.9 * _blob(x, up + 2, 13, 13) * front
    blood = blood + 0.5 * _blob(x, up + 75, 18, 12)
    ears = smoothstep(np.abs(x), 72.0, 80.0) * _blob(up - 15, forward, 40, 45)
    _tint(albedo, look.redness * (blood * front + 0.8 * ears), (0.15, 1.0, 0.9))
    # Thin skin below the eyes and the lid's fold are darker and less yellow.
    hollow = _blob(np.abs(x) - 30, up - 25, 15, 6) + 0.5 * _blob(np.abs(x) - 22, up - 40, 9, 8)
    _tint(albedo, 0.22 * hollow * front, (0.8, 1.0, 0.85))
    spots = smoothstep(noise(rest / 2.2, look.seed + 3), 0.45, 0.7)
    cheeks = front * _blob(np.abs(x) - 25, up - 8, 28, 18)
    _tint(albedo, 0.3 * look.freckles * spots * cheeks, (0.6, 1.0, 1.2))
    albedo = _bearded(albedo, rest, look, maps)
    lips = maps.lips.at(rest)
    creases = 1.0 + 0.1 * noise(rest * (1.2, 0.15, 0.15), look.seed + 5)
    albedo = _mix(albedo, look.lips * creases[:, None], 0.85 * lips)
    albedo = _mix(albedo, look.brows, maps.brows.at(rest))
    # Lash roots: a dark line along the rim, stronger on the upper lid.
    lashes = smoothstep(lid_distance, 2.1, 0.5) * np.where(up > 33.0, 0.8, 0.4) * (forward > 60)
    albedo = _mix(albedo, look.brows * 0.6, lashes.astype(np.float32))
    oily = _blob(x, up - 5, 12, 25) + _blob(x, up - 75, 35, 20)
    gloss = 0.30 + 0.25 * oily * front + 0.5 * lips
    sharpness = 14.0 + 22.0 * lips
    return Surface(albedo, gloss.astype(np.float32), sharpness.astype(np.float32))


def _bearded(
    albedo: NDArray[np.float32],
    rest: NDArray[np.float32],
    look: Appearance,
    maps: SkinMaps,
) -> NDArray[np.float32]:
    if look.beard <= 0.0:
        return albedo
    x, up, forward = np.abs(rest[:, 0]), -rest[:, 1], -rest[:, 2]
    ragged = 3.0 * noise(rest / 6.0, look.seed + 11)
    below_cheek = smoothstep(-26.0 + 0.75 * np.maximum(x - 26.0, 0.0) - up + ragged, -8.0, 10.0)
    jaw = below_cheek * smoothstep(forward, 8.0, 30.0) * smoothstep(up, -108.0, -84.0)
    moustache = smoothstep(33.0 - x, 0, 9.0) * smoothstep(-13.0 - 0.35 * x - up + ragged, -1.0, 5.0)
    moustache = moustache * smoothstep(up, -42.0, -32.0)
    bare = maps.lips.at(rest) + smoothstep(x, 6.0, 2.0) * (up > -17.0)
    # Below the lower lip and beside the mouth corner hair grows more thinly.
    thin = 0.6 * _blob(x - 14.0, up + 52.0, 9, 6)
    mask = np.maximum(jaw, moustache) * (1.0 - np.clip(bare + thin, 0.0, 1.0))
    hairs = 0.75 + 0.5 * noise(rest * (1.3, 0.45, 1.3), look.seed + 12)
    return _mix(albedo, look.brows, np.clip(mask * look.beard * hairs, 0.0, 0.93))


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
