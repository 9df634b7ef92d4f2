"""A head made of spheres with the vertex layout of ICT-FaceKit, so that tests need no file."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.facekit import EYEBALLS, LANDMARKS_68, FaceKit, Part
from training.synthetic.hair import grid_triangles

_GRID = 97  # 97 x 97 = 9,409 vertices, as many as the face has
_RADII = np.array([75.0, 110.0, 100.0])


def made_up_head() -> FaceKit:
    """An ellipsoid, symmetric in x, with two eyeballs under its surface and 68 landmarks on it."""
    mean = np.zeros((26719, 3), dtype=np.float32)
    mean[: _GRID**2] = _sphere(_GRID) * _RADII
    triangles, parts = [grid_triangles(_GRID, _GRID)], [Part.FACE]
    for part, side in ((Part.EYE_LEFT, 1.0), (Part.EYE_RIGHT, -1.0)):
        first = EYEBALLS[part].start
        count = 25
        centre = np.array([side * 30.0, -35.0, -68.0])
        mean[first : first + count**2] = _sphere(count) * 14.0 + centre
        # The rest of the range must not move the eyeball's middle.
        mean[first + count**2 : EYEBALLS[part].stop] = centre
        triangles.append(grid_triangles(count, count) + np.int32(first))
        parts.append(part)
    identity = np.zeros((3, len(mean), 3), dtype=np.float32)
    identity[0, : _GRID**2, 0] = 0.05 * mean[: _GRID**2, 0]
    expression = np.zeros((1, len(mean), 3), dtype=np.float32)
    expression[0, : _GRID**2, 1] = np.where(mean[: _GRID**2, 1] > 40, 10.0, 0.0)
    return FaceKit(
        mean=mean,
        identity=identity,
        expression=expression,
        expression_names=("jawOpen",),
        triangles=np.concatenate(triangles),
        parts=np.concatenate(
            [np.full(len(t), p, dtype=np.uint8) for t, p in zip(triangles, parts, strict=True)]
        ),
        landmarks=_landmarks(mean),
    )


def mirrored_head(kit: FaceKit) -> FaceKit:
    """The head seen in a mirror: x changes sign, and with it the winding of the triangles."""
    flipped = np.array([-1, 1, 1], dtype=np.float32)
    return FaceKit(
        kit.mean * flipped,
        kit.identity * flipped,
        kit.expression * flipped,
        kit.expression_names,
        np.ascontiguousarray(kit.triangles[:, ::-1]),
        kit.parts,
        kit.landmarks,
    )


def _sphere(count: int) -> NDArray[np.float64]:
    """(count * count, 3) points of the unit sphere, poles at x = +-1, front and back at z = -+1."""
    polar = np.linspace(0.0, np.pi, count)[:, None]
    around = np.linspace(0.0, 2 * np.pi, count)[None, :]
    points = np.stack(
        [
            np.cos(polar) + 0.0 * around,
            np.sin(polar) * np.sin(around),
            -np.sin(polar) * np.cos(around),
        ],
        axis=-1,
    )
    return points.reshape(-1, 3)


def _landmarks(mean: NDArray[np.float32]) -> NDArray[np.int64]:
    """The surface vertices nearest to a rough face; left and right mirror each other."""
    x = np.array(_ROUGH_FACE)[:, 0]
    y = np.array(_ROUGH_FACE)[:, 1]
    depth = -np.sqrt(np.clip(1 - (x / _RADII[0]) ** 2 - (y / _RADII[1]) ** 2, 0, 1)) * _RADII[2]
    wanted = np.stack([x, y, depth], axis=1)
    surface = mean[: _GRID**2]
    distance = np.linalg.norm(surface[None] - wanted[:, None], axis=2)
    assert len(wanted) == len(LANDMARKS_68)
    return distance.argmin(axis=1).astype(np.int64)


def _both_sides(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return points + [(-x, y) for x, y in reversed(points)]


_JAW_RIGHT = [
    (-70, -30),
    (-69, -10),
    (-66, 10),
    (-62, 28),
    (-55, 46),
    (-44, 60),
    (-31, 71),
    (-16, 77),
]
_BROW_RIGHT = [(-56, -50), (-48, -58), (-38, -61), (-26, -60), (-15, -56)]
_EYE_RIGHT = [(-43, -35), (-36, -41), (-26, -41), (-18, -35), (-26, -30), (-36, -30)]
_EYE_LEFT = [(18, -35), (26, -41), (36, -41), (43, -35), (36, -30), (26, -30)]
_NOSE = [(0, -36), (0, -25), (0, -14), (0, -3), (-12, 10), (-6, 11), (0, 12), (6, 11), (12, 10)]
_LIPS = [(-25, 35), (-16, 28), (-7, 25), (0, 26), (7, 25), (16, 28), (25, 35)]
_LIPS += [(17, 41), (10, 43), (0, 44), (-10, 43), (-17, 41)]
_INNER_LIPS = [(-21, 35), (-10, 33), (0, 33), (10, 33), (21, 35), (10, 36), (0, 36), (-10, 36)]
_ROUGH_FACE = [*_JAW_RIGHT, (0, 79), *[(-x, y) for x, y in reversed(_JAW_RIGHT)]]
_ROUGH_FACE += [*_both_sides(_BROW_RIGHT), *_NOSE, *_EYE_RIGHT, *_EYE_LEFT, *_LIPS, *_INNER_LIPS]
