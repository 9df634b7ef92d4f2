"""The head as one closed surface that a photograph can be put on."""

import numpy as np
from numpy.typing import NDArray

from training.profiling.skull import RINGS, shell, shell_triangles
from training.synthetic.facekit import FaceKit, Part

# Where the model's face ends, in the undeformed head frame (mm): before the ears, under the jaw.
_BEHIND, _BELOW, _BESIDE = 10.0, 95.0, 76.0


class FacePatch:
    """The model's face, its holes at eyes and mouth closed, and a plain shell for the rest.

    triangles: (T, 3) int32 into the rows of `of(head)`. faces: how many of those rows, the first,
    are the face; then comes the shell, RINGS times as many as `rim` has. rim: (r,) rows.
    """

    def __init__(self, kit: FaceKit) -> None:
        rest = kit.mean
        inside = (rest[:, 2] < _BEHIND) & (rest[:, 1] < _BELOW) & (np.abs(rest[:, 0]) <= _BESIDE)
        face = kit.triangles_of(Part.FACE)
        face = face[inside[face].all(axis=1)]
        self._used, flat = np.unique(face, return_inverse=True)
        triangles = flat.reshape(-1, 3).astype(np.int32)
        *self._holes, self.rim = sorted(boundary_loops(triangles), key=len)
        fans = [_fan(hole, len(self._used) + k) for k, hole in enumerate(self._holes)]
        self.face_triangles = np.concatenate([triangles, *fans])
        self.faces = len(self._used) + len(self._holes)
        behind = shell_triangles(self.rim, self.faces)
        self.triangles = np.concatenate([self.face_triangles, behind])

    def of(self, head: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 3) vertices of the surface from a head's (V, 3), both in the head frame, mm."""
        face = np.asarray(head, dtype=np.float64)[self._used]
        face[self.rim] = _smoothed(face[self.rim])
        middles = [face[hole].mean(axis=0, keepdims=True) for hole in self._holes]
        return np.concatenate([face, *middles, shell(face[self.rim])])

    @property
    def ring_of(self) -> NDArray[np.float64]:
        """(RINGS * r,) how far back each row of the shell lies, from 0 at the rim to 1."""
        return np.repeat(np.arange(1, RINGS + 1) / RINGS, len(self.rim))


def boundary_loops(triangles: NDArray[np.int32]) -> list[NDArray[np.int64]]:
    """The closed chains of vertices along edges that only one triangle has, in their direction."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    _, first, counts = np.unique(
        np.sort(edges, axis=1), axis=0, return_index=True, return_counts=True
    )
    following = dict(edges[first[counts == 1]].tolist())
    loops = []
    while following:
        start, vertex = following.popitem()
        loop = [start]
        while vertex != start and vertex in following:
            loop.append(vertex)
            vertex = following.pop(vertex)
        loops.append(np.array(loop, dtype=np.int64))
    return loops


def _smoothed(rim: NDArray[np.float64]) -> NDArray[np.float64]:
    """A closed line (n, 3) without the teeth that cutting a mesh leaves."""
    for _ in range(4):
        rim = (np.roll(rim, 1, axis=0) + 2.0 * rim + np.roll(rim, -1, axis=0)) / 4.0
    return rim


def _fan(hole: NDArray[np.int64], middle: int) -> NDArray[np.int32]:
    """Triangles from a hole's rim to its middle, facing like their neighbours."""
    following = np.roll(hole, -1)
    return np.stack([following, hole, np.full_like(hole, middle)], axis=1).astype(np.int32)
