"""Where the head is and which way it looks: poses to the edges, places off the axis, crops."""

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import CROP_SCALE, face_box
from app.face.rotation import from_euler
from training.synthetic.camera import PinholeCamera
from training.synthetic.head import Pose

LARGEST_YAW, LARGEST_PITCH, LARGEST_ROLL = 100.0, 60.0, 90.0
_NEAREST, _FARTHEST = 330.0, 2600.0  # mm: a telephone at arm's length .. across a room
# A face turned farther than this from the line to the camera shows less than a profile; seen from
# higher above it shows the crown, from lower below the throat.
_TURNED_AWAY = np.cos(np.deg2rad(108.0))
_STEEPEST = np.sin(np.deg2rad(64.0))
_EYES_MOVE = (32.0, 24.0)  # degrees aside and up or down


def sample_pose(rng: np.random.Generator) -> Pose:
    """Half of the yaws are everyday ones, half are even out to the edges; so, less, for the others.

    The head frame's inner origin is placed, up to about 41 degrees off the optical axis.
    """
    for _ in range(50):
        angles = (
            _angle(rng, 0.5, 0.0, 27.0, LARGEST_YAW),
            _angle(rng, 0.75, -2.0, 13.0, LARGEST_PITCH),
            _angle(rng, 0.8, 0.0, 11.0, LARGEST_ROLL),
        )
        rotation = np.asarray(from_euler(*angles), dtype=np.float64)
        place = _place(rng)
        # Where the camera is as seen from the head.
        camera = rotation.T @ (-place / np.linalg.norm(place))
        if -camera[2] > _TURNED_AWAY and abs(camera[1]) < _STEEPEST:
            return Pose(rotation, place)
    return Pose(np.eye(3), np.array([0.0, 0.0, 700.0]))


def sample_gaze(rng: np.random.Generator, pose: Pose) -> tuple[float, float]:
    """Degrees (right, up) in the head; one person in three looks at the camera if eyes can."""
    if rng.random() < 0.35:
        x, y, z = pose.rotation.T @ -pose.translation
        right = float(np.rad2deg(np.arctan2(x, -z)))
        up = float(np.rad2deg(np.arctan2(-y, np.hypot(x, z))))
        if abs(right) <= _EYES_MOVE[0] and abs(up) <= _EYES_MOVE[1]:
            return right, up
    right, up = (
        np.clip(rng.normal(0.0, s), -m, m) for s, m in zip((13, 9), _EYES_MOVE, strict=True)
    )
    return float(right), float(up)


def crop_camera(
    points_in_camera: NDArray[np.float64],
    size: int,
    margin: float,
    rng: np.random.Generator | None = None,
) -> PinholeCamera:
    """The camera whose picture is the crop round a face: `margin` times the side of the crop rule.

    points_in_camera: (68, 3) mm. rng: scale and place then stray a little, as detectors' boxes do.
    The principal point lies where the face's direction puts it, mostly outside the crop.
    """
    flat = points_in_camera[:, :2] / points_in_camera[:, 2:]
    box = face_box(flat)
    side = CROP_SCALE * margin * np.sqrt(box.width * box.height)
    x, y = box.centre
    if rng is not None:
        side *= float(np.exp(np.clip(rng.normal(0.0, 0.06), -0.15, 0.15)))
        dx, dy = np.clip(rng.normal(0.0, 0.025, 2), -0.06, 0.06) * side
        x, y = x + float(dx), y + float(dy)
    focal = size / side
    # The crop's middle is at pixel (size - 1) / 2 because pixel centres are integers.
    middle = (size - 1) / 2
    return PinholeCamera(size, size, focal, focal, middle - focal * x, middle - focal * y)


def _angle(
    rng: np.random.Generator, share: float, mean: float, deviation: float, largest: float
) -> float:
    if rng.random() < share:
        return float(np.clip(rng.normal(mean, deviation), -largest, largest))
    return float(rng.uniform(-largest, largest))


def _place(rng: np.random.Generator) -> NDArray[np.float64]:
    """(3,) mm in the camera frame."""
    distance = float(np.exp(rng.uniform(np.log(_NEAREST), np.log(_FARTHEST))))
    if rng.random() < 0.5:
        aside, below = rng.normal(0.0, 6.0, 2)
    else:
        aside, below = rng.uniform(-36.0, 36.0), rng.uniform(-24.0, 24.0)
    ray = np.array([np.tan(np.deg2rad(aside)), np.tan(np.deg2rad(below)), 1.0])
    return np.asarray(distance * ray / np.linalg.norm(ray))
