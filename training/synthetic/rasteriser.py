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
    weights: (H, W, 3) float32, perspective-correct barycentric weights of its corners.
    depth: (H, W) float32, distance along the optical axis in mm, infinite where nothing is.
    """

    triangle: NDArray[np.int32]
    weights: NDArray[np.float32]
    depth: NDArray[np.float32]

    @property
    def covered(self) -> NDArray[np.bool_]:
        """(H, W) bool, True where a triangle was hit."""
        return self.triangle >= 0

    def interpolate(
        self, triangles: NDArray[np.int32], values: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """Vertex values (V, C) -> (P, C) float32 at the P covered pixels, in row order."""
        covered = self.covered
        corners = triangles[self.triangle[covered]]
        weights = self.weights[covered]
        at_corners = np.asarray(values, dtype=np.float32)
        mixed = weights[:, 0, None] * at_corners[corners[:, 0]]
        mixed += weights[:, 1, None] * at_corners[corners[:, 1]]
        mixed += weights[:, 2, None] * at_corners[corners[:, 2]]
        return mixed


def rasterise(
    vertices_in_camera: NDArray[np.floating],
    triangles: NDArray[np.int32],
    camera: PinholeCamera,
) -> GeometryBuffer:
    """Draws (V, 3) mm vertices in the camera frame, (T, 3) triangles, both sides visible."""
    vertices = np.ascontiguousarray(vertices_in_camera, dtype=np.float64)
    safe = vertices.copy()
    safe[:, 2] = np.maximum(vertices[:, 2], NEAR)
    pixels = np.ascontiguousarray(camera.project(safe))
    shape = (camera.height, camera.width)
    buffer = GeometryBuffer(
        np.full(shape, -1, dtype=np.int32),
        np.zeros((*shape, 3), dtype=np.float32),
        np.full(shape, np.inf, dtype=np.float32),
    )
    _draw(
        pixels,
        np.ascontiguousarray(vertices[:, 2]),
        np.ascontiguousarray(triangles, dtype=np.int32),
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
        if abs(doubled_area) < 1e-12:
            continue
        # An infinite or huge coordinate must not overflow the integer bounds.
        left = int(np.ceil(max(min(xa, xb, xc), 0.0)))
        right = int(np.floor(min(max(xa, xb, xc), width - 1.0)))
        top = int(np.ceil(max(min(ya, yb, yc), 0.0)))
        bottom = int(np.floor(min(max(ya, yb, yc), height - 1.0)))
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                wa = ((xb - x) * (yc - y) - (xc - x) * (yb - y)) / doubled_area
                wb = ((xc - x) * (ya - y) - (xa - x) * (yc - y)) / doubled_area
                wc = 1.0 - wa - wb
                # Pixels on a shared edge belong to both triangles: no cracks, depth decides.
                if min(wa, wb, wc) < -1e-9:
                    continue
                # 1/z is linear in the picture, so the weights divided by z are too.
                pa, pb, pc = wa / depths[a], wb / depths[b], wc / depths[c]
                depth = 1.0 / (pa + pb + pc)
                if depth < out_depth[y, x]:
                    out_depth[y, x] = depth
                    out_triangle[y, x] = index
                    out_weights[y, x, 0] = pa * depth
                    out_weights[y, x, 1] = pb * depth
                    out_weights[y, x, 2] = pc * depth
