"""Gauss-Newton on the pixel error of 68 points, in millimetres at the head, with priors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from training.profiling.basis import JAW, Basis
from training.synthetic.camera import PinholeCamera
from training.synthetic.head import Pose

_NOISE = 1.5  # mm; annotators' scatter and what a linear model cannot show
_OUTLIER = 6.0  # mm; beyond it a point loses its pull
_JAW_WEIGHT = 0.5  # points on an outline slide along it
_RIGID_STEPS, _STEPS = 3, 12
_STILL = 3e-4  # radians; a smaller turn in one step is the end
_LONGEST_TURN = 0.5  # radians a step


@dataclass(frozen=True, slots=True)
class Estimate:
    """pose: head to camera. coefficients: (C,) of a Basis."""

    pose: Pose
    coefficients: NDArray[np.float64]


def refine(
    basis: Basis, points: NDArray[np.float64], camera: PinholeCamera, start: Estimate
) -> Estimate:
    """The pose alone first, then everything; points: (68, 2) pixels."""
    estimate = start
    for step in range(_RIGID_STEPS + _STEPS):
        free = 0 if step < _RIGID_STEPS else len(basis.precision)
        estimate, turned = _step(basis, points, camera, estimate, free)
        if free and turned < _STILL:
            break
    return estimate


def _step(
    basis: Basis,
    points: NDArray[np.float64],
    camera: PinholeCamera,
    estimate: Estimate,
    free: int,
) -> tuple[Estimate, float]:
    """One step in pose and the first `free` coefficients; also how far it turned, radians."""
    pose, coefficients = estimate.pose, estimate.coefficients
    face = basis.face(coefficients)
    in_camera = basis.points(face, pose)
    per_pixel = in_camera[:, 2] / camera.fx  # mm at the point's depth
    error = (points - camera.project(in_camera)) * per_pixel[:, None]
    jacobian = np.concatenate(
        [
            _pose_jacobian(in_camera, pose),
            _along_image(basis.motions(face, pose, free), in_camera),
        ]
    )
    weights = _weights(error)
    weighted = (jacobian * weights[:, None]).reshape(len(jacobian), -1)
    normal = weighted @ weighted.T
    gradient = weighted @ (error * weights[:, None]).ravel()
    prior = np.concatenate([np.full(6, 1e-9), basis.precision[:free]])
    normal[np.diag_indices(len(normal))] += prior
    gradient[6:] -= basis.precision[:free] * coefficients[:free]
    change = np.asarray(np.linalg.solve(normal, gradient), dtype=np.float64)
    moved = coefficients.copy()
    moved[:free] += change[6:]
    moved = np.clip(moved, basis.lowest, basis.highest)
    turn = change[:3] * min(1.0, _LONGEST_TURN / max(float(np.linalg.norm(change[:3])), 1e-12))
    turned = Pose(
        Rotation.from_rotvec(turn).as_matrix() @ pose.rotation,
        pose.translation + _held(change[3:6], pose),
    )
    return Estimate(turned, moved), float(np.linalg.norm(turn))


def _held(shift: NDArray[np.float64], pose: Pose) -> NDArray[np.float64]:
    """A shift that brings the head no more than a third nearer or farther."""
    most = float(pose.translation[2]) / 3
    return shift * min(1.0, most / max(abs(float(shift[2])), 1e-12))


def _weights(error: NDArray[np.float64]) -> NDArray[np.float64]:
    """(68,) per mm; Cauchy's, so that a few wrong points do not turn the head."""
    distance = np.linalg.norm(error, axis=1)
    weights = 1.0 / (_NOISE * np.sqrt(1.0 + (distance / _OUTLIER) ** 2))
    weights[:JAW] *= _JAW_WEIGHT
    return np.asarray(weights)


def _pose_jacobian(in_camera: NDArray[np.float64], pose: Pose) -> NDArray[np.float64]:
    """(6, 68, 2): a turn about the head's origin along the camera's axes, then a shift."""
    arms = in_camera - pose.translation
    turns = np.stack([np.cross(axis, arms) for axis in np.eye(3)])
    shifts = np.broadcast_to(np.eye(3)[:, None], turns.shape)
    return _along_image(np.concatenate([turns, shifts]), in_camera)


def _along_image(
    motion: NDArray[np.floating], in_camera: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n, 68, 3) motions in the camera frame -> (n, 68, 2) in the picture, in mm at the head."""
    slope = in_camera[:, :2] / in_camera[:, 2:]
    return np.asarray(motion[..., :2] - slope * motion[..., 2:], dtype=np.float64)
