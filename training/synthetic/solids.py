"""Simple bodies as triangle meshes: sheets, tubes, ellipsoids, boxes, discs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from training.synthetic.compiled import compiled

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Solid:
    """vertices: (V, 3) float64 mm; triangles: (T, 3) int32, anticlockwise seen from outside."""

    vertices: Points
    triangles: NDArray[np.int32]

    def moved(
        self,
        rotation: NDArray[np.floating],
        place: NDArray[np.floating] | tuple[float, float, float],
    ) -> "Solid":
        """Turned by a (3, 3) matrix, then shifted by (3,) mm."""
        return Solid(self.vertices @ np.asarray(rotation).T + place, self.triangles)

    def inside_out(self) -> "Solid":
        """The same vertices with the triangles' other side outside."""
        return Solid(self.vertices, np.ascontiguousarray(self.triangles[:, ::-1]))


def merged(*solids: Solid) -> Solid:
    """Several solids as one."""
    offsets = np.cumsum([0, *(len(solid.vertices) for solid in solids)])
    triangles = [s.triangles + np.int32(o) for s, o in zip(solids, offsets, strict=False)]
    return Solid(np.concatenate([s.vertices for s in solids]), np.concatenate(triangles))


def sheet(points: NDArray[np.floating]) -> Solid:
    """(rows, columns, 3) points; outside is where rows run down and columns to the right."""
    rows, columns = points.shape[:2]
    flat = np.ascontiguousarray(points.reshape(-1, 3), dtype=np.float64)
    return Solid(flat, _grid(rows, columns))


def tube(
    path: NDArray[np.floating],
    radius: float | NDArray[np.floating],
    sides: int = 6,
    *,
    closed: bool = False,
    flat: tuple[float, float] = (1.0, 1.0),
) -> Solid:
    """A tube round a (n, 3) path; radius: mm, one or (n,); flat: section's width and height.

    Of a section the width lies as level as the path allows. Ends are closed by a point.
    """
    points = np.ascontiguousarray(path, dtype=np.float64)
    if closed:
        points = np.concatenate([points, points[:1]])
    reach = np.empty(len(points))
    reach[:] = radius
    return Solid(
        _tube(points, reach, sides, closed, flat[0], flat[1]),
        _grid(len(points) + (0 if closed else 2), sides + 1),
    )


def capsule(
    start: NDArray[np.floating], end: NDArray[np.floating], radii: tuple[float, float]
) -> Solid:
    """A tapered rod with round ends."""
    a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    axis = (b - a) / max(float(np.linalg.norm(b - a)), 1e-6)
    bow = np.deg2rad([80.0, 50.0, 20.0])
    first = a - axis * np.sin(bow)[:, None] * radii[0]
    last = b + axis * np.sin(bow[::-1])[:, None] * radii[1]
    reach = np.concatenate([np.cos(bow) * radii[0], np.cos(bow[::-1]) * radii[1]])
    return tube(np.concatenate([first, last]), reach, 8)


def ellipsoid(
    centre: NDArray[np.floating] | tuple[float, float, float],
    radii: tuple[float, float, float],
    rows: int = 9,
    columns: int = 14,
) -> Solid:
    """Axis-aligned; centre and radii in mm."""
    down = np.linspace(0.02, np.pi - 0.02, rows)[:, None]
    around = np.linspace(0.0, 2 * np.pi, columns)[None, :]
    unit = np.stack(
        [
            np.sin(down) * np.sin(around),
            -np.cos(down) + 0.0 * around,
            -np.sin(down) * np.cos(around),
        ],
        axis=-1,
    )
    return sheet(unit * radii + np.asarray(centre))


def lathe(radii: NDArray[np.floating], heights: NDArray[np.floating], columns: int = 18) -> Solid:
    """A body of revolution about y; (n,) radii at (n,) heights, from the top down."""
    around = np.linspace(0.0, 2 * np.pi, columns)[None, :]
    reach = np.asarray(radii, dtype=np.float64)[:, None]
    y = np.broadcast_to(np.asarray(heights, dtype=np.float64)[:, None], (len(radii), columns))
    return sheet(np.stack([reach * np.sin(around), y, -reach * np.cos(around)], axis=-1))


def box(size: tuple[float, float, float]) -> Solid:
    """A box about the origin."""
    signs = np.array([(x, y, z) for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)], dtype=float)
    # Each face from its four corners, seen from outside: top left, bottom left, top right.
    faces = [(0, 2, 1, 3), (5, 7, 4, 6), (4, 6, 0, 2), (1, 3, 5, 7), (4, 0, 5, 1), (2, 6, 3, 7)]
    triangles = [t for a, b, c, d in faces for t in ((a, b, c), (c, b, d))]
    corners = np.array(triangles, dtype=np.int32).ravel()
    # Corners are not shared, so that each face keeps its own normal.
    vertices = (signs * np.array(size) / 2)[corners]
    return Solid(vertices, np.arange(len(corners), dtype=np.int32).reshape(-1, 3))


def disc(outline: NDArray[np.floating]) -> Solid:
    """A closed (n, 3) outline filled from its middle; outside is where it runs anticlockwise."""
    points = np.concatenate([outline.mean(axis=0)[None], outline])
    ring = np.arange(1, len(points), dtype=np.int32)
    triangles = np.stack([np.zeros_like(ring), ring, np.roll(ring, -1)], axis=1)
    return Solid(np.asarray(points, dtype=np.float64), triangles.astype(np.int32))


def turned(degrees_xyz: tuple[float, float, float] | NDArray[np.floating]) -> Points:
    """(3, 3) rotation from angles about x, y and z, in that order."""
    return np.asarray(Rotation.from_euler("xyz", degrees_xyz, degrees=True).as_matrix())


@compiled
def _grid(rows: int, columns: int) -> NDArray[np.int32]:
    """(2 (rows - 1) (columns - 1), 3) triangles of a grid of vertices stored row by row."""
    triangles = np.empty((2 * (rows - 1) * (columns - 1), 3), dtype=np.int32)
    index = 0
    for row in range(rows - 1):
        for column in range(columns - 1):
            corner = row * columns + column
            below = corner + columns
            triangles[index, 0], triangles[index, 1], triangles[index, 2] = (
                corner,
                below,
                corner + 1,
            )
            index += 1
            triangles[index, 0], triangles[index, 1] = corner + 1, below
            triangles[index, 2] = below + 1
            index += 1
    return triangles


@compiled
def _tube(
    path: Points, radius: Points, sides: int, closed: bool, wide: float, high: float
) -> Points:
    """The rings of vertices round a path, one after the other; open ends taper to a point."""
    count = path.shape[0]
    along = np.empty((count, 3))
    largest = np.zeros(3)
    for i in range(count):
        before, after = max(i - 1, 0), min(i + 1, count - 1)
        if closed and i in (0, count - 1):
            before, after = count - 2, 1
        step = path[after] - path[before]
        along[i] = step / max(np.sqrt((step**2).sum()), 1e-9)
        largest = np.maximum(largest, np.abs(along[i]))
    # Of the three axes the one least parallel to the path makes sections that do not flip.
    helper = np.zeros(3)
    helper[np.argmin(largest)] = 1.0
    extra = 0 if closed else 1
    vertices = np.empty(((count + 2 * extra) * (sides + 1), 3))
    for ring in range(count + 2 * extra):
        i = min(max(ring - extra, 0), count - 1)
        at_end = not closed and ring in (0, count + 1)
        reach = 0.02 if at_end else radius[i]
        across = _cross(along[i], helper)
        across /= max(np.sqrt((across**2).sum()), 1e-6)
        other = _cross(along[i], across)
        for side in range(sides + 1):
            angle = 2.0 * np.pi * (side % sides) / sides
            offset = across * (np.cos(angle) * wide) - other * (np.sin(angle) * high)
            vertices[ring * (sides + 1) + side] = path[i] + offset * reach
    return vertices


@compiled
def _cross(a: Points, b: Points) -> Points:
    return np.array(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    )
