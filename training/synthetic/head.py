"""From a person's coefficients to a posed head: shape, expression, gaze, and a neck that bends."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face.rotation import from_euler
from training.synthetic.facekit import EYEBALLS, FaceKit
from training.synthetic.noise import smoothstep

# Heights in the head frame (y down, mm): the head is rigid above, the shoulders below.
_RIGID_ABOVE, _BODY_BELOW = 92.0, 155.0
NECK_PIVOT = np.array([0.0, 100.0, 15.0])
# The vertices of what is drawn: skin, mouth and teeth, eyeballs. The helper meshes stay at rest.
_DEFORMED = (slice(0, 21451), *EYEBALLS.values())
# How far the shoulders follow a turned head.
_BODY_FOLLOWS = 0.45


@dataclass(frozen=True, slots=True)
class Pose:
    """Head to camera: rotation (3, 3) in the canonical convention, translation (3,) mm."""

    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]

    def to_camera(self, points_in_head: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., 3) mm in the head frame -> (..., 3) mm in the camera frame."""
        moved = np.asarray(points_in_head, dtype=np.float64) @ self.rotation.T + self.translation
        return np.asarray(moved, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Shape:
    """Coefficients of one head.

    identity: (n,) standard deviations of the first n modes.
    expression: activation 0..1 by ARKit name, e.g. {"jawOpen": 0.3}.
    gaze: degrees (right, up) as the viewer of a frontal face sees it, relative to the head.
    """

    identity: NDArray[np.float64]
    expression: Mapping[str, float] = field(default_factory=dict)
    gaze: tuple[float, float] = (0.0, 0.0)


def shaped(kit: FaceKit, shape: Shape) -> NDArray[np.float64]:
    """(V, 3) vertices in the head frame, mm. Raises ValueError for an unknown expression."""
    unknown = set(shape.expression) - set(kit.expression_names)
    if unknown:
        raise ValueError(f"unknown expressions {sorted(unknown)}")
    coefficients = np.asarray(shape.identity, dtype=np.float32)
    activations = {kit.expression_names.index(n): a for n, a in shape.expression.items() if a}
    result = kit.mean.astype(np.float64)
    for part in _DEFORMED:
        rows = kit.identity[: len(coefficients), part]
        moved = coefficients @ rows.reshape(len(coefficients), -1)
        for index, activation in activations.items():
            moved += np.float32(activation) * kit.expression[index, part].reshape(-1)
        result[part] += moved.reshape(-1, 3)
    # The model's eyeLook shapes move only the lids, so the eyeballs are turned here.
    turn = from_euler(shape.gaze[0], shape.gaze[1], 0.0)
    for eyeball in EYEBALLS.values():
        centre = eye_centre(result[eyeball])
        result[eyeball] = (result[eyeball] - centre) @ turn.T + centre
    return result


def eye_centre(eyeball: NDArray[np.floating]) -> NDArray[np.float64]:
    """(3,) centre of an eyeball's (n, 3) vertices: the middle of its extent."""
    return np.asarray((eyeball.min(axis=0) + eyeball.max(axis=0)) / 2, dtype=np.float64)


def gaze_expression(gaze: tuple[float, float]) -> dict[str, float]:
    """The lid shapes that go with a gaze in degrees (right, up)."""
    right, up = gaze
    lids = {"eyeLookUp": max(up, 0.0), "eyeLookDown": max(-up, 0.0)}
    values = {f"{name}_{side}": value / 35 for name, value in lids.items() for side in "LR"}
    # To the image's right is outwards for the subject's left eye.
    values |= {"eyeLookOut_L": max(right, 0.0) / 40, "eyeLookIn_R": max(right, 0.0) / 40}
    values |= {"eyeLookIn_L": max(-right, 0.0) / 40, "eyeLookOut_R": max(-right, 0.0) / 40}
    return {name: min(value, 1.0) for name, value in values.items() if value > 0}


def posed(
    vertices_in_head: NDArray[np.floating], rest: NDArray[np.floating], pose: Pose
) -> NDArray[np.float64]:
    """(V, 3) mm in the camera frame: the head rigidly posed, the shoulders turned only partly.

    rest: (V, 3) mm, the undeformed position that tells head from neck and shoulders.
    """
    vertices = np.asarray(vertices_in_head, dtype=np.float64)
    moved = pose.to_camera(vertices)
    bends = rest[:, 1] > _RIGID_ABOVE
    share = smoothstep(rest[bends, 1], _RIGID_ABOVE, _BODY_BELOW).astype(np.float64)[:, None]
    part = cv2.Rodrigues(_BODY_FOLLOWS * cv2.Rodrigues(pose.rotation)[0])[0]
    body = (vertices[bends] - NECK_PIVOT) @ part.T + pose.to_camera(NECK_PIVOT)
    moved[bends] += (body - moved[bends]) * share
    return moved
