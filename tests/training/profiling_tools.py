"""A made-up head seen by a known camera, as a photograph with 68 points."""

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.training.made_up_head import made_up_head
from training.synthetic.camera import PinholeCamera
from training.synthetic.contour import JawContour
from training.synthetic.facekit import FaceKit
from training.synthetic.head import Pose, Shape, shaped

SIZE = (320, 300)
CAMERA = PinholeCamera(*SIZE, 1500.0, 1500.0, 159.5, 149.5)


@cache
def closed_head() -> FaceKit:
    """The made-up head without the seam of doubled vertices that runs down its front."""
    kit = made_up_head()
    rounded = np.round(kit.mean, 2)
    _, first, same = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    triangles = first[same.reshape(-1)][kit.triangles].astype(np.int32)
    a, b, c = triangles.T
    whole = (a != b) & (b != c) & (c != a)
    return replace(kit, triangles=triangles[whole], parts=kit.parts[whole])


@cache
def contour_of_closed_head() -> JawContour:
    return JawContour(closed_head())


def points_of(shape: Shape, pose: Pose, camera: PinholeCamera = CAMERA) -> NDArray[np.float64]:
    """(68, 2) pixels of the closed head by OpenCV's projection, the jaw on the outline."""
    contour = contour_of_closed_head()
    head = shaped(closed_head(), shape)
    in_camera = pose.to_camera(contour.marks.ibug.place(head))
    in_camera[:17] = contour.points(pose.to_camera(head))
    still = np.zeros(3)
    projected, _ = cv2.projectPoints(in_camera, still, still, camera.matrix(), None)
    return np.asarray(projected[:, 0], dtype=np.float64)


def photograph(seed: int = 3) -> NDArray[np.uint8]:
    """A smooth picture (300, 320, 3) in which every place looks different."""
    rng = np.random.default_rng(seed)
    small = rng.uniform(0, 255, (15, 16, 3)).astype(np.float32)
    large = cv2.resize(small, SIZE, interpolation=cv2.INTER_CUBIC)
    return np.clip(large, 0, 255).astype(np.uint8)
