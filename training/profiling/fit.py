"""The morphable head fitted to 68 points: who it is, what expression, and which way it points.

Regularised robust least squares by Gauss-Newton. The jaw points of 2D annotations lie on the
visible outline, so the outline is marched anew in every step (and kept on the chin, see
`training.synthetic.contour`).

    head = fit_head(points, (width, height), kit, habits=habits_of_300w(kit, JawContour(kit)))
    if head.accepted:
        head.rotation  # canonical, see app.face.rotation
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.profiling.basis import Basis
from training.profiling.gauss_newton import Estimate, refine
from training.profiling.start import assumed_camera, first_pose
from training.synthetic.camera import PinholeCamera
from training.synthetic.contour import JawContour
from training.synthetic.facekit import FaceKit
from training.synthetic.head import Pose, Shape, shaped

POINTS = 68
_OUTER_EYE_CORNERS = (36, 45)
MOST_RESIDUAL = 5.0
"""Percent of the eye distance; fits beyond it are refused. See docs/synthetic.md for its choice."""


@dataclass(frozen=True, slots=True)
class HeadFit:
    """A fitted head.

    pose: head frame to camera, its origin that of the head model. camera: what was assumed or
    given, in pixels of the picture. shape: identity and expression. vertices: (V, 3) mm, head
    frame, all of the model's.
    marks: (68, 3) mm, head frame, our own marks on the fitted head (training.synthetic.marks), the
    jaw on the visible outline. projected: (68, 2) pixels, where those fall.
    residual: mean distance of the 68 points from where annotators would mark the fitted head, in
    percent of the distance of its outer eye corners as the front would show it.
    """

    pose: Pose
    camera: PinholeCamera
    shape: Shape
    vertices: NDArray[np.float64]
    marks: NDArray[np.float64]
    projected: NDArray[np.float64]
    residual: float

    @property
    def rotation(self) -> NDArray[np.float64]:
        """(3, 3) head to camera, the canonical convention."""
        return self.pose.rotation

    @property
    def accepted(self) -> bool:
        """Whether pose and shape can be believed."""
        return self.residual <= MOST_RESIDUAL


class HeadFitter:
    """Fits heads of one model; building it costs as much as a few fits."""

    def __init__(
        self,
        kit: FaceKit,
        contour: JawContour | None = None,
        habits: NDArray[np.float64] | None = None,
    ) -> None:
        """habits: (68, 3) mm, how annotators differ from our marks: for photographs those of
        `training.profiling.habits.habits_of_300w`; None for points marked as our renders are.
        """
        self._kit = kit
        self._contour = JawContour(kit) if contour is None else contour
        self._basis = Basis(kit, self._contour, habits)

    def fit(
        self,
        points_68: ArrayLike,
        image_size: tuple[int, int],
        camera: PinholeCamera | None = None,
    ) -> HeadFit:
        """Fits one face.

        points_68: (68, 2) pixels, centres at integers. image_size: width, height.

        camera: of the photograph, where known; otherwise a portrait's is assumed. Deterministic.
        ValueError for points that are not 68, not finite, or all on one line.
        """
        points = _checked(points_68)
        mean_marks = self._contour.marks.ibug.place(self._kit.mean)
        if camera is None:
            camera = assumed_camera(points, mean_marks, image_size)
        pose = first_pose(points, mean_marks, camera)
        start = Estimate(pose, np.zeros(len(self._basis.precision)))
        estimate = refine(self._basis, points, camera, start)
        return self._described(estimate, points, camera)

    def _described(
        self, estimate: Estimate, points: NDArray[np.float64], camera: PinholeCamera
    ) -> HeadFit:
        pose = estimate.pose
        shape = self._basis.shape(estimate.coefficients)
        vertices = shaped(self._kit, shape)
        in_camera = self._basis.marks(vertices, pose)
        marks = (in_camera - pose.translation) @ pose.rotation
        annotated = camera.project(self._basis.points(vertices, pose))
        corners = list(_OUTER_EYE_CORNERS)
        distance = float(np.linalg.norm(marks[corners[0]] - marks[corners[1]]))
        eye_distance = distance * camera.fx / float(in_camera[corners, 2].mean())
        left_over = float(np.linalg.norm(points - annotated, axis=1).mean())
        residual = 100.0 * left_over / eye_distance
        return HeadFit(pose, camera, shape, vertices, marks, camera.project(in_camera), residual)


def fit_head(
    points_68: ArrayLike,
    image_size: tuple[int, int],
    kit: FaceKit,
    camera: PinholeCamera | None = None,
    habits: NDArray[np.float64] | None = None,
) -> HeadFit:
    """One fit; see `HeadFitter`. For many faces keep one of those."""
    return HeadFitter(kit, habits=habits).fit(points_68, image_size, camera)


def _checked(points_68: ArrayLike) -> NDArray[np.float64]:
    points = np.asarray(points_68, dtype=np.float64)
    if points.shape != (POINTS, 2) or not np.isfinite(points).all():
        raise ValueError(f"a fit needs 68 finite points (68, 2); received shape {points.shape}")
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    if spread[1] < 1e-3 * max(spread[0], 1e-9):
        raise ValueError("a fit needs points that are not all on one line")
    return points
