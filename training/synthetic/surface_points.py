"""Points fixed to the surface of a head model: they follow every shape, expression and pose."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

_EDGE = 1e-9
_NEAREST = 8  # vertices whose triangles are searched


@dataclass(frozen=True, slots=True)
class SurfacePoints:
    """K points, each a weighted mean of three vertices.

    vertices: (K, 3) int64 indices; weights: (K, 3) float64, each row sums to 1.
    """

    vertices: NDArray[np.int64]
    weights: NDArray[np.float64]

    @classmethod
    def at_vertices(cls, vertices: ArrayLike) -> Self:
        """Points that are vertices themselves."""
        indices = np.asarray(vertices, dtype=np.int64)
        first = np.zeros((len(indices), 3))
        first[:, 0] = 1.0
        return cls(np.repeat(indices[:, None], 3, axis=1), first)

    @classmethod
    def joined(cls, *parts: "SurfacePoints") -> Self:
        """The points of all parts, in order."""
        return cls(
            np.concatenate([part.vertices for part in parts]),
            np.concatenate([part.weights for part in parts]),
        )

    def renumbered(self, number: NDArray[np.int64]) -> "SurfacePoints":
        """The points with vertex number[i] for vertex i, e.g. its mirror partner."""
        return SurfacePoints(number[self.vertices], self.weights)

    def reversed(self) -> "SurfacePoints":
        """The points in reverse order."""
        return SurfacePoints(self.vertices[::-1], self.weights[::-1])

    def middle(self) -> "SurfacePoints":
        """Of three points, one point amid the vertices next to them."""
        nearest = self.vertices[np.arange(3), self.weights.argmax(axis=1)]
        return SurfacePoints(nearest[None], np.full((1, 3), 1.0 / 3.0))

    def __len__(self) -> int:
        return len(self.vertices)

    def place(self, vertices: NDArray[np.floating]) -> NDArray[np.float64]:
        """(K, 3) points of a head with (V, 3) vertices, in the frame and unit of the vertices."""
        corners = np.asarray(vertices[self.vertices], dtype=np.float64)
        return np.asarray(np.einsum("kc,kcd->kd", self.weights, corners))


class Surface:
    """Finds points on a mesh at rest: (V, 3) vertices, (T, 3) triangles."""

    def __init__(self, rest: NDArray[np.floating], triangles: NDArray[np.int32]) -> None:
        self._triangles = np.asarray(triangles, dtype=np.int64)
        self._corners = np.asarray(rest, dtype=np.float64)[self._triangles]
        self._used = np.unique(self._triangles)
        self._tree = cKDTree(np.asarray(rest, dtype=np.float64)[self._used])

    def nearest(self, points: ArrayLike) -> SurfacePoints:
        """The surface's points next to (K, 3) points."""
        wanted = np.asarray(points, dtype=np.float64)
        return _stacked([self._nearest(point) for point in wanted])

    def hit(self, origins: ArrayLike, directions: ArrayLike) -> SurfacePoints:
        """Where rays (K, 3) first meet the surface; those that miss it are left out.

        Raises ValueError when all miss.
        """
        rays = zip(np.asarray(origins, float), np.asarray(directions, float), strict=True)
        found = [self._hit(origin, direction) for origin, direction in rays]
        return _stacked([result for result in found if result is not None])

    def from_the_front(self, spots: ArrayLike) -> SurfacePoints:
        """What an observer at z = -infinity sees at (K, 2) x and y; beside the mesh the nearest."""
        wanted = np.asarray(spots, dtype=np.float64)
        before, middle = self._corners[..., 2].min() - 1.0, self._corners[..., 2].mean()
        found = []
        for x, y in wanted:
            result = self._hit(np.array([x, y, before]), np.array([0.0, 0.0, 1.0]))
            if result is None:
                result = self._nearest(np.array([x, y, middle]))
            found.append(result)
        return _stacked(found)

    def _nearest(self, point: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        near = self._used[self._tree.query(point, k=min(_NEAREST, len(self._used)))[1]]
        around = np.nonzero(np.isin(self._triangles, near).any(axis=1))[0]
        corners = self._corners[around]
        weights = np.concatenate([_foot(corners, point), *_on_edges(corners, point)])
        triangles = np.tile(around, 4)
        reached = np.einsum("tc,tcd->td", weights, self._corners[triangles])
        apart = np.linalg.norm(reached - point, axis=1)
        best = int(np.where((weights >= 0.0).all(axis=1), apart, np.inf).argmin())
        return self._triangles[triangles[best]], weights[best]

    def _hit(
        self, origin: NDArray[np.float64], direction: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
        corners = self._corners
        first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        across = np.cross(direction, second)
        area = np.sum(first * across, axis=1)
        safe = np.where(np.abs(area) < 1e-12, np.inf, area)
        offset = origin - corners[:, 0]
        u = np.sum(offset * across, axis=1) / safe
        turned = np.cross(offset, first)
        v = turned @ direction / safe
        distance = np.sum(second * turned, axis=1) / safe
        met = np.isfinite(safe) & (u >= -_EDGE) & (v >= -_EDGE) & (u + v <= 1.0 + _EDGE)
        met &= distance > 0.0
        if not met.any():
            return None
        best = int(np.where(met, distance, np.inf).argmin())
        weights = np.clip(np.array([1.0 - u[best] - v[best], u[best], v[best]]), 0.0, 1.0)
        return self._triangles[best], weights / weights.sum()


def _stacked(found: list[tuple[NDArray[np.int64], NDArray[np.float64]]]) -> SurfacePoints:
    return SurfacePoints(
        np.stack([vertices for vertices, _ in found]), np.stack([weights for _, weights in found])
    )


def _foot(corners: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[np.float64]:
    """(t, 3) weights of the point's foot in the plane of each triangle (t, 3, 3)."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    offset = point - corners[:, 0]
    aa, ab = np.sum(first * first, axis=1), np.sum(first * second, axis=1)
    bb = np.sum(second * second, axis=1)
    pa, pb = np.sum(offset * first, axis=1), np.sum(offset * second, axis=1)
    area = np.maximum(aa * bb - ab * ab, 1e-12)
    u, v = (bb * pa - ab * pb) / area, (aa * pb - ab * pa) / area
    return np.stack([1.0 - u - v, u, v], axis=1)


def _on_edges(
    corners: NDArray[np.float64], point: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """(t, 3) weights of the place nearest to the point on each of the triangles' three edges."""
    for start, end in ((0, 1), (1, 2), (2, 0)):
        edge = corners[:, end] - corners[:, start]
        length = np.maximum(np.sum(edge * edge, axis=1), 1e-12)
        along = np.clip(np.sum((point - corners[:, start]) * edge, axis=1) / length, 0.0, 1.0)
        weights = np.zeros((len(corners), 3))
        weights[:, start], weights[:, end] = 1.0 - along, along
        yield weights
