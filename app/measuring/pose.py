"""Which way a head points, however it was found, and how uncertain each angle is."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face.one_rotation import euler_of
from app.face.rotation import CONVENTIONS, turn

Array = NDArray[np.float64]

Method = Literal["direct", "pnp"]

UNKNOWN_ANGLE = 360 / math.sqrt(12)
"""Standard deviation of an angle of which nothing is known, degrees: no larger one is answered.
Yaw and roll have it where the face looks straight up or down."""

_STEP = 1e-4  # radians, for numerical derivatives of angles


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Head to camera, (3, 3) rotation; yaw, pitch, roll: canonical, degrees.

    std: degrees, of those of yaw, pitch, roll that the asked convention has; None when it was not
    asked for or cannot be told. reprojection_error: of the rigid head, image pixels; of pnp alone.
    """

    rotation: Array
    yaw: float
    pitch: float
    roll: float
    method: Method
    std: Mapping[str, float] | None = None
    reprojection_error: float | None = None

    @classmethod
    def of(
        cls,
        rotation: Array,
        method: Method,
        std: Mapping[str, float] | None = None,
        reprojection_error: float | None = None,
    ) -> "Pose":
        """With the angles of the rotation."""
        return cls(rotation, *euler_of(rotation), method, std, reprojection_error)

    def turned(self, clockwise_degrees: float) -> "Pose":
        """The pose once the image has been turned; turned at all, without standard deviations."""
        if not clockwise_degrees:
            return self
        rotation = turn(self.rotation, clockwise_degrees)
        return Pose.of(rotation, self.method, reprojection_error=self.reprojection_error)


def angle_std(rotation: Array, covariance: Array, convention: str) -> dict[str, float]:
    """Degrees, of the angles that the convention has, to first order.

    covariance: (3, 3) of a small turn about the camera's axes, in degrees squared.
    """
    fields = CONVENTIONS[convention].fields
    here = fields(rotation)
    turned = [fields(cv2.Rodrigues(step)[0] @ rotation) for step in np.eye(3) * _STEP]
    found = {}
    for name in ("yaw", "pitch", "roll"):
        ends = [(there.get(name), here.get(name)) for there in turned]
        slopes = [
            math.remainder(end - start, 360.0) / math.degrees(_STEP)
            for end, start in ends
            if isinstance(end, float) and isinstance(start, float)
        ]
        if slopes:
            slope = np.array(slopes)
            found[name] = min(math.sqrt(slope @ covariance @ slope), UNKNOWN_ANGLE)
    return found
