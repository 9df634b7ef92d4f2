"""What the stored labels of a face mean, field by field."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.synthetic.columns import columns
from training.synthetic.labels import FaceLabel

LABEL_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "pose.rotation": "3x3, head frame to camera frame, canonical convention",
        "pose.translation": "mm, camera frame: the midpoint of the outer eye corners",
        "camera.width": "pixels",
        "camera.height": "pixels",
        "camera.fx": "pixels, focal length along x",
        "camera.fy": "pixels, focal length along y",
        "camera.cx": "pixels, principal point (pixel centres at integers); may lie outside",
        "camera.cy": "pixels",
        "points": "68x2 pixels, ibug-68 as annotators mark it, the jaw on the visible outline",
        "visible": "68 flags: in the picture, and not hidden by skin, hair, things or hands",
        "points_3d": "68x2 pixels, as points, but the jaw is the projected border of the bone",
        "visible_3d": "68 flags of points_3d",
        "in_head": "68x3 mm in the head frame; pose and camera project it onto points_3d",
        "schemes.muct-76.points": "76x2 pixels, the jaw on the visible outline",
        "schemes.muct-76.visible": "76 flags",
        "schemes.aflw-21.points": "21x2 pixels, the chin on the visible outline",
        "schemes.aflw-21.visible": "21 flags",
        "schemes.five.points": "5x2 pixels: eye centres (mean of six lid points), nose, mouth",
        "schemes.five.visible": "5 flags",
        "eyes.openness": "2 (right, left): lid opening over palpebral width; 0 shut, 0.27 at rest",
        "eyes.gaze": "2x3 unit vectors in the camera frame, right and left eye",
        "eyes.gaze_angles": "2x2 degrees: yaw > 0 to the image's right, pitch > 0 up",
        "eyes.pupils": "2x2 pixels, middle of the pupil on the eyeball",
        "eyes.pupils_visible": "2 flags; false where a lid covers the pupil",
        "mouth_openness": "gap between the lips over the mouth's width; 0 shut, 0.75 jaw dropped",
    }
)
"""Name of each array that a label is stored as -> its shape, unit and meaning."""


def as_arrays(label: FaceLabel) -> dict[str, NDArray[Any]]:
    """One array for each of LABEL_FIELDS."""
    return {name: np.asarray(column[0]) for name, column in columns([label]).items()}
