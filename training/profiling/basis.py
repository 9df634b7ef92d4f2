"""The part of the morphable head that a fit moves, laid out for speed."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.contour import FACE_VERTICES, JawContour
from training.synthetic.facekit import FaceKit
from training.synthetic.head import Pose, Shape

IDENTITY_MODES = 40
JAW = 17  # the first points of ibug-68

# Not to be told from 68 points, or an excuse for a wrong pose: pupils, gaze, cheeks, a jaw thrust
# towards the camera.
_LEFT_OUT = ("Pupil", "eyeLookIn", "eyeLookOut", "cheek", "jawForward")


class Basis:
    """Identity modes, then expressions: C coefficients that move the F vertices of the face.

    habits: (68, 3) mm in the head frame, how far from `training.synthetic.marks` annotators mark;
    None: not at all. precision: (C,) inverse variance of each coefficient a priori. lowest,
    highest: (C,) where it must stay.
    """

    def __init__(
        self, kit: FaceKit, contour: JawContour, habits: NDArray[np.float64] | None = None
    ) -> None:
        self._contour = contour
        self._habits = np.zeros((len(kit.landmarks), 3)) if habits is None else habits
        self._names = [n for n in kit.expression_names if not n.startswith(_LEFT_OUT)]
        shown = [kit.expression_names.index(name) for name in self._names]
        identity = kit.identity[:IDENTITY_MODES, :FACE_VERTICES]
        self._modes = len(identity)
        self._mean = kit.mean[:FACE_VERTICES]
        self._deltas = np.concatenate([identity, kit.expression[shown, :FACE_VERTICES]])
        self._flat = np.ascontiguousarray(self._deltas.reshape(len(self._deltas), -1))
        self._deltas_of_marks = np.stack([contour.marks.ibug.place(d) for d in self._deltas])
        # Identity has unit variance; an expression is off or moderate, seldom full.
        self.precision = self._each(1.0, 4.0)
        self.lowest = self._each(-3.0, 0.0)
        self.highest = self._each(3.0, 1.0)

    def face(self, coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
        """(F, 3) vertices of the face in the head frame, mm."""
        moved = coefficients.astype(np.float32) @ self._flat
        return np.asarray(self._mean + moved.reshape(-1, 3), dtype=np.float64)

    def points(self, face: NDArray[np.float64], pose: Pose) -> NDArray[np.float64]:
        """(68, 3) mm in the camera frame, where annotators mark; face: (F, 3) mm, head frame."""
        return np.asarray(self.marks(face, pose) + self._habits @ pose.rotation.T)

    def marks(self, face: NDArray[np.float64], pose: Pose) -> NDArray[np.float64]:
        """(68, 3) mm in the camera frame, our own marks, the jaw on the visible outline.

        face: (F, 3) or (V, 3) mm in the head frame.
        """
        inner = pose.to_camera(self._contour.marks.ibug.place(face)[JAW:])
        jaw = self._contour.points(pose.to_camera(face[:FACE_VERTICES]))
        return np.concatenate([jaw, inner])

    def motions(self, face: NDArray[np.float64], pose: Pose, free: int) -> NDArray[np.float64]:
        """(free, 68, 3) mm in the camera frame that each of the first coefficients moves them."""
        nearest = self._contour.vertices(pose.to_camera(face))
        jaw = self._deltas[:free, nearest]
        moved = np.concatenate([jaw, self._deltas_of_marks[:free, JAW:]], axis=1)
        return np.asarray(moved @ pose.rotation.T, dtype=np.float64)

    def shape(self, coefficients: NDArray[np.float64]) -> Shape:
        """The coefficients by name."""
        active = zip(self._names, coefficients[self._modes :].tolist(), strict=True)
        expression = {name: value for name, value in active if value > 0.0}
        return Shape(coefficients[: self._modes].copy(), expression)

    def _each(self, of_identity: float, of_expression: float) -> NDArray[np.float64]:
        counts = (self._modes, len(self._names))
        return np.repeat(np.array([of_identity, of_expression]), counts)
