"""Head pose from landmarks by PnP, with an estimate of how uncertain it is.

Uncertainty: each landmark's error along one axis is taken as its predicted standard deviation and,
in quadrature, the residual of the rigid head; both are carried through the derivative of the
projection (first order, points independent). To each angle the difference between this person's
head and the one mean head is added, which no residual shows. It is an estimate, not calibrated on
data.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face import pnp
from app.face.pnp import Camera, PnpResult
from app.face.rotation import CONVENTIONS, to_euler
from app.face.schemes.ibug_68 import IBUG_68

Array = NDArray[np.float64]

MEAN_HEAD_DEGREES = 2.0
"""What the mean head costs on perfect landmarks, per angle: see `app.face.pnp`."""

_STEP = 1e-4  # radians, for numerical derivatives of angles


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Head to camera, (3, 3) rotation; yaw, pitch, roll: canonical, degrees.

    reprojection_error: of the rigid head, image pixels. std: degrees, of those of yaw, pitch, roll
    that the asked convention has; None when it was not asked for or cannot be told.
    """

    rotation: Array
    yaw: float
    pitch: float
    roll: float
    reprojection_error: float
    std: Mapping[str, float] | None


def pose_of(
    points: Array, std: Array, camera: Camera, scheme: str, convention: str | None = None
) -> Pose | None:
    """Pose from points (K, 2) and std (K,), image pixels; None where no head fits at all.

    convention: the one whose angles get a standard deviation; None: do without.
    """
    if scheme != IBUG_68.name:
        return None
    try:
        result = pnp.solve(points, camera, scheme)
    except ValueError:  # all points in one place, or a camera that no numbers can follow
        return None
    yaw, pitch, roll = (float(angle) for angle in to_euler(result.rotation))
    covariance = None if convention is None else _covariance(result, std, camera)
    spread = None
    if convention is not None and covariance is not None:
        spread = _angle_std(result.rotation, covariance, convention)
    return Pose(result.rotation, yaw, pitch, roll, result.reprojection_error, spread)


def _angle_std(rotation: Array, covariance: Array, convention: str) -> dict[str, float]:
    fields = CONVENTIONS[convention].fields
    here = fields(rotation)
    turned = [fields(cv2.Rodrigues(step)[0] @ rotation) for step in np.eye(3) * _STEP]
    found = {}
    for name in ("yaw", "pitch", "roll"):
        ends = [(there.get(name), here.get(name)) for there in turned]
        slopes = [
            math.remainder(end - start, 360.0) / _STEP
            for end, start in ends
            if isinstance(end, float) and isinstance(start, float)
        ]
        if slopes:
            slope = np.array(slopes)
            found[name] = math.hypot(math.sqrt(slope @ covariance @ slope), MEAN_HEAD_DEGREES)
    return found


def _covariance(result: PnpResult, std: Array, camera: Camera) -> Array | None:
    """(3, 3) of a small turn about the camera's axes, radians squared; None when undetermined."""
    used = list(pnp.USED_POINTS)
    turned = pnp.canonical_points()[used] @ result.rotation.T
    x, y, z = (turned + result.translation).T
    # Pixels per millimetre in the camera frame, and per radian of a small turn w, which moves a
    # point p by w x p: per axis of the image (N, 3) and p x (pixels per millimetre).
    per_mm = np.zeros((2, len(used), 3))
    per_mm[0, :, 0], per_mm[0, :, 2] = camera.fx / z, -camera.fx * x / z**2
    per_mm[1, :, 1], per_mm[1, :, 2] = camera.fy / z, -camera.fy * y / z**2
    jacobian = np.concatenate([np.cross(turned, per_mm), per_mm], axis=-1)
    variance = std[used] ** 2 + result.reprojection_error**2 / 2
    weighted = jacobian / np.maximum(variance, 1e-12)[:, None]
    information = jacobian.reshape(-1, 6).T @ weighted.reshape(-1, 6)
    # Radians and millimetres differ by orders of magnitude; scaling makes the inverse a safe one.
    scale = np.sqrt(np.diagonal(information))
    if not (np.isfinite(scale).all() and scale.min() > 0):
        return None
    try:
        inverse = np.linalg.inv(information / np.outer(scale, scale)) / np.outer(scale, scale)
    except np.linalg.LinAlgError:
        return None
    turn = inverse[:3, :3]
    return turn if np.isfinite(turn).all() and np.diagonal(turn).min() >= 0 else None
