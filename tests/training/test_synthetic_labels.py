"""Labels of a made-up head: projection, visibility, recovered pose, mirror."""

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.face.rotation import from_euler
from tests.training.made_up_head import made_up_head, mirrored_head
from training.synthetic.camera import PinholeCamera
from training.synthetic.contour import JawContour
from training.synthetic.facekit import FaceKit
from training.synthetic.head import Pose
from training.synthetic.labels import FaceLabel, label_face
from training.synthetic.rasteriser import rasterise

CAMERA = PinholeCamera(200, 160, 300.0, 300.0, 95.0, 82.0)


def _label(kit: FaceKit, pose: Pose, camera: PinholeCamera = CAMERA) -> FaceLabel:
    head = kit.mean.astype(np.float64)
    depth = rasterise(pose.to_camera(head), kit.triangles, camera.finer(2)).depth
    return label_face(kit, JawContour(kit), head, pose, camera, depth)


@pytest.mark.parametrize("angles", [(0, 0, 0), (35, 10, -20), (-70, -20, 40), (10, 50, 80)])
def test_solve_pnp_recovers_the_labelled_pose(angles: tuple[float, float, float]) -> None:
    pose = Pose(from_euler(*angles), np.array([30.0, -20.0, 600.0]))
    label = _label(made_up_head(), pose)

    ok, vector, translation = cv2.solvePnP(
        label.in_head, label.points_3d, CAMERA.matrix(), None, flags=cv2.SOLVEPNP_SQPNP
    )

    assert ok
    error = Rotation.from_matrix(cv2.Rodrigues(vector)[0] @ pose.rotation.T).magnitude()
    assert np.rad2deg(error) < 0.1
    eyes = made_up_head().mean[made_up_head().landmarks[[36, 45]]].mean(axis=0)
    np.testing.assert_allclose(translation[:, 0], pose.to_camera(eyes), atol=0.5)


def test_a_frontal_face_shows_all_points_and_a_head_from_behind_none() -> None:
    kit = made_up_head()
    place = np.array([0.0, 0.0, 600.0])

    front = _label(kit, Pose(from_euler(0, 0, 0), place))
    back = _label(kit, Pose(from_euler(180, 0, 0), place))

    assert front.visible.all()
    assert not back.visible_3d[17:].any()


def test_turning_right_hides_points_on_the_image_right() -> None:
    label = _label(made_up_head(), Pose(from_euler(60, 0, 0), np.array([0.0, 0.0, 600.0])))

    # The face turns to the image's right, so the subject's left eye (42..47) goes out of sight.
    assert label.visible[36:42].all()
    assert not label.visible[[44, 45, 46]].any()
    assert label.points[30, 0] > label.points[27:68, 0].min()


def test_points_outside_the_picture_are_not_visible() -> None:
    label = _label(made_up_head(), Pose(from_euler(0, 0, 0), np.array([-200.0, 0.0, 600.0])))

    outside = (label.points < -0.5).any(axis=1)
    assert outside.any()
    assert not label.visible[outside].any()


def test_the_jaw_lies_on_the_visible_outline() -> None:
    """Turned by 30 degrees the far cheek, not the far jaw bone, is the outline."""
    kit = made_up_head()
    pose = Pose(from_euler(30, 0, 0), np.array([0.0, 0.0, 600.0]))
    label = _label(kit, pose)
    in_camera = pose.to_camera(kit.mean.astype(np.float64))
    covered = rasterise(in_camera, kit.triangles, CAMERA).covered

    for k in (12, 13, 14, 15):
        column, row = np.round(label.points[k]).astype(int)
        rightmost = np.nonzero(covered[row])[0].max()
        assert abs(rightmost - column) <= 2
        assert label.points[k, 0] > label.points_3d[k, 0]


@pytest.mark.parametrize("angles", [(0, 0, 0), (35, 10, -20), (-60, -15, 25)])
def test_the_label_of_the_mirrored_scene_is_the_mirrored_label(
    angles: tuple[float, float, float],
) -> None:
    kit = made_up_head()
    pose = Pose(from_euler(*angles), np.array([30.0, -20.0, 600.0]))
    yaw, pitch, roll = angles
    label = _label(kit, pose).mirrored()

    mirrored_pose = Pose(from_euler(-yaw, pitch, -roll), np.array([-30.0, -20.0, 600.0]))
    again = _label(mirrored_head(kit), mirrored_pose, CAMERA.mirrored())

    np.testing.assert_allclose(label.pose.rotation, mirrored_pose.rotation, atol=1e-12)
    np.testing.assert_allclose(label.pose.translation, again.pose.translation)
    # The mirrored head keeps its vertex numbers, so its points come in the unflipped order.
    flip = [*range(16, -1, -1)]
    np.testing.assert_allclose(label.points_3d[:17], again.points_3d[flip], atol=1e-9)
    np.testing.assert_allclose(
        label.camera.project(label.pose.to_camera(label.in_head)), label.points_3d, atol=1e-9
    )
