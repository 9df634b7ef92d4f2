"""The background of a turned head: the photograph bent around the new outline.

The picture is taken as rays from the middle of the head. Along each ray the photograph is shifted
so that what lay just outside the head still does; the shift fades with the distance. Outside its
frame a photograph goes on as a blurred mirror image, so that no second face appears.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_RAYS = 360
_MARGIN = 1.18  # the outline of a real head is not quite the fit's
_BLUR = 0.05  # of the photograph's side


@dataclass(frozen=True, slots=True)
class Outline:
    """middle: (2,) pixels. radius: (360,) pixels along rays, the first to the right, then turning
    downwards.
    """

    middle: NDArray[np.float64]
    radius: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Continued:
    """pixels: (H + 2 margin, W + 2 margin, 3) uint8, a photograph with something around it."""

    pixels: NDArray[np.uint8]
    margin: int


def continued(photograph: NDArray[np.uint8]) -> Continued:
    """The photograph (H, W, 3) and, around it, its mirror image out of focus."""
    height, width = photograph.shape[:2]
    margin = max(height, width) // 3
    wide = cv2.copyMakeBorder(photograph, *(4 * (margin,)), cv2.BORDER_REFLECT_101)
    small = cv2.resize(wide, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), max(height, width) * _BLUR / 8)
    soft = cv2.resize(blurred, wide.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    soft[margin : margin + height, margin : margin + width] = photograph
    return Continued(np.asarray(soft, dtype=np.uint8), margin)


def outline(head: NDArray[np.floating]) -> Outline:
    """From the pixels (n, 2) that a head covers; it is taken for convex."""
    hull = cv2.convexHull(np.ascontiguousarray(head, dtype=np.float32))[:, 0].astype(np.float64)
    middle = (hull.min(axis=0) + hull.max(axis=0)) / 2
    return Outline(middle, _radii(hull, middle))


def along(outline: Outline, offset: NDArray[np.floating]) -> NDArray[np.float64]:
    """The outline's radius in the directions `offset` (..., 2) from its middle."""
    ray = np.arctan2(offset[..., 1], offset[..., 0]) * (_RAYS / (2 * np.pi))
    lower = np.floor(ray)
    share = ray - lower
    first = lower.astype(np.int64) % _RAYS
    following = outline.radius[(first + 1) % _RAYS]
    return np.asarray(outline.radius[first] * (1.0 - share) + following * share)


def bend(places: NDArray[np.floating], before: Outline, after: Outline) -> NDArray[np.float32]:
    """Where the photograph shows what lies around the turned head.

    places: (..., 2) pixels of the photograph's plane, around the outline `after`. Returns
    (..., 2) pixels of the photograph, all outside the outline `before`.
    """
    offset = np.asarray(places, dtype=np.float64) - after.middle
    distance = np.hypot(offset[..., 0], offset[..., 1])
    new, old = along(after, offset), along(before, offset) * _MARGIN
    # Inside the convex outline, beside the nose or under the jaw, the picture is mirrored at it.
    beyond = np.abs(distance - new)
    fading = np.exp(-beyond / new)
    shift = (before.middle - after.middle) * fading[..., None]
    radius = beyond + old * fading + new * (1.0 - fading)
    direction = offset / np.maximum(distance, 1e-6)[..., None]
    return np.asarray(after.middle + shift + direction * radius[..., None], dtype=np.float32)


def _radii(hull: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """(360,) distance from a point inside a convex polygon to its border, along the rays."""
    angles = np.arange(_RAYS) * (2 * np.pi / _RAYS)
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    corners = hull - middle
    edges = np.roll(corners, -1, axis=0) - corners
    normals = np.stack([edges[:, 1], -edges[:, 0]], axis=1)
    heights = (normals * corners).sum(axis=1)
    normals, heights = normals * np.sign(heights)[:, None], np.abs(heights)
    towards = rays @ normals.T
    reach = np.where(towards > 1e-9, heights / np.maximum(towards, 1e-9), np.inf)
    return np.asarray(reach.min(axis=1))
