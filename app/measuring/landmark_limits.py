"""What speaks against the answer of a model that knows landmarks alone.

The limits are those of landmarks-68 of November 2026, by `python -m benchmarks.usability --data DIR
--model landmarks-68`: 416 crops of 104 photographs (300-W, validation); 252 right answers for
people who look at most 15 degrees to the side (Pointing'04, persons 1 to 10), called frontal below;
1,000 boxes without a face and 300 of noise; 208 faces upside down, 323 lying on their side, 408
boxes half beside the face; 400 profiles (75 and 90 degrees) and 199 faces at 60 degrees, all
answered wrong, with a pose of about 30 degrees.

Not told: a nod of 60 degrees (17 % refused within 30 degrees of yaw, all of them wrong), and a turn
of 45 degrees that is answered as 20 (39 %).
"""

import numpy as np

from app.measuring.pose import Array, Pose

UNSURE = 0.9  # quantile over the points: the tenth of them that the model is least sure of
# What the model expects to be off by, share of the face's size. Photographs have 0.026 (median),
# faces upside down 0.042, noise 0.06. Refuses 0.7 % of photographs, no frontal face; 98.6 % of
# upside-down and 98.5 % of lying faces, 94 % of boxes beside the face, all boxes of half a face or
# of twice its size whose landmarks are wrong, all noise, 99.8 % of boxes without a face.
LARGEST_STD = 0.033
# The pose asks for more: with `NEAREST_NOSE` it refuses 98 % of profiles and 90 % at 60 degrees; no
# frontal face, and 5 % of photographs (1.8 % of those within 25 degrees).
LARGEST_STD_OF_POSE = 0.0295
# See `nose_between_eyes`: 0.12 is the mean head at 38 degrees. The model's pose stops following
# there, its nose tip goes on. Alone it refuses 67 % at 60 degrees, 2 % of photographs.
NEAREST_NOSE = 0.12
# Degrees. No answer beyond was seen to be right; wrong ones from boxes of half a face go to 60.
LARGEST_YAW, LARGEST_PITCH = 50.0, 45.0
# Of the rigid head to the landmarks, share of the face's size: no photograph and no frontal face
# has as much, half of the answers to boxes of half a face do.
LARGEST_MISFIT = 0.055

_RIGHT_EYE, _LEFT_EYE, _NOSE_TIP = 36, 45, 30  # outer corners


def against_landmarks(std: Array) -> dict[str, bool]:
    """std: (K,) of the points, share of the face's size."""
    return {"uncertain": not _unsure(std) <= LARGEST_STD}


def against_pose(points: Array, std: Array, pose: Pose, size: float) -> dict[str, bool]:
    """points: (68, 2) in pixels of the image turned so that the head is upright, and the pose in
    it. std: as above. size: of the face, pixels.
    """
    inside = abs(pose.yaw) <= LARGEST_YAW and abs(pose.pitch) <= LARGEST_PITCH
    return {
        "uncertain_pose": not _unsure(std) <= LARGEST_STD_OF_POSE,
        "turned_away": not nose_between_eyes(points) >= NEAREST_NOSE,
        "out_of_range": not inside,
        "misfit": not (pose.reprojection_error or 0.0) <= LARGEST_MISFIT * size,
    }


def nose_between_eyes(points: Array) -> float:
    """The nose tip's distance to the nearer outer eye corner over that to the farther one.

    Along the line through both corners: 1 when the nose is midway, 0 when it is level with a
    corner, negative beyond it; 0.27 for the mean head at 30 degrees of yaw, 0 at 45. NaN for two
    corners in one place. points: (68, 2).
    """
    right, left, nose = points[_RIGHT_EYE], points[_LEFT_EYE], points[_NOSE_TIP]
    across = left - right
    with np.errstate(invalid="ignore"):
        share = float((nose - right) @ across / (across @ across))
    near, far = sorted((share, 1.0 - share))
    return near / far


def _unsure(std: Array) -> float:
    return float(np.quantile(std, UNSURE))
