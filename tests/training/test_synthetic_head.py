"""Shape, pose and loading of heads."""

from pathlib import Path

import numpy as np
import pytest

from app.face.rotation import from_euler
from tests.training.made_up_head import made_up_head
from training.synthetic.facekit import EYEBALLS, FaceKitMissingError, Part, load_facekit
from training.synthetic.head import Pose, Shape, eye_centre, gaze_expression, posed, shaped


def test_shape_is_linear_in_identity_and_expression() -> None:
    kit = made_up_head()

    vertices = shaped(kit, Shape(np.array([2.0]), {"jawOpen": 0.5}))

    expected = kit.mean + 2.0 * kit.identity[0] + 0.5 * kit.expression[0]
    np.testing.assert_allclose(vertices[:9409], expected[:9409], atol=1e-4)


def test_an_unknown_expression_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="jawOpened"):
        shaped(made_up_head(), Shape(np.zeros(1), {"jawOpened": 0.5}))


def test_gaze_turns_the_eyeballs_about_their_centres() -> None:
    kit = made_up_head()
    eye = EYEBALLS[Part.EYE_LEFT]
    centre = eye_centre(kit.mean[eye])
    pupil = eye.start + int(np.argmin(kit.mean[eye][:, 2]))

    right = shaped(kit, Shape(np.zeros(1), gaze=(20.0, 0.0)))[pupil] - centre
    up = shaped(kit, Shape(np.zeros(1), gaze=(0.0, 20.0)))[pupil] - centre

    assert right[0] == pytest.approx(14.0 * np.sin(np.deg2rad(20.0)), abs=0.1)
    assert up[1] == pytest.approx(-14.0 * np.sin(np.deg2rad(20.0)), abs=0.1)


def test_looking_right_is_outwards_for_the_left_eye() -> None:
    assert set(gaze_expression((10.0, -5.0))) == {
        "eyeLookOut_L",
        "eyeLookIn_R",
        "eyeLookDown_L",
        "eyeLookDown_R",
    }


def test_the_face_moves_rigidly_and_the_shoulders_follow_less() -> None:
    pose = Pose(from_euler(60.0, 0.0, 0.0), np.array([5.0, 6.0, 700.0]))
    points = np.array([[0.0, 0.0, -100.0], [50.0, 80.0, -60.0], [150.0, 200.0, 0.0]])

    moved = posed(points, points, pose)

    np.testing.assert_allclose(moved[:2], points[:2] @ pose.rotation.T + pose.translation)
    # 60 degrees would bring the left shoulder 130 mm nearer or farther; it goes under half-way.
    assert 20.0 < abs(moved[2, 2] - pose.translation[2]) < 100.0


def test_a_missing_model_names_its_source_and_licence(tmp_path: Path) -> None:
    with pytest.raises(FaceKitMissingError, match=r"ICT-FaceKit.*MIT"):
        load_facekit(tmp_path)


def test_loads_arrays_into_the_head_frame(tmp_path: Path) -> None:
    mean = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
    faces = np.tile(np.array([0, 1, 2, 3]), (26384, 1)).astype(np.int32)
    faces[9230:, 3] = -1  # all but the face's polygons are triangles
    np.savez(
        tmp_path / "facekit.npz",
        mean=mean.astype(np.float32),
        faces=faces,
        identity=np.ones((4, 4, 3), dtype=np.float16),
        expression=np.ones((1, 4, 3), dtype=np.float16),
        expression_names=np.array(["jawOpen"]),
    )

    kit = load_facekit(tmp_path, modes=2)

    np.testing.assert_allclose(kit.mean[0], [10.0, -20.0, -30.0])
    np.testing.assert_allclose(kit.identity, np.tile([10.0, -10.0, -10.0], (2, 4, 1)))
    assert len(kit.triangles_of(Part.FACE)) == 2 * 9230
    assert len(kit.triangles_of(Part.HEAD)) == 1914
    assert kit.expression_names == ("jawOpen",)
