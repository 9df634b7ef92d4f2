"""Z-buffer rasteriser: which triangle covers each pixel, and where in it the pixel lies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.camera import PinholeCamera
from training.synthetic.compiled import compiled

NEAR = 10.0  # mm; triangles that come closer to the camera are left out


@dataclass(frozen=True, slots=True)
class GeometryBuffer:
    """What each pixel sees.

    triangle: (H, W) int32, index of the nearest triangle, -1 where there is none.
    weights: (H, W, 3) float32, perspective-correct barycentric weights of its corners; anything
        where nothing is.
    depth: (H, W) float32, distance along the optical axis in mm, infinite where nothing is.
    """

    triangle: NDArray[np.int32]
    weights: NDArray[np.float32]
    depth: NDArray[np.float32]

    @property
    def covered(self) -> NDArray[np.bool_]:
        """(H, W) bool, True where a triangle was hit."""
        return self.triangle >= 0

    def where(self) -> NDArray[np.intp]:
        """(P,) places of the covered pixels in the picture row by row."""
        return np.flatnonzero(self.triangle >= 0)

    def interpolate(
        self,
        triangles: NDArray[np.int32],
        values: NDArray[np.floating],
        where: NDArray[np.intp] | None = None,
    ) -> NDArray[np.float32]:
        """Vertex values (V, C) -> (P, C) float32 at the covered pixels, or at (P,) of them."""
        return _mix(
            self.where() if where is None else where,
            self.triangle.reshape(-1),
            self.weights.reshape(-1, 3),
            triangles,
            np.ascontiguousarray(values, dtype=np.float32),
        )


def rasterise(
    vertices_in_camera: NDArray[np.floating],
    triangles: NDArray[np.int32],
    camera: PinholeCamera,
    one_sided: NDArray[np.bool_] | None = None,
) -> GeometryBuffer:
    """Draws (V, 3) mm vertices in the camera frame, (T, 3) triangles.

    one_sided: (T,) triangles of closed surfaces, which need not be drawn when they face away; the
    others, or all when it is None, are visible from both sides.
    """
    vertices = np.asarray(vertices_in_camera, dtype=np.float64)
    depths = np.ascontiguousarray(vertices[:, 2])
    scaled = vertices[:, :2] / np.maximum(depths, NEAR)[:, None]
    pixels = scaled * (camera.fx, camera.fy) + (camera.cx, camera.cy)
    if one_sided is None:
        one_sided = np.zeros(len(triangles), dtype=np.bool_)
    shape = (camera.height, camera.width)
    buffer = GeometryBuffer(
        np.full(shape, -1, dtype=np.int32),
        np.empty((*shape, 3), dtype=np.float32),
        np.full(shape, np.inf, dtype=np.float32),
    )
    _draw(
        pixels,
        depths,
        np.ascontiguousarray(triangles, dtype=np.int32),
        one_sided,
        buffer.triangle,
        buffer.weights,
        buffer.depth,
    )
    return buffer


@compiled
def _draw(
    pixels: NDArray[np.float64],
    depths: NDArray[np.float64],
    triangles: NDArray[np.int32],
    one_sided: NDArray[np.bool_],
    out_triangle: NDArray[np.int32],
    out_weights: NDArray[np.float32],
    out_depth: NDArray[np.float32],
) -> None:
    height, width = out_depth.shape
    for index in range(triangles.shape[0]):
        a, b, c = triangles[index, 0], triangles[index, 1], triangles[index, 2]
        if min(depths[a], depths[b], depths[c]) <= NEAR:
            continue
        xa, ya, xb, yb = pixels[a, 0], pixels[a, 1], pixels[b, 0], pixels[b, 1]
        xc, yc = pixels[c, 0], pixels[c, 1]
        doubled_area = (xb - xa) * (yc - ya) - (xc - xa) * (yb - ya)
        # Anticlockwise from outside is clockwise here, where y points down.
        if abs(doubled_area) < 1e-12 or (one_sided[index] and doubled_area > 0.0):
            continue
        # An infinite or huge coordinate must not overflow the integer bounds.
        left = int(np.ceil(max(min(xa, xb, xc), 0.0)))
        right = int(np.floor(min(max(xa, xb, xc), width - 1.0)))
        top = int(np.ceil(max(min(ya, yb, yc), 0.0)))
        bottom = int(np.floor(min(max(ya, yb, yc), height - 1.0)))
        if left > right or top > bottom:
            continue
        share = 1.0 / doubled_area
        nearness_a, nearness_b, nearness_c = 1.0 / depths[a], 1.0 / depths[b], 1.0 / depths[c]
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                wa = ((xb - x) * (yc - y) - (xc - x) * (yb - y)) * share
                wb = ((xc - x) * (ya - y) - (xa - x) * (yc - y)) * share
                wc = 1.0 - wa - wb
                # Pixels on a shared edge belong to both triangles: no cracks, depth decides.
                if min(wa, wb, wc) < -1e-9:
                    continue
                # 1/z is linear in the picture, so the weights divided by z are too.
                pa, pb, pc = wa * nearness_a, wb * nearness_b, wc * nearness_c
                depth = 1.0 / (pa + pb + pc)
                if depth < out_depth[y, x]:
                    out_depth[y, x] = depth
                    out_triangle[y, x] = index
                    out_weights[y, x, 0] = pa * depth
                    out_weights[y, x, 1] = pb * depth
                    out_weights[y, x, 2] = pc * depth


@compiled
def _mix(
    where: NDArray[np.intp],
    hit: NDArray[np.int32],
    weights: NDArray[np.float32],
    triangles: NDArray[np.int32],
    values: NDArray[np.float32],
) -> NDArray[np.float32]:
    mixed = np.empty((where.shape[0], values.shape[1]), dtype=np.float32)
    for index in range(where.shape[0]):
        pixel = where[index]
        a, b, c = triangles[hit[pixel], 0], triangles[hit[pixel], 1], triangles[hit[pixel], 2]
        wa, wb, wc = weights[pixel, 0], weights[pixel, 1], weights[pixel, 2]
        for channel in range(values.shape[1]):
            mixed[index, channel] = (
                wa * values[a, channel] + wb * values[b, channel] + wc * values[c, channel]
            )
    return mixed
