"""Each verdict is turned by its own reason and by nothing else."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.face.geometry import Box
from app.pose import Pose
from app.quality import Quality
from app.usability import Usable, judge

BOX = Box(0, 0, 100, 100)
QUALITY = Quality(brightness=0.5, sharpness=0.6, face_pixels=100, truncated=False)
POSE = Pose(np.eye(3), 0.0, 0.0, 0.0, 2.0, None)


def verdict(**changes: Any) -> Usable:
    quality = replace(QUALITY, **{k: v for k, v in changes.items() if hasattr(QUALITY, k)})
    pose = replace(POSE, **{k: v for k, v in changes.items() if hasattr(POSE, k) and k != "std"})
    std = np.full(68, changes.get("std", 2.0))
    return judge(BOX, changes.get("confidence", 0.9), std, quality, pose)


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
        ({"sharpness": 0.01}, "blurred"),
        ({"std": 8.0}, "uncertain"),
    ],
)
def test_reasons_against_both(change: dict[str, Any], reason: str) -> None:
    assert verdict(**change) == Usable(False, False, (reason,))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"yaw": -80.0}, "out_of_range"),
        ({"pitch": 70.0}, "out_of_range"),
        ({"reprojection_error": 12.0}, "misfit"),
    ],
)
def test_reasons_against_the_pose_alone(change: dict[str, Any], reason: str) -> None:
    assert verdict(**change) == Usable(True, False, (reason,))


def test_no_pose() -> None:
    assert judge(BOX, 0.9, np.ones(68), QUALITY, None) == Usable(True, False, ("no_pose",))
