"""The exact labels of a rendered face."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box, face_box
from app.face.landmarks import scheme
from app.face.rotation import mirror
from training.synthetic.camera import PinholeCamera
from training.synthetic.contour import JawContour
from training.synthetic.facekit import FaceKit
from training.synthetic.head import Pose

_HIDDEN_BEHIND = 6.0  # mm; a point farther than this behind what its pixel shows is hidden


@dataclass(frozen=True, slots=True)
class FaceLabel:
    """Everything known about one face of a picture.

    pose: head frame to camera frame, the head frame's origin moved midway between the outer eye
        corners as in app.face.pnp; camera: intrinsics in pixels of the picture.
    points: (68, 2) pixels; the jaw (0..16) on the visible outline, as in 2D annotations.
    visible: (68,) bool, the point is in the picture and nothing lies before it.
    points_3d: (68, 2) pixels of the anatomical points, the jaw on the bone; visible_3d (68,).
    in_head: (68, 3) mm, the anatomical points in that head frame: pose and camera project them
        exactly onto points_3d.
    """

    pose: Pose
    camera: PinholeCamera
    points: NDArray[np.float64]
    visible: NDArray[np.bool_]
    points_3d: NDArray[np.float64]
    visible_3d: NDArray[np.bool_]
    in_head: NDArray[np.float64]

    @property
    def box(self) -> Box:
        """The face box that the project's rule derives from the points."""
        return face_box(self.points)

    def mirrored(self) -> "FaceLabel":
        """The label of the mirrored picture: sides swap their names, R becomes M R M."""
        ibug = scheme("ibug-68")
        flip = list(ibug.flip)
        width = self.camera.width
        flipped = np.array([-1.0, 1.0, 1.0])
        return FaceLabel(
            Pose(np.asarray(mirror(self.pose.rotation)), self.pose.translation * flipped),
            self.camera.mirrored(),
            ibug.mirror(self.points, width),
            self.visible[flip],
            ibug.mirror(self.points_3d, width),
            self.visible_3d[flip],
            (self.in_head * flipped)[flip],
        )


def label_face(
    kit: FaceKit,
    contour: JawContour,
    head: NDArray[np.float64],
    pose: Pose,
    camera: PinholeCamera,
    depth: NDArray[np.floating],
) -> FaceLabel:
    """Labels a head from its vertices; landmarks lie where the neck does not bend.

    head: (V, 3) mm in the head frame. depth: (H, W) mm, a picture of `camera`'s view at any
    whole multiple of its resolution.
    """
    in_camera = pose.to_camera(head)
    anatomical = kit.landmarks
    outline = anatomical.copy()
    outline[:17] = contour.vertices(in_camera)
    origin = head[anatomical[[36, 45]]].mean(axis=0)
    return FaceLabel(
        Pose(pose.rotation, pose.to_camera(origin)),
        camera,
        camera.project(in_camera[outline]),
        visible_points(in_camera[outline], camera, depth),
        camera.project(in_camera[anatomical]),
        visible_points(in_camera[anatomical], camera, depth),
        head[anatomical] - origin,
    )


def visible_points(
    points_in_camera: NDArray[np.float64],
    camera: PinholeCamera,
    depth: NDArray[np.floating],
) -> NDArray[np.bool_]:
    """(K,) bool: in the picture, and no nearer surface around the point's pixel hides it.

    Of the 3x3 pixels around it one that shows the point's depth is enough: on an outline half of
    them show the background.
    """
    fine = camera.finer(depth.shape[1] // camera.width)
    seen = np.zeros(len(points_in_camera), dtype=np.bool_)
    spots = np.round(fine.project(points_in_camera)).astype(int)
    for index, (column, row) in enumerate(spots):
        if 0 <= column < fine.width and 0 <= row < fine.height:
            around = depth[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            seen[index] = points_in_camera[index, 2] <= around.max() + _HIDDEN_BEHIND
    return seen
