"""The model's own rotation, brought back into the image; the oracle is SciPy's Rotation."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.geometry import Box, face_crop
from app.face.pnp import Camera
from app.face.viewing import view_towards
from app.measuring.alignment import HeadInCrop
from app.measuring.direct_pose import pose_from_head
from app.measuring.pose import UNKNOWN_ANGLE
from training.faces.predictor import FaceAnswers, place

Floats = NDArray[np.float64]

AHEAD = np.eye(3)  # the crop is in the middle of the image
HEADS = [(0.0, 0.0, 0.0), (40.0, -25.0, 30.0), (-80.0, 50.0, -70.0), (15.0, 10.0, 170.0)]


def scipy_head(yaw: float, pitch: float, roll: float) -> Rotation:
    """R = Ry(-yaw) Rx(-pitch) Rz(roll)."""
    return Rotation.from_euler("YXZ", [-yaw, -pitch, roll], degrees=True)


def angles_of(heads: Rotation) -> Floats:
    """(..., 3) yaw, pitch, roll."""
    return np.asarray(heads.as_euler("YXZ", degrees=True) * (-1, -1, 1))


def clockwise(degrees: float) -> Rotation:
    """Of the image; y is down, so a positive turn about z is clockwise."""
    return Rotation.from_euler("z", degrees, degrees=True)


def told(rotation: Floats, std: tuple[float, float, float] = (3.0, 2.0, 1.0)) -> HeadInCrop:
    return HeadInCrop(np.ones(68), rotation, np.array(std), np.array([0.3, 0.3]), 0.99)


@pytest.mark.parametrize("angle", [0.0, 25.0, -90.0, 180.0])
@pytest.mark.parametrize("angles", HEADS)
def test_the_crops_turn_is_undone(angles: tuple[float, float, float], angle: float) -> None:
    """The crop of a head that is tilted clockwise was turned clockwise: it shows the head turned
    back by that angle.
    """
    truth = scipy_head(*angles)
    shown = (clockwise(-angle) * truth).as_matrix()
    pose = pose_from_head(told(shown), angle, AHEAD)
    np.testing.assert_allclose(pose.rotation, truth.as_matrix(), atol=1e-12)
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx(angles_of(truth), abs=1e-9)
    assert pose.method == "direct"
    assert pose.std is None
    assert pose.reprojection_error is None


def test_an_upright_head_in_a_turned_crop_is_tilted_by_the_crops_angle() -> None:
    assert pose_from_head(told(np.eye(3)), 40.0, AHEAD).roll == pytest.approx(40.0)


@pytest.mark.parametrize(("x", "y"), [(320.0, 240.0), (600.0, 240.0), (320.0, 20.0), (50.0, 400.0)])
def test_a_head_that_looks_at_the_lens_looks_from_where_it_stands(x: float, y: float) -> None:
    """Its crop shows a frontal head; before the camera it faces along the ray, and stands upright
    as the shortest turn leaves it.
    """
    camera = Camera(500.0, 400.0, 320.0, 240.0)
    view = view_towards(camera, x, y)
    ray = np.array([(x - 320) / 500, (y - 240) / 400, 1.0])
    expected, _ = Rotation.align_vectors(ray, [0, 0, 1])
    np.testing.assert_allclose(view, expected.as_matrix(), atol=1e-12)
    pose = pose_from_head(told(np.eye(3)), 0.0, view)
    assert pose.yaw == pytest.approx(-math.degrees(math.atan2(ray[0], 1.0)))
    assert pose.pitch == pytest.approx(math.degrees(math.atan2(ray[1], math.hypot(ray[0], 1))))


def spread(truth: Rotation, std: tuple[float, float, float], angle: float, named: str) -> Floats:
    """Of the angles of 40,000 answers that err about the axes of the unrolled head in the crop."""
    shown = clockwise(-angle) * truth
    yaw, pitch, _ = angles_of(shown)
    unrolled = scipy_head(yaw, pitch, 0.0)
    drawn = np.random.default_rng(0).normal(0.0, std, (40_000, 3))
    noise = unrolled * Rotation.from_rotvec(drawn, degrees=True) * unrolled.inv()
    answers = clockwise(angle) * noise * shown
    if named == "300w-lp":
        found = answers.as_euler("XYZ", degrees=True)[:, [1, 0, 2]] * (1, -1, 1)
    else:
        found = angles_of(answers)
    # About the circular middle: angles near +-180 wrap.
    middle = found[0]
    return np.asarray(np.std((found - middle + 180) % 360 - 180, axis=0))


@pytest.mark.parametrize("convention", ["canonical", "openvino", "300w-lp"])
@pytest.mark.parametrize("angles", HEADS)
def test_deviations_are_those_of_repeated_answers(
    angles: tuple[float, float, float], convention: str
) -> None:
    truth, std = scipy_head(*angles), (0.3, 0.2, 0.1)
    pose = pose_from_head(told(truth.as_matrix(), std), 0.0, AHEAD, convention)
    assert pose.std is not None
    found = [pose.std[name] for name in ("yaw", "pitch", "roll")]
    np.testing.assert_allclose(found, spread(truth, std, 0.0, convention), rtol=0.03)


@pytest.mark.parametrize("angle", [20.0, -75.0])
@pytest.mark.parametrize("angles", HEADS[:3])
def test_deviations_turn_with_the_image(angles: tuple[float, float, float], angle: float) -> None:
    truth, std = scipy_head(*angles), (0.2, 0.2, 0.2)
    shown = (clockwise(-angle) * truth).as_matrix()
    pose = pose_from_head(told(shown, std), angle, AHEAD, "canonical")
    assert pose.std is not None
    found = [pose.std[name] for name in ("yaw", "pitch", "roll")]
    np.testing.assert_allclose(found, spread(truth, std, angle, "canonical"), rtol=0.03)


def test_conventions_without_angles_have_no_deviations() -> None:
    assert pose_from_head(told(np.eye(3)), 0.0, AHEAD, "opencv-rodrigues").std == {}


@pytest.mark.parametrize("convention", ["canonical", "300w-lp"])
def test_straight_up_no_yaw_and_no_roll_is_known(convention: str) -> None:
    """Of 300w-lp it is the profile: yaw of 90."""
    angles = (0.0, 90.0, 0.0) if convention == "canonical" else (90.0, 0.0, 0.0)
    pose = pose_from_head(told(scipy_head(*angles).as_matrix()), 0.0, AHEAD, convention)
    assert pose.std is not None
    assert all(math.isfinite(value) and 0 < value <= UNKNOWN_ANGLE for value in pose.std.values())
    if convention == "canonical":
        assert pose.std == {"yaw": UNKNOWN_ANGLE, "pitch": 3.0, "roll": UNKNOWN_ANGLE}


def test_nothing_known_is_a_uniform_angle() -> None:
    assert np.linspace(-180, 180, 100_001).std() == pytest.approx(UNKNOWN_ANGLE, rel=1e-4)


@pytest.mark.parametrize("angle", [0.0, 33.0])
def test_the_service_reads_the_answer_as_the_evaluation_does(angle: float) -> None:
    head = told(scipy_head(25.0, -10.0, 12.0).as_matrix())
    crop = face_crop(np.zeros((80, 80, 3), np.uint8), Box(20, 20, 40, 40), 16, angle=angle)
    answers = FaceAnswers(
        points=np.zeros((1, 68, 2)),
        std=np.zeros((1, 68)),
        visible=head.visible[None],
        rotation=head.rotation[None],
        rotation_std=head.rotation_std[None],
        openness=head.openness[None],
        presence=np.array([head.presence]),
    )
    judged, served = place(answers, 0, crop), pose_from_head(head, crop.angle, AHEAD, "canonical")
    np.testing.assert_allclose(served.rotation, judged.rotation, atol=1e-12)
    assert served.std is not None
    # The turn about x is one of the pitch.
    assert served.std["pitch"] == pytest.approx(judged.rotation_std[0])
