"""The exact labels of a rendered face."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box, face_box
from app.face.landmarks import scheme
from app.face.rotation import mirror
from training.synthetic.camera import PinholeCamera
from training.synthetic.contour import FACE_VERTICES, JawContour
from training.synthetic.facekit import FaceKit
from training.synthetic.gaze import gaze_angles, gaze_in_head
from training.synthetic.head import Pose
from training.synthetic.openness import eye_openness, mouth_openness
from training.synthetic.scheme_points import scheme_points
from training.synthetic.surface_points import SurfacePoints
from training.synthetic.visibility import BEHIND_LID, visible_points

_PUPILS_OF_MUCT = [31, 36]
_BARELY_OPEN = 0.03  # openness below which no pupil shows

_M = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class MarkedPoints:
    """points: (K, 2) pixels, in a scheme's order; visible: (K,) bool."""

    points: NDArray[np.float64]
    visible: NDArray[np.bool_]

    def mirrored(self, name: str, width: int) -> "MarkedPoints":
        """The points of the scheme `name` in the mirrored picture."""
        rules = scheme(name)
        return MarkedPoints(rules.mirror(self.points, width), self.visible[list(rules.flip)])


@dataclass(frozen=True, slots=True)
class EyeLabels:
    """The subject's right eye, then the left.

    openness: (2,), see training.synthetic.openness. gaze: (2, 3) unit vectors, camera frame;
    gaze_angles: (2, 2) degrees, the same as yaw and pitch. pupils: (2, 2) pixels;
    pupils_visible: (2,) bool.
    """

    openness: NDArray[np.float64]
    gaze: NDArray[np.float64]
    gaze_angles: NDArray[np.float64]
    pupils: NDArray[np.float64]
    pupils_visible: NDArray[np.bool_]

    def mirrored(self, width: int) -> "EyeLabels":
        """The eyes in the mirrored picture."""
        pupils = self.pupils[::-1] * (-1.0, 1.0) + (width - 1.0, 0.0)
        gaze = self.gaze[::-1] * _M
        seen = self.pupils_visible[::-1]
        return EyeLabels(self.openness[::-1], gaze, gaze_angles(gaze), pupils, seen)


@dataclass(frozen=True, slots=True)
class FaceLabel:
    """Everything known about one face of a picture; docs/synthetic.md has the table.

    pose: head frame to camera frame, the head frame's origin moved midway between the outer eye
        corners as in app.face.pnp; camera: intrinsics in pixels of the picture.
    points: (68, 2) pixels where annotators mark them (training.synthetic.marks); the jaw (0..16)
        on the visible outline.
    visible: (68,) bool, the point is in the picture and nothing lies before it.
    points_3d: (68, 2) pixels, the same but for the jaw, which is on the bone; visible_3d (68,).
    in_head: (68, 3) mm in that head frame: pose and camera project it exactly onto points_3d.
    schemes: "muct-76", "aflw-21" and "five".
    mouth_openness: see training.synthetic.openness.
    """

    pose: Pose
    camera: PinholeCamera
    points: NDArray[np.float64]
    visible: NDArray[np.bool_]
    points_3d: NDArray[np.float64]
    visible_3d: NDArray[np.bool_]
    in_head: NDArray[np.float64]
    schemes: Mapping[str, MarkedPoints]
    eyes: EyeLabels
    mouth_openness: float

    @property
    def box(self) -> Box:
        """The face box that the project's rule derives from the points."""
        return face_box(self.points)

    def mirrored(self) -> "FaceLabel":
        """The label of the mirrored picture: sides swap their names, R becomes M R M."""
        ibug = scheme("ibug-68")
        flip = list(ibug.flip)
        width = self.camera.width
        return FaceLabel(
            Pose(np.asarray(mirror(self.pose.rotation)), self.pose.translation * _M),
            self.camera.mirrored(),
            ibug.mirror(self.points, width),
            self.visible[flip],
            ibug.mirror(self.points_3d, width),
            self.visible_3d[flip],
            (self.in_head * _M)[flip],
            {name: marked.mirrored(name, width) for name, marked in self.schemes.items()},
            self.eyes.mirrored(width),
            self.mouth_openness,
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
    resolution of everything that is drawn, as training.synthetic.visibility wants it.
    """
    marks = contour.marks

    def place(points: SurfacePoints) -> NDArray[np.float64]:
        return pose.to_camera(points.place(head))

    in_head = marks.ibug.place(head)
    origin = in_head[[36, 45]].mean(axis=0)
    bone = pose.to_camera(in_head)
    outline = np.concatenate([contour.points(pose.to_camera(head[:FACE_VERTICES])), bone[17:]])
    sets = {"outline": outline, "bone": bone, **scheme_points(marks, outline, place)}
    marked = _marked(sets, camera, depth)

    mesh = marks.mesh.place(head)
    openness = eye_openness(mesh)
    pupils = place(marks.pupils)
    seen = visible_points(pupils, camera, depth, BEHIND_LID) & (openness > _BARELY_OPEN)
    marked["muct-76"].visible[_PUPILS_OF_MUCT] = seen
    gaze = gaze_in_head(kit, head) @ pose.rotation.T
    return FaceLabel(
        Pose(pose.rotation, pose.to_camera(origin)),
        camera,
        marked["outline"].points,
        marked["outline"].visible,
        marked["bone"].points,
        marked["bone"].visible,
        in_head - origin,
        {name: marked[name] for name in ("muct-76", "aflw-21", "five")},
        EyeLabels(openness, gaze, gaze_angles(gaze), camera.project(pupils), seen),
        mouth_openness(mesh),
    )


def _marked(
    sets: Mapping[str, NDArray[np.float64]],
    camera: PinholeCamera,
    depth: NDArray[np.floating],
) -> dict[str, MarkedPoints]:
    """Projects and tests all sets of points (K, 3) in the camera frame at once."""
    ends = np.cumsum([len(points) for points in sets.values()])[:-1]
    together = np.concatenate(list(sets.values()))
    pixels = np.split(camera.project(together), ends)
    seen = np.split(visible_points(together, camera, depth), ends)
    return {
        name: MarkedPoints(points, visible)
        for name, points, visible in zip(sets, pixels, seen, strict=True)
    }
