"""Head pose from landmarks by PnP, with an estimate of how uncertain it is.

Uncertainty: each landmark's error along one axis is taken as its predicted standard deviation and,
in quadrature, the residual of the rigid head; both are carried through the derivative of the
projection (first order, points independent). To each angle the difference between this person's
head and the one mean head is added, which no residual shows. It is an estimate, not calibrated on
data.
"""

import math

import numpy as np
from numpy.typing import NDArray

from app.face import pnp
from app.face.pnp import Camera, PnpResult
from app.face.schemes.ibug_68 import IBUG_68
from app.measuring.pose import UNKNOWN_ANGLE, Pose, angle_std

Array = NDArray[np.float64]

MEAN_HEAD_DEGREES = 2.0
"""What the mean head costs on perfect landmarks, per angle: see `app.face.pnp`."""


def pose_from_points(
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
    covariance = None if convention is None else _covariance(result, std, camera)
    spread = None
    if convention is not None and covariance is not None:
        spread = {
            name: min(math.hypot(of_points, MEAN_HEAD_DEGREES), UNKNOWN_ANGLE)
            for name, of_points in angle_std(result.rotation, covariance, convention).items()
        }
    return Pose.of(result.rotation, "pnp", spread, result.reprojection_error)


def _covariance(result: PnpResult, std: Array, camera: Camera) -> Array | None:
    """(3, 3) of a small turn about the camera's axes, degrees squared; None when undetermined."""
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
    turn = np.asarray(inverse[:3, :3] * math.degrees(1) ** 2)
    return turn if np.isfinite(turn).all() and np.diagonal(turn).min() >= 0 else None
