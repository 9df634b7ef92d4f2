"""Each limit of a face model turns its own reason and no other."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.measuring.alignment import HeadInCrop
from app.measuring.face_limits import in_view
from app.measuring.pose import Pose
from app.measuring.usability import Usable, judge
from tests.measuring.test_usability import BOX, FRONTAL, QUALITY

MIDDLE = np.r_[8, 27:31, 33, 51, 57, 62, 66]  # of the face, in the numbering of ibug-68
SHOWN = np.full(68, 0.9)
RIGHT = np.r_[0:8, 17:22, 31:33, 36:42, 48:51, 58:62, 67]  # the subject's


def told(
    yaw: float = 0.0,
    std: tuple[float, ...] = (3.0, 2.0, 1.0),
    presence: float = 0.9,
    visible: Any = SHOWN,
) -> HeadInCrop:
    rotation = Rotation.from_euler("y", -yaw, degrees=True).as_matrix()
    return HeadInCrop(visible, rotation, np.array(std), np.array([0.3, 0.3]), presence)


def verdict(std: Any = 2.0, pose: Pose | None = None, split: float = 0.0, **head: Any) -> Usable:
    """The face is 100 pixels large, so that a deviation in pixels is one in percent."""
    answer = told(**head)
    pose = pose or Pose.of(answer.rotation, "direct")
    return judge(BOX, 0.9, FRONTAL, np.full(68, std), QUALITY, pose, answer, split)


def test_all_is_well() -> None:
    assert verdict() == Usable(True, True, ())
    assert verdict(yaw=90.0) == Usable(True, True, ())


@pytest.mark.parametrize("presence", [0.4, math.nan])
def test_a_face_that_is_not_there(presence: float) -> None:
    assert verdict(presence=presence) == Usable(False, False, ("low_confidence",))


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ({"yaw": 105.0}, "out_of_range"),
        ({"yaw": -105.0}, "out_of_range"),
        ({"std": (20.0, 3.0, 1.0)}, "uncertain_pose"),
        ({"std": (12.0, 12.0, 12.0)}, "uncertain_pose"),
        ({"std": (math.nan, 1.0, 1.0)}, "uncertain_pose"),
    ],
)
def test_reasons_against_the_pose_alone(head: dict[str, Any], reason: str) -> None:
    std = head.pop("std", (3.0, 2.0, 1.0))
    answer = told(**head, std=std)
    found = judge(
        BOX, 0.9, FRONTAL, np.full(68, 2.0), QUALITY, Pose.of(answer.rotation, "direct"), answer
    )
    assert found == Usable(True, False, (reason,))


def test_a_head_that_looks_up_too_far() -> None:
    rotation = Rotation.from_euler("x", -75, degrees=True).as_matrix()
    head = HeadInCrop(SHOWN, rotation, np.ones(3), np.ones(2), 0.9)
    pose = Pose.of(rotation, "direct")
    assert pose.pitch == pytest.approx(75)
    found = judge(BOX, 0.9, FRONTAL, np.full(68, 2.0), QUALITY, pose, head)
    assert found.reasons == ("out_of_range",)


@pytest.mark.parametrize(
    ("hidden", "reasons"),
    [
        (0, ()),
        (16, ()),
        (17, ("occluded",)),
        (50, ("occluded",)),
        (51, ("occluded", "uncertain_pose")),
        (61, ("occluded", "uncertain_pose")),
        (62, ("uncertain", "uncertain_pose")),
    ],
)
def test_a_part_or_all_of_the_points_is_not_told(hidden: int, reasons: tuple[str, ...]) -> None:
    """A quarter of 68 are 17, three quarters 51, nine tenths 61.2. The pose is the model's own and
    stands until next to nothing is told.
    """
    std = np.full(68, 2.0)
    std[:hidden] = 5.0
    assert verdict(std) == Usable(not reasons, "uncertain_pose" not in reasons, reasons)


@pytest.mark.parametrize(
    ("hidden", "reasons"), [(16, ()), (17, ("occluded",)), (61, ("occluded",))]
)
def test_points_that_are_covered_are_not_told_however_certain(
    hidden: int, reasons: tuple[str, ...]
) -> None:
    """The pose needs none of them."""
    visible = np.where(np.arange(68) < hidden, 0.4, 0.6)
    assert verdict(visible=visible) == Usable(not reasons, True, reasons)


def test_what_the_head_itself_hides_is_not_covered() -> None:
    visible = np.where(np.isin(np.arange(68), np.r_[RIGHT, MIDDLE]), 0.9, 0.1)
    assert verdict(yaw=60.0, visible=visible) == Usable(True, True, ())
    assert verdict(yaw=-60.0, visible=visible).reasons == ("occluded",)


def test_deviations_that_are_no_numbers_are_hidden_points() -> None:
    assert verdict(math.nan).reasons == ("uncertain", "uncertain_pose")


@pytest.mark.parametrize("yaw", [44.0, -44.0])
def test_all_of_a_face_is_in_view(yaw: float) -> None:
    assert in_view(told(yaw)).all()


def test_the_near_half_of_a_face_is_in_view() -> None:
    """One that turns to the image's right shows the subject's right side."""
    assert set(np.flatnonzero(in_view(told(60.0)))) == set(np.r_[RIGHT, MIDDLE])
    left = set(range(68)) - set(RIGHT)
    assert set(np.flatnonzero(in_view(told(-60.0)))) == left


def test_other_schemes_have_all_points_in_view() -> None:
    assert in_view(told(80.0, visible=np.ones(5))).tolist() == [True] * 5


def pnp(misfit: float = 2.0) -> Pose:
    return Pose.of(np.eye(3), "pnp", reprojection_error=misfit)


def test_a_pose_from_the_landmarks_is_held_against_the_models_own_and_its_points() -> None:
    assert verdict(pose=pnp(), split=15) == Usable(True, True, ())
    assert verdict(pose=pnp(), split=25) == Usable(True, False, ("uncertain_pose",))
    assert verdict(pose=pnp(misfit=6.0)) == Usable(True, False, ("misfit",))
    std = np.full(68, 2.0)
    std[:30] = 5.0
    assert verdict(std, pose=pnp()) == Usable(False, False, ("occluded",))
