"""Gaze and openness, against SciPy's rotations and hand-made faces."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.face.rotation import from_euler, to_euler
from tests.training.made_up_head import made_up_head
from training.synthetic.facekit import EYEBALLS
from training.synthetic.gaze import EYES, gaze_angles, gaze_in_head
from training.synthetic.head import Shape, shaped
from training.synthetic.marks import Marks
from training.synthetic.openness import eye_openness, mouth_openness


@pytest.mark.parametrize("angles", [(0.0, 0.0), (20.0, 5.0), (-15.0, -25.0)])
def test_gaze_is_how_the_eyeballs_were_turned(angles: tuple[float, float]) -> None:
    kit = made_up_head()

    gaze = gaze_in_head(kit, shaped(kit, Shape(np.zeros(1), gaze=angles)))

    np.testing.assert_allclose(gaze_angles(gaze), [angles, angles], atol=1e-3)


def test_each_eye_has_its_own_gaze() -> None:
    kit = made_up_head()
    head = kit.mean.astype(np.float64)
    turns = Rotation.from_euler("y", [[-10.0], [10.0]], degrees=True)
    for part, turn in zip(EYES, turns, strict=True):
        centre = head[EYEBALLS[part]].mean(axis=0)
        head[EYEBALLS[part]] = turn.apply(head[EYEBALLS[part]] - centre) + centre

    angles = gaze_angles(gaze_in_head(kit, head))

    # A turn about y (down) by -10 degrees takes (0, 0, -1) to the image's right.
    np.testing.assert_allclose(angles, [[10.0, 0.0], [-10.0, 0.0]], atol=1e-3)


@pytest.mark.parametrize("angles", [(0, 0, 0), (40, 20, 70), (-95, 30, 0), (170, -5, 10)])
def test_angles_of_a_gaze_are_those_of_a_head_that_faces_there(
    angles: tuple[float, float, float],
) -> None:
    facing = from_euler(*angles) @ (0.0, 0.0, -1.0)

    np.testing.assert_allclose(gaze_angles(facing), np.array(to_euler(from_euler(*angles)))[:2])


def test_pupils_follow_the_gaze() -> None:
    kit = made_up_head()
    pupils = Marks(kit).pupils

    ahead = pupils.place(kit.mean)
    right = pupils.place(shaped(kit, Shape(np.zeros(1), gaze=(20.0, 0.0))))

    assert ahead[0, 0] < 0 < ahead[1, 0]
    np.testing.assert_allclose(right[:, 0] - ahead[:, 0], 14.0 * np.sin(np.deg2rad(20.0)), atol=0.2)


def _face_with(lids: float, lips: float) -> np.ndarray:
    points = np.zeros((68, 3))
    for outer, top, inner, bottom in ((36, (37, 38), 39, (41, 40)), (45, (44, 43), 42, (46, 47))):
        points[outer, 0], points[inner, 0] = -15.0, 15.0
        for upper, lower in zip(top, bottom, strict=True):
            points[upper, 1], points[lower, 1] = -lids / 2, lids / 2
    points[48, 0], points[54, 0] = -25.0, 25.0
    for upper, lower in ((61, 67), (62, 66), (63, 65)):
        points[upper, 1], points[lower, 1] = -lips / 2, lips / 2
    return points


def test_openness_is_height_over_width() -> None:
    shut, half, wide = (_face_with(gap, gap) for gap in (0.0, 6.0, 12.0))

    np.testing.assert_array_equal(eye_openness(shut), [0.0, 0.0])
    assert mouth_openness(shut) == 0.0
    np.testing.assert_allclose(eye_openness(wide) - eye_openness(half), 6.0 / 30.0)
    assert mouth_openness(wide) - mouth_openness(half) == pytest.approx(6.0 / 50.0)


def test_openness_does_not_depend_on_pose_or_size() -> None:
    face = _face_with(9.0, 4.0)
    turned = Rotation.from_rotvec([0.3, -1.0, 0.4]).apply(face) * 2.5 + (1.0, 2.0, 3.0)

    np.testing.assert_allclose(eye_openness(turned), eye_openness(face))
    assert mouth_openness(turned) == pytest.approx(mouth_openness(face))
