"""What speaks against the answer of a face model, which tells by itself how sure it is.

Its deviations are calibrated: the limits follow from what they mean, since landmarks are called
right within 10 % of the eye distance and poses within 20 degrees. `python -m benchmarks.usability
--data DIR --model NAME` measures what they keep and refuse, and proposes others.
"""

import math

import numpy as np
from numpy.typing import NDArray

from app.face.pnp import canonical_points
from app.measuring.alignment import HeadInCrop
from app.measuring.pose import Array, Pose

LEAST_PRESENCE = 0.9
# Of a point, share of the face's size: 10 % of the eye distance. A point beyond is not told.
LARGEST_STD = 0.045
# A point that is less likely to show is hidden, wherever the model takes it to be.
LEAST_VISIBLE = 0.5
# Shares of the points in view that are hidden or not told: from the one on a part of the face is
# covered, from the other on nothing of it is told.
COVERED, UNTOLD = 0.25, 0.9
# From this share of points that are not told on nothing is told of the rotation either: a head
# upside down, which the network takes for an upright one, knows nothing of its points but is not
# that unsure of its angles.
UNTOLD_OF_POSE = 0.75
# Degrees, of all three axes together.
LARGEST_STD_OF_POSE = 20.0
# Degrees, as the crop shows the head: a little more than labelled heads are turned, 90 and 60
# before the camera.
LARGEST_YAW, LARGEST_PITCH = 100.0, 70.0
# A pose from the landmarks is also held against the model's own, degrees, and against the landmarks
# it came from, share of the face's size.
LARGEST_SPLIT, LARGEST_MISFIT = 20.0, 0.055

_ALL_IN_VIEW = 45.0  # degrees of yaw up to which three of four points are seen, or more
_MIDLINE = 5.0  # millimetres: points no farther on the far side stand on the middle of the face


def against_landmarks(std: Array, head: HeadInCrop) -> dict[str, bool]:
    """std: (K,) of the points, share of the face's size."""
    hidden = hidden_share(std, head)
    return {"uncertain": hidden >= UNTOLD, "occluded": COVERED <= hidden < UNTOLD}


def against_pose(
    std: Array, pose: Pose, head: HeadInCrop, split: float, size: float
) -> dict[str, bool]:
    """std: see above. split: between the pose and the model's own, degrees. size: of the face,
    pixels.
    """
    certain = (
        float(np.linalg.norm(head.rotation_std)) <= LARGEST_STD_OF_POSE
        and untold_share(std, head) < UNTOLD_OF_POSE
    )
    inside = abs(head.yaw) <= LARGEST_YAW and abs(head.pitch) <= LARGEST_PITCH
    found = {
        "uncertain_pose": not (certain and split <= LARGEST_SPLIT),
        "out_of_range": not inside,
    }
    if pose.method == "pnp":
        found["misfit"] = not (pose.reprojection_error or 0.0) <= LARGEST_MISFIT * size
    return found


def hidden_share(std: Array, head: HeadInCrop) -> float:
    """Of the points in view those that something hides or that the model is too unsure of; 1 where
    its answers are NaN.
    """
    told = (std <= LARGEST_STD) & (head.visible >= LEAST_VISIBLE)
    return 1.0 - float(told[in_view(head)].mean())


def untold_share(std: Array, head: HeadInCrop) -> float:
    """Of the points in view those that the model is too unsure of; 1 where a deviation is NaN."""
    return 1.0 - float((std <= LARGEST_STD)[in_view(head)].mean())


def in_view(head: HeadInCrop) -> NDArray[np.bool_]:
    """(K,): the points that the head itself does not hide: of one that looks to the side those of
    the near half of the face. Of another scheme than ibug-68 all points.
    """
    side = canonical_points()[:, 0]  # to the subject's left
    points = len(head.visible)
    if points != len(side) or abs(head.yaw) <= _ALL_IN_VIEW:
        return np.ones(points, bool)
    return np.asarray(side * math.copysign(1.0, head.yaw) <= _MIDLINE)
