"""Each verdict is turned by its own reason and by nothing else."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.face.geometry import Box, face_box
from app.face.pnp import canonical_points
from app.face.rotation import from_euler
from app.measuring.landmark_limits import nose_between_eyes
from app.measuring.pose import Pose
from app.measuring.quality import Quality
from app.measuring.usability import Usable, judge


def head(yaw: float) -> NDArray[np.float64]:
    """The mean head from far away, (68, 2); the root of its face box's area is 100 pixels."""
    points = (canonical_points() @ from_euler(yaw, 0, 0).T)[:, :2]
    return np.asarray(points * 100 / face_box(points).area ** 0.5)


FRONTAL = head(0)
BOX = face_box(FRONTAL)
QUALITY = Quality(brightness=0.5, sharpness=0.6, face_pixels=100, truncated=False)
POSE = Pose(np.eye(3), 0.0, 0.0, 0.0, "pnp", reprojection_error=2.0)


def verdict(**changes: Any) -> Usable:
    quality = replace(QUALITY, **{k: v for k, v in changes.items() if hasattr(QUALITY, k)})
    pose = replace(POSE, **{k: v for k, v in changes.items() if hasattr(POSE, k) and k != "std"})
    std = np.full(68, changes.get("std", 2.0))
    points, box = changes.get("points", FRONTAL), changes.get("box", BOX)
    return judge(box, changes.get("confidence", 0.9), points, std, quality, pose)


def test_all_is_well() -> None:
    assert verdict() == Usable(True, True, ())
    assert verdict(confidence=None) == Usable(True, True, ())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"face_pixels": 20}, "small"),
        ({"truncated": True}, "truncated"),
        ({"confidence": 0.3}, "low_confidence"),
        ({"brightness": 0.02}, "dark"),
        ({"brightness": 0.99}, "bright"),
        ({"brightness": math.nan}, "dark"),
        ({"sharpness": 0.01}, "blurred"),
        ({"std": 4.0}, "uncertain"),
        ({"box": Box(BOX.x - 160, BOX.y + 10, 400, 40)}, "box_mismatch"),
        ({"box": Box(BOX.x + 60, BOX.y, BOX.width, BOX.height)}, "box_mismatch"),
    ],
)
def test_reasons_against_both(change: dict[str, Any], reason: str) -> None:
    found = verdict(**change)
    assert not found.landmarks
    assert not found.pose
    assert reason in found.reasons
    assert set(found.reasons) <= {reason, "uncertain_pose", "bright"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"yaw": -60.0}, "out_of_range"),
        ({"pitch": 50.0}, "out_of_range"),
        ({"yaw": math.nan}, "out_of_range"),
        ({"reprojection_error": 6.0}, "misfit"),
        ({"reprojection_error": math.nan}, "misfit"),
        ({"std": 3.1}, "uncertain_pose"),
        ({"points": head(42), "box": face_box(head(42))}, "turned_away"),
        ({"points": head(-42), "box": face_box(head(-42))}, "turned_away"),
    ],
)
def test_reasons_against_the_pose_alone(change: dict[str, Any], reason: str) -> None:
    assert verdict(**change) == Usable(True, False, (reason,))


@pytest.mark.parametrize(
    ("dx", "dy", "side", "pose"),
    [
        (0.0, 0.0, 1.0, True),
        (0.1, 0.1, 1.0, True),
        (0.0, 0.0, 0.8, True),
        (0.0, 0.0, 1.25, True),
        (0.17, 0.0, 1.0, False),
        (0.0, -0.17, 1.0, False),
        (0.08, 0.08, 1.25, False),
        (0.0, 0.0, 0.74, False),
        (0.0, 0.0, 1.35, False),
    ],
)
def test_a_box_beside_the_face_tells_no_pose(dx: float, dy: float, side: float, pose: bool) -> None:
    """Share of its sides; the landmarks stand on their own for longer."""
    width, height = side * BOX.width, side * BOX.height
    x, y = BOX.centre
    x, y = x + dx * BOX.width - width / 2, y + dy * BOX.height - height / 2
    found = verdict(box=Box(x, y, width, height))
    assert found == Usable(True, pose, () if pose else ("box_mismatch",))


def test_no_pose() -> None:
    found = judge(BOX, 0.9, FRONTAL, np.ones(68), QUALITY, None)
    assert found == Usable(True, False, ("no_pose",))


def test_the_least_sure_tenth_of_the_points_counts() -> None:
    std = np.ones(68)
    std[:5] = 50.0
    assert judge(BOX, 0.9, FRONTAL, std, QUALITY, POSE).landmarks, "5 of 68 may be hidden"
    std[:8] = 50.0
    assert "uncertain" in judge(BOX, 0.9, FRONTAL, std, QUALITY, POSE).reasons


def test_points_in_one_place_are_not_usable() -> None:
    found = judge(BOX, 0.9, np.zeros((68, 2)), np.ones(68), QUALITY, POSE)
    assert not found.pose
    assert "turned_away" in found.reasons


def test_other_schemes_are_judged_without_a_face_box() -> None:
    assert judge(BOX, 0.9, np.zeros((5, 2)), np.ones(5), QUALITY, None).landmarks


def test_the_nose_between_the_eyes() -> None:
    points = np.zeros((68, 2))
    points[36], points[45] = (0, 0), (0, 10)  # a head lying on its side
    for place, expected in ((5, 1.0), (2, 0.25), (8, 0.25), (0, 0.0), (-2, -1 / 6)):
        points[30] = (7, place)
        assert nose_between_eyes(points) == pytest.approx(expected)
    assert nose_between_eyes(head(30)) == pytest.approx(0.27, abs=0.01)
    assert nose_between_eyes(head(-45)) == pytest.approx(0.0, abs=0.01)
