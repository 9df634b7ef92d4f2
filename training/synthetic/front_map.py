"""Masks painted on the undeformed face as seen from the front: lips and brow hairs.

Because they are looked up by a surface point's undeformed position, they follow every identity and
expression, at a resolution that does not depend on the mesh.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from training.synthetic.appearance import Appearance

_LEFT, _TOP, _WIDTH, _HEIGHT = -80, -90, 160, 170  # mm in the head frame
_BROWS_HEIGHT = 70  # mm, the part of that from the top which holds the brows
_BROW_HAIRS = 520
_BROW_STEPS = 120
_SHADES = (130, 165, 200, 235)  # of single hairs


@dataclass(frozen=True, slots=True)
class FrontMap:
    """(H, W) float32 mask 0..1 over the face's x and y; pixels_per_mm says how fine."""

    mask: NDArray[np.float32]
    pixels_per_mm: int

    def at(self, rest: NDArray[np.floating]) -> NDArray[np.float32]:
        """(P,) mask at (P, 3) undeformed positions, mm; 0 beside the map and behind the face."""
        spots = _to_map(rest[:, :2], self.pixels_per_mm).astype(np.float32)
        looked_up = np.zeros(len(rest), dtype=np.float32)
        for start in range(0, len(rest), 30_000):  # remap refuses sides beyond 32,767
            chunk = spots[start : start + 30_000]
            if len(chunk):
                looked_up[start : start + 30_000] = cv2.remap(
                    self.mask, chunk[:, None, 0], chunk[:, None, 1], cv2.INTER_LINEAR
                )[:, 0]
        looked_up[rest[:, 2] > -60.0] = 0.0
        return looked_up


def lip_map(points_68: NDArray[np.floating], pixels_per_mm: int) -> FrontMap:
    """The vermilion, with a soft border; points_68: (68, 3) undeformed landmarks."""
    corners = points_68[[*range(48, 60), 48], :2]
    along = CubicSpline(np.arange(13), corners, bc_type="periodic")(np.linspace(0, 12, 200))
    mask = _blank(pixels_per_mm, _HEIGHT)
    cv2.fillPoly(mask, [np.round(_to_map(along, pixels_per_mm)).astype(np.int32)], 255)
    return FrontMap(_soft(mask, 0.9 * pixels_per_mm), pixels_per_mm)


def brow_lines(points_68: NDArray[np.floating]) -> NDArray[np.float64]:
    """(2, n, 2) mm, the middle line of each brow from the temple inwards, smooth."""
    along = np.linspace(0.0, 4.0, _BROW_STEPS)
    brows = (points_68[17:22, :2], points_68[26:21:-1, :2])
    return np.stack(
        [CubicSpline(np.arange(5), brow + np.array([0.0, 1.2]))(along) for brow in brows]
    )


def brow_map(lines: NDArray[np.float64], look: Appearance, pixels_per_mm: int) -> FrontMap:
    """Hundreds of short hairs along both brows; lines: of `brow_lines`; density is the look's."""
    rng = np.random.default_rng(look.seed)
    mask = _blank(pixels_per_mm, _BROWS_HEIGHT)
    for line in lines:
        ends = np.round(_to_map(_brow_hairs(line, look, rng), pixels_per_mm) * 16).astype(np.int32)
        thickness = max(1, round(3 * pixels_per_mm / 8))
        for part, shade in enumerate(_SHADES):
            hairs = list(ends[part :: len(_SHADES)])
            cv2.polylines(mask, hairs, False, shade, thickness, cv2.LINE_AA, 4)
    soft = _soft(mask, 0.25 * pixels_per_mm) * np.float32(0.6)
    soft += _soft(mask, 1.1 * pixels_per_mm) * np.float32(0.55)
    density = np.float32(look.brow_density * 1.15)
    return FrontMap(np.minimum(soft * density, np.float32(0.95)), pixels_per_mm)


def _brow_hairs(
    line: NDArray[np.float64], look: Appearance, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(hairs, 2, 2) both ends of each hair, mm; line: (n, 2) from the temple inwards."""
    inwards = np.sign(line[-1, 0] - line[0, 0])
    place = rng.uniform(0.0, 1.0, _BROW_HAIRS)
    # Thin at the temple, full in the middle, a little lighter at the nose.
    tapered = np.sqrt(np.minimum(place * 1.5, 1.0)) * np.minimum((1.12 - place) * 5.0, 1.0)
    width = look.brow_width * tapered
    across = np.clip(rng.normal(0.0, 0.3, _BROW_HAIRS), -0.62, 0.62) * width
    step = (0.0125 + place * 0.9625) * (_BROW_STEPS - 1)
    x, y = (np.interp(step, np.arange(_BROW_STEPS), line[:, axis]) for axis in (0, 1))
    start = np.stack([x, y + across], axis=1)
    # Hairs near the nose stand up, those near the temple lie along the brow.
    angle = np.deg2rad(15.0 + 55.0 * place**3 + 12.0 * rng.normal(size=_BROW_HAIRS))
    # They converge on the brow's middle line.
    lift = np.sin(angle) * np.where(across > -0.1 * width, -1.0, 0.4)
    length = rng.uniform(3.5, 6.5, _BROW_HAIRS) * (0.6 + 0.4 * np.minimum(place * 3.0, 1.0))
    along = np.stack([-inwards * np.cos(angle), lift], axis=1) * length[:, None]
    return np.stack([start, start + along], axis=1)


def _blank(pixels_per_mm: int, height: int) -> NDArray[np.uint8]:
    return np.zeros((height * pixels_per_mm, _WIDTH * pixels_per_mm), dtype=np.uint8)


def _soft(mask: NDArray[np.uint8], sigma: float) -> NDArray[np.float32]:
    blurred = cv2.GaussianBlur(mask, (0, 0), sigma)
    return np.asarray(blurred, dtype=np.float32) / np.float32(255.0)


def _to_map(xy: NDArray[np.floating], pixels_per_mm: int) -> NDArray[np.float64]:
    return np.asarray((np.asarray(xy) - (_LEFT, _TOP)) * pixels_per_mm, dtype=np.float64)
