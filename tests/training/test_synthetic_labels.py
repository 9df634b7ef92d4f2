"""Labels of a made-up head: projection, visibility, recovered pose, mirror, ranges."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from app.face.landmarks import SCHEMES
from app.face.rotation import from_euler
from tests.training.made_up_head import made_up_head
from training.synthetic.camera import PinholeCamera
from training.synthetic.contour import JawContour
from training.synthetic.facekit import FaceKit
from training.synthetic.head import Pose, Shape, shaped
from training.synthetic.label_fields import LABEL_FIELDS, as_arrays
from training.synthetic.labels import FaceLabel, label_face
from training.synthetic.rasteriser import rasterise

CAMERA = PinholeCamera(200, 160, 300.0, 300.0, 95.0, 82.0)
OTHERS = ("muct-76", "aflw-21", "five")


@pytest.fixture(scope="module")
def kit() -> FaceKit:
    return made_up_head()


@pytest.fixture(scope="module")
def contour(kit: FaceKit) -> JawContour:
    return JawContour(kit)


def _label(
    contour: JawContour,
    kit: FaceKit,
    pose: Pose,
    camera: PinholeCamera = CAMERA,
    head: NDArray[np.float64] | None = None,
) -> FaceLabel:
    if head is None:
        head = kit.mean.astype(np.float64)
    depth = rasterise(pose.to_camera(head), kit.triangles, camera.finer(2)).depth
    return label_face(kit, contour, head, pose, camera, depth)


@pytest.mark.parametrize("angles", [(0, 0, 0), (35, 10, -20), (-70, -20, 40), (10, 50, 80)])
def test_solve_pnp_recovers_the_labelled_pose(
    kit: FaceKit, contour: JawContour, angles: tuple[float, float, float]
) -> None:
    pose = Pose(from_euler(*angles), np.array([30.0, -20.0, 600.0]))
    label = _label(contour, kit, pose)

    ok, vector, translation = cv2.solvePnP(
        label.in_head, label.points_3d, CAMERA.matrix(), None, flags=cv2.SOLVEPNP_SQPNP
    )

    assert ok
    error = Rotation.from_matrix(cv2.Rodrigues(vector)[0] @ pose.rotation.T).magnitude()
    assert np.rad2deg(error) < 0.1
    eyes = kit.mean[kit.landmarks[[36, 45]]].mean(axis=0)
    np.testing.assert_allclose(translation[:, 0], pose.to_camera(eyes), atol=0.5)


def test_all_points_but_the_jaw_are_projections_by_opencv(
    kit: FaceKit, contour: JawContour
) -> None:
    pose = Pose(from_euler(-25, 15, 10), np.array([10.0, 5.0, 500.0]))
    label = _label(contour, kit, pose)

    vector = cv2.Rodrigues(label.pose.rotation)[0]
    projected = cv2.projectPoints(
        label.in_head, vector, label.pose.translation, CAMERA.matrix(), None
    )[0][:, 0]

    np.testing.assert_allclose(label.points_3d, projected, atol=1e-9)
    np.testing.assert_array_equal(label.points[17:], label.points_3d[17:])


def test_a_frontal_face_shows_all_points_and_a_head_from_behind_none(
    kit: FaceKit, contour: JawContour
) -> None:
    place = np.array([0.0, 0.0, 600.0])

    front = _label(contour, kit, Pose(from_euler(0, 0, 0), place))
    back = _label(contour, kit, Pose(from_euler(180, 0, 0), place))

    assert front.visible.all()
    assert front.schemes["five"].visible.all()
    assert not back.visible_3d[17:].any()
    assert not back.schemes["five"].visible.any()
    assert not back.eyes.pupils_visible.any()


def test_turning_right_hides_points_on_the_image_right(kit: FaceKit, contour: JawContour) -> None:
    label = _label(contour, kit, Pose(from_euler(60, 0, 0), np.array([0.0, 0.0, 600.0])))

    # The face turns to the image's right, so the subject's left eye (42..47) goes out of sight.
    assert label.visible[36:42].all()
    assert not label.visible[[44, 45, 46]].any()
    assert label.points[30, 0] > label.points[27:68, 0].min()


def test_points_outside_the_picture_are_not_visible(kit: FaceKit, contour: JawContour) -> None:
    label = _label(contour, kit, Pose(from_euler(0, 0, 0), np.array([-200.0, 0.0, 600.0])))

    for points, visible in [
        (label.points, label.visible),
        *((one.points, one.visible) for one in label.schemes.values()),
    ]:
        outside = (points[:, 0] < -0.5) | (points[:, 0] > CAMERA.width - 0.5)
        assert outside.any()
        assert not visible[outside].any()


def test_a_thing_before_the_face_hides_what_it_covers(kit: FaceKit, contour: JawContour) -> None:
    head = kit.mean.astype(np.float64)
    pose = Pose(np.eye(3), np.array([0.0, 0.0, 600.0]))
    depth = rasterise(pose.to_camera(head), kit.triangles, CAMERA).depth
    depth[:, : CAMERA.width // 2] = 300.0

    label = label_face(kit, contour, head, pose, CAMERA, depth)

    covered = label.points[:, 0] < CAMERA.width // 2 - 3
    assert covered.any()
    assert not label.visible[covered].any()
    assert label.visible[label.points[:, 0] > CAMERA.width // 2 + 3].all()


@pytest.mark.parametrize("angles", [(0, 0, 0), (35, 10, -20), (-60, -15, 25)])
def test_the_label_of_the_mirrored_scene_is_the_mirrored_label(
    kit: FaceKit, contour: JawContour, angles: tuple[float, float, float]
) -> None:
    # The model is symmetric: a vertex's mirror partner lies where its mirror image is.
    flipped = np.array([-1.0, 1.0, 1.0])
    rest = kit.mean.astype(np.float64)
    partner = cKDTree(rest).query(rest * flipped)[1]
    head = shaped(kit, Shape(np.array([1.0]), {"jawOpen": 0.5}, (12.0, -7.0)))
    head[:, 0] += 0.06 * head[:, 1] - 0.0004 * head[:, 0] ** 2
    yaw, pitch, roll = angles
    pose = Pose(from_euler(*angles), np.array([30.0, -20.0, 600.0]))
    label = _label(contour, kit, pose, head=head).mirrored()

    mirrored_pose = Pose(from_euler(-yaw, pitch, -roll), np.array([-30.0, -20.0, 600.0]))
    camera = CAMERA.mirrored()
    again = _label(contour, kit, mirrored_pose, camera, (head * flipped)[partner])

    expected, found = as_arrays(again), as_arrays(label)
    for name in LABEL_FIELDS:
        if expected[name].dtype == np.bool_:
            # A pixel of the picture's grid may decide differently for a point on an edge.
            assert (found[name] != expected[name]).mean() < 0.1, name
        else:
            np.testing.assert_allclose(found[name], expected[name], atol=5e-3, err_msg=name)


def test_mirroring_twice_gives_the_label_back(kit: FaceKit, contour: JawContour) -> None:
    label = _label(contour, kit, Pose(from_euler(20, -10, 5), np.array([5.0, 0.0, 500.0])))

    twice = as_arrays(label.mirrored().mirrored())

    for name, array in as_arrays(label).items():
        np.testing.assert_allclose(twice[name], array, atol=1e-9, err_msg=name)


def test_labels_of_random_heads_stay_within_their_meaning(
    kit: FaceKit, contour: JawContour
) -> None:
    rng = np.random.default_rng(0)
    camera = PinholeCamera(64, 64, 150.0, 150.0, 33.0, 30.0)
    for _ in range(50):
        gaze = tuple(rng.uniform(-25, 25, 2))
        shape = Shape(rng.normal(size=3), {"jawOpen": rng.uniform()}, (gaze[0], gaze[1]))
        angles = rng.uniform((-100, -60, -90), (100, 60, 90))
        place = np.array([*rng.uniform(-40, 40, 2), rng.uniform(450, 900)])
        pose = Pose(from_euler(*angles), place)
        label = _label(contour, kit, pose, camera, shaped(kit, shape))

        arrays = as_arrays(label)
        assert set(arrays) == set(LABEL_FIELDS)
        for name, array in arrays.items():
            assert np.isfinite(array).all(), name
        for name in OTHERS:
            assert label.schemes[name].points.shape == (len(SCHEMES[name]), 2)
            assert label.schemes[name].visible.shape == (len(SCHEMES[name]),)
        np.testing.assert_allclose(np.linalg.norm(label.eyes.gaze, axis=1), 1.0)
        assert (np.abs(label.eyes.gaze_angles) <= (180.0, 90.0)).all()
        assert (label.eyes.openness >= 0.0).all()
        assert label.mouth_openness >= 0.0
        inside = ((label.points >= -0.5) & (label.points <= 63.5)).all(axis=1)
        assert not label.visible[~inside].any()


def test_the_five_points_are_those_that_the_68_name(kit: FaceKit, contour: JawContour) -> None:
    label = _label(contour, kit, Pose(from_euler(15, 5, 0), np.array([0.0, 0.0, 600.0])))

    named = SCHEMES["ibug-68"].named(label.points)

    # The mean of projected points and the projected mean differ by the depth of the eye alone.
    found = SCHEMES["five"].named(label.schemes["five"].points)
    for place, point in found.items():
        np.testing.assert_allclose(point, named[place], atol=0.05)
    for name in ("muct-76", "aflw-21"):
        found = SCHEMES[name].named(label.schemes[name].points)
        np.testing.assert_allclose(found["mouth_left"], named["mouth_left"])
        np.testing.assert_allclose(found["nose_tip"], named["nose_tip"])
