"""The jaw line as 2D annotators see it: the visible outline of the face, not the jaw bone."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.facekit import FaceKit, Part
from training.synthetic.marks import JAW_BONE_RIGHT, Marks
from training.synthetic.surface_points import Surface, SurfacePoints

FACE_VERTICES = 9409
"""The head model's first vertices: the face with ears and throat, all that an outline needs."""

_MOUTH = np.array([0.0, 35.0])  # rays to the lower jaw start here; head frame x, y in mm
_SAMPLES = 48  # along a strip, 2 mm apart or less
# mm; how much less far out a place may lie and still count. Averaging over such places makes the
# label a smooth function of the pose, and moves it inwards by half of this.
_SOFTNESS = 0.35


class JawContour:
    """Where the outline of the face is, for each of the 17 jaw points.

    A jaw point has a strip: a line on the skin, across the outline, in which a plane through the
    anatomical point cuts the cheek. As the head turns the outline wanders along the strip; the
    place that lies farthest out in the picture is the one that an annotator marks. For a frontal
    head that is where the strip is widest.

    marks: where all the other points lie; kept here because both are found once per head model.
    """

    def __init__(self, kit: FaceKit) -> None:
        self.marks = Marks(kit)
        strips = [_strip(kit, k) for k in range(17)]
        points = SurfacePoints.joined(*(points for points, _ in strips))
        self._vertices = points.vertices.reshape(17, _SAMPLES, 3)
        self._weights = points.weights.reshape(17, _SAMPLES, 3)
        self._outwards = np.stack([outwards for _, outwards in strips])
        self._bridge, self._chin = int(kit.landmarks[27]), int(kit.landmarks[8])

    def points(self, in_camera: NDArray[np.floating]) -> NDArray[np.float64]:
        """(17, 3) mm, places on the visible outline.

        in_camera: (V, 3) mm, the posed head, or its first vertices: those of the face.
        """
        strips = self._place(in_camera)
        shares = np.exp(self._how_far_out(in_camera, strips) / _SOFTNESS)
        shares /= shares.sum(axis=1, keepdims=True)
        return np.asarray(np.einsum("ks,ksd->kd", shares, strips))

    def vertices(self, in_camera: NDArray[np.floating]) -> NDArray[np.int64]:
        """(17,) the vertices next to the visible outline; in_camera as for `points`."""
        best = self._how_far_out(in_camera, self._place(in_camera)).argmax(axis=1)
        strips = np.arange(17)
        heaviest = self._weights[strips, best].argmax(axis=1)
        return np.asarray(self._vertices[strips, best, heaviest])

    def _place(self, in_camera: NDArray[np.floating]) -> NDArray[np.float64]:
        corners = np.asarray(in_camera[self._vertices], dtype=np.float64)
        return np.asarray(np.einsum("ksc,kscd->ksd", self._weights, corners))

    def _how_far_out(
        self, in_camera: NDArray[np.floating], strips: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(17, samples) mm in the picture plane, relative to the place farthest out."""
        flat = strips[..., :2] / strips[..., 2:] * strips[..., 2].mean()
        down = in_camera[self._chin] - in_camera[self._bridge]
        axis_down = np.asarray(down[:2] / np.linalg.norm(down[:2]), dtype=np.float64)
        axis_right = np.array([axis_down[1], -axis_down[0]])
        directions = self._outwards @ np.stack([axis_right, axis_down])
        out = np.einsum("ksd,kd->ks", flat, directions)
        return np.asarray(out - out.max(axis=1, keepdims=True))


def _strip(kit: FaceKit, k: int) -> tuple[SurfacePoints, NDArray[np.float64]]:
    """The strip of jaw point k from its rear end, and the outward direction in the head's x, y."""
    point = kit.mean[kit.landmarks[k]].astype(np.float64)
    if k <= 4 or k >= 12:  # beside the face: a level strip from the jaw bone's rear edge forwards
        outwards = np.array([1.0 if k >= 12 else -1.0, 0.0])
        bone = np.array(JAW_BONE_RIGHT)
        rear = np.interp(point[1], bone[:, 1], bone[:, 2])
        centre = np.array([32.0 * outwards[0], point[1], rear])
        front = 68.0 if k in (0, 16) else 80.0  # at the temple the eye comes next
    else:  # below it: from under the jaw to the lower lip's foot, on the ray from the mouth
        ray = point[:2] - _MOUTH
        outwards = ray / np.linalg.norm(ray)
        # Seen from below the outline would creep down the throat; annotators stay on the chin.
        depth = 12.0 if 6 <= k <= 10 else 20.0
        centre = np.array([*(_MOUTH + 0.8 * ray), point[2] + depth])
        front = 90.0
    angles = np.deg2rad(np.linspace(0.0, front, 2 * _SAMPLES))
    directions = np.column_stack([np.cos(angles)[:, None] * outwards, -np.sin(angles)])
    surface = _cut(kit, centre, np.array([-outwards[1], outwards[0], 0.0]))
    return _evenly(surface.hit(np.tile(centre, (len(angles), 1)), directions), kit.mean), outwards


def _cut(kit: FaceKit, centre: NDArray[np.float64], normal: NDArray[np.float64]) -> Surface:
    """The triangles of the face that a plane cuts."""
    triangles = kit.triangles_of(Part.FACE)
    corners = ((kit.mean.astype(np.float64) - centre) @ normal)[triangles]
    return Surface(kit.mean, triangles[(corners.min(axis=1) <= 0.0) & (corners.max(axis=1) >= 0.0)])


def _evenly(points: SurfacePoints, rest: NDArray[np.float32]) -> SurfacePoints:
    """`_SAMPLES` of the points, about evenly spaced along the line that they form."""
    places = points.place(rest)
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0.0, along[-1], _SAMPLES)
    chosen = np.abs(along[None] - wanted[:, None]).argmin(axis=1)
    return SurfacePoints(points.vertices[chosen], points.weights[chosen])
