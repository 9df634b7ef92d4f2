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

_PIXELS_PER_MM = 8
_LEFT, _TOP, _WIDTH, _HEIGHT = -80, -90, 160, 170  # mm in the head frame


@dataclass(frozen=True, slots=True)
class FrontMap:
    """(H, W) float32 mask 0..1 over the face's x and y."""

    mask: NDArray[np.float32]

    def at(self, rest: NDArray[np.floating]) -> NDArray[np.float32]:
        """(P,) mask at (P, 3) undeformed positions, mm; 0 beside the map and behind the face."""
        spots = _to_map(rest[:, :2]).astype(np.float32)
        looked_up = np.zeros(len(rest), dtype=np.float32)
        for start in range(0, len(rest), 30_000):  # remap refuses sides beyond 32,767
            chunk = spots[start : start + 30_000]
            if len(chunk):
                looked_up[start : start + 30_000] = cv2.remap(
                    self.mask, chunk[:, None, 0], chunk[:, None, 1], cv2.INTER_LINEAR
                )[:, 0]
        looked_up[rest[:, 2] > -60.0] = 0.0
        return looked_up


def lip_map(points_68: NDArray[np.floating]) -> FrontMap:
    """The vermilion, with a soft border; points_68: (68, 3) undeformed landmarks."""
    corners = points_68[[*range(48, 60), 48], :2]
    along = CubicSpline(np.arange(13), corners, bc_type="periodic")(np.linspace(0, 12, 200))
    mask = _blank()
    cv2.fillPoly(mask, [np.round(_to_map(along)).astype(np.int32)], 255)
    return FrontMap(_soft(mask, 0.9))


def brow_map(points_68: NDArray[np.floating], look: Appearance) -> FrontMap:
    """Hundreds of short hairs along both brows; their density is the look's."""
    rng = np.random.default_rng(look.seed)
    mask = _blank()
    for brow in (points_68[17:22, :2], points_68[26:21:-1, :2]):  # both from the temple inwards
        _draw_brow(mask, brow, look, rng)
    soft = _soft(mask, 0.25) * np.float32(0.6) + _soft(mask, 1.1) * np.float32(0.55)
    return FrontMap(np.minimum(soft * np.float32(look.brow_density * 1.15), 0.95))


def _draw_brow(
    mask: NDArray[np.uint8],
    brow: NDArray[np.floating],
    look: Appearance,
    rng: np.random.Generator,
) -> None:
    centre = CubicSpline(np.arange(5), brow + np.array([0.0, 1.2]))
    inwards = np.sign(brow[4, 0] - brow[0, 0])
    for _ in range(520):
        place = rng.uniform(0.0, 1.0)
        # Thin at the temple, full in the middle, a little lighter at the nose.
        width = look.brow_width * np.sqrt(min(place * 1.5, 1.0)) * min((1.12 - place) * 5.0, 1.0)
        across = float(np.clip(rng.normal(0.0, 0.3), -0.62, 0.62)) * width
        start = centre(0.05 + place * 3.85) + np.array([0.0, across])
        # Hairs near the nose stand up, those near the temple lie along the brow.
        angle = np.deg2rad(15.0 + 55.0 * place**3 + 12.0 * rng.normal())
        # They converge on the brow's middle line.
        lift = -np.sin(angle) if across > -0.1 * width else np.sin(angle) * 0.4
        length = rng.uniform(3.5, 6.5) * (0.6 + 0.4 * min(place * 3.0, 1.0))
        end = start + length * np.array([-inwards * np.cos(angle), lift])
        ends = np.round(_to_map(np.stack([start, end])) * 16).astype(int)
        cv2.line(
            mask, ends[0].tolist(), ends[1].tolist(), int(rng.integers(120, 256)), 3, cv2.LINE_AA, 4
        )


def _blank() -> NDArray[np.uint8]:
    return np.zeros((_HEIGHT * _PIXELS_PER_MM, _WIDTH * _PIXELS_PER_MM), dtype=np.uint8)


def _soft(mask: NDArray[np.uint8], sigma: float) -> NDArray[np.float32]:
    blurred = cv2.GaussianBlur(mask, (0, 0), sigma * _PIXELS_PER_MM)
    return np.asarray(blurred, dtype=np.float32) / np.float32(255.0)


def _to_map(xy: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray((np.asarray(xy) - (_LEFT, _TOP)) * _PIXELS_PER_MM, dtype=np.float64)
