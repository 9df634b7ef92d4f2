"""Triangle meshes: normals, and how much of the sky or of a lamp each vertex sees."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.compiled import compiled


def vertex_normals(
    vertices: NDArray[np.floating], triangles: NDArray[np.int32]
) -> NDArray[np.float32]:
    """(V, 3) unit normals, area weighted; zero for vertices without a triangle.

    Triangles are wound anticlockwise seen from outside.
    """
    return _normals(np.ascontiguousarray(vertices, dtype=np.float64), triangles)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 3) vectors scaled to length 1; zero stays zero."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return np.asarray(vectors / np.maximum(lengths, 1e-9)[:, None], dtype=np.float32)


def directions_on_sphere(count: int) -> NDArray[np.float64]:
    """(count, 3) unit vectors spread evenly (a Fibonacci spiral)."""
    index = np.arange(count) + 0.5
    height = 1.0 - 2.0 * index / count
    angle = np.pi * (1.0 + np.sqrt(5.0)) * index
    radius = np.sqrt(1.0 - height**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)


def lit_fraction(
    vertices: NDArray[np.floating],
    triangles: NDArray[np.int32],
    towards_light: NDArray[np.floating],
    resolution: int = 320,
) -> NDArray[np.float32]:
    """(V,) share of a vertex's surroundings that parallel light reaches, 0..1.

    towards_light: (3,) unit vector from the scene to the lamp. A shadow map of `resolution`
    pixels squared is compared with the vertex over 3x3 pixels.
    """
    forward = -np.asarray(towards_light, dtype=np.float64)
    helper = np.eye(3)[np.argmin(np.abs(forward))]
    side = np.cross(helper, forward)
    side /= np.linalg.norm(side)
    frame = np.stack([side, np.cross(forward, side), forward])
    seen = np.asarray(vertices, dtype=np.float64) @ frame.T
    low, high = _extent(seen, triangles)
    pixel = float((high - low).max()) / (resolution - 5)
    flat = np.ascontiguousarray((seen[:, :2] - low) / pixel + 2.0)
    depth = np.ascontiguousarray(seen[:, 2])
    nearest = np.full((resolution, resolution), np.inf)
    _shadow_map(flat, depth, np.ascontiguousarray(triangles), nearest)
    # A surface tilted by 60 degrees changes its depth by 1.7 pixels per pixel.
    return _compare(flat, depth, nearest, 2.5 * pixel)


def sky_visibility(
    vertices: NDArray[np.floating],
    normals: NDArray[np.floating],
    triangles: NDArray[np.int32],
    directions: int = 96,
) -> NDArray[np.float32]:
    """(V,) ambient occlusion: cosine-weighted share of the sky above each vertex, 0..1."""
    seen = np.zeros(len(vertices))
    total = np.full(len(vertices), 1e-9)
    for direction in directions_on_sphere(directions):
        cosine = np.maximum(np.asarray(normals) @ direction, 0.0)
        seen += cosine * lit_fraction(vertices, triangles, direction)
        total += cosine
    return np.asarray(seen / total, dtype=np.float32)


@compiled
def _normals(vertices: NDArray[np.float64], triangles: NDArray[np.int32]) -> NDArray[np.float32]:
    sums = np.zeros((vertices.shape[0], 3), dtype=np.float64)
    for index in range(triangles.shape[0]):
        a, b, c = triangles[index, 0], triangles[index, 1], triangles[index, 2]
        ux, uy = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1]
        vx, vy = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1]
        uz, vz = vertices[b, 2] - vertices[a, 2], vertices[c, 2] - vertices[a, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in (a, b, c):
            sums[corner, 0] += x
            sums[corner, 1] += y
            sums[corner, 2] += z
    normals = np.empty((vertices.shape[0], 3), dtype=np.float32)
    for index in range(vertices.shape[0]):
        x, y, z = sums[index, 0], sums[index, 1], sums[index, 2]
        scale = 1.0 / max(np.sqrt(x * x + y * y + z * z), 1e-12)
        normals[index, 0], normals[index, 1], normals[index, 2] = x * scale, y * scale, z * scale
    return normals


@compiled
def _extent(
    points: NDArray[np.float64], triangles: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least and greatest x and y of what the triangles use."""
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for index in range(triangles.shape[0]):
        for corner in range(3):
            for axis in range(2):
                value = points[triangles[index, corner], axis]
                low[axis] = min(low[axis], value)
                high[axis] = max(high[axis], value)
    return low, high


@compiled
def _shadow_map(
    flat: NDArray[np.float64],
    depth: NDArray[np.float64],
    triangles: NDArray[np.int32],
    nearest: NDArray[np.float64],
) -> None:
    size = nearest.shape[0]
    for index in range(triangles.shape[0]):
        a, b, c = triangles[index, 0], triangles[index, 1], triangles[index, 2]
        xa, ya, xb, yb = flat[a, 0], flat[a, 1], flat[b, 0], flat[b, 1]
        xc, yc = flat[c, 0], flat[c, 1]
        doubled_area = (xb - xa) * (yc - ya) - (xc - xa) * (yb - ya)
        if abs(doubled_area) < 1e-12:
            continue
        left, right = max(int(np.ceil(min(xa, xb, xc))), 0), min(int(max(xa, xb, xc)), size - 1)
        top, bottom = max(int(np.ceil(min(ya, yb, yc))), 0), min(int(max(ya, yb, yc)), size - 1)
        share = 1.0 / doubled_area
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                wa = ((xb - x) * (yc - y) - (xc - x) * (yb - y)) * share
                wb = ((xc - x) * (ya - y) - (xa - x) * (yc - y)) * share
                wc = 1.0 - wa - wb
                if min(wa, wb, wc) >= -1e-9:
                    z = wa * depth[a] + wb * depth[b] + wc * depth[c]
                    nearest[y, x] = min(nearest[y, x], z)


@compiled
def _compare(
    flat: NDArray[np.float64],
    depth: NDArray[np.float64],
    nearest: NDArray[np.float64],
    tolerance: float,
) -> NDArray[np.float32]:
    size = nearest.shape[0]
    lit = np.zeros(depth.shape[0], dtype=np.float32)
    for index in range(depth.shape[0]):
        x, y = int(flat[index, 0] + 0.5), int(flat[index, 1] + 0.5)
        for v in range(y - 1, y + 2):
            for u in range(x - 1, x + 2):
                # Nothing stands between the lamp and what lies beside the map.
                beside = u < 0 or v < 0 or u >= size or v >= size
                if beside or depth[index] <= nearest[v, u] + tolerance:
                    lit[index] += 1.0 / 9.0
    return lit
