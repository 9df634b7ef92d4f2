"""The renderer's camera against OpenCV's."""

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from training.synthetic.camera import PinholeCamera
from training.synthetic.head import Pose

CAMERA = PinholeCamera(480, 360, 521.0, 530.0, 233.5, 171.25)


@pytest.mark.parametrize("seed", range(8))
def test_projects_as_opencv_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pose = Pose(Rotation.random(random_state=seed).as_matrix(), np.array([60.0, -40.0, 700.0]))
    points = rng.uniform(-120, 120, (500, 3))

    ours = CAMERA.project(pose.to_camera(points))

    vector = cv2.Rodrigues(pose.rotation)[0]
    theirs = cv2.projectPoints(points, vector, pose.translation, CAMERA.matrix(), None)[0]
    np.testing.assert_allclose(ours, theirs[:, 0], atol=1e-3)


def test_finer_pixels_share_the_edges_of_the_picture() -> None:
    # The left edge of the picture, -0.5 in both, and its right edge, 479.5 and 1439.5.
    edges = np.array([[-0.5, -0.5], [479.5, 359.5]])
    rays = np.concatenate(
        [(edges - (CAMERA.cx, CAMERA.cy)) / (CAMERA.fx, CAMERA.fy), np.ones((2, 1))], axis=1
    )

    in_finer = CAMERA.finer(3).project(rays * 500.0)

    np.testing.assert_allclose(in_finer, [[-0.5, -0.5], [1439.5, 1079.5]], atol=1e-9)


def test_mirrored_camera_sees_the_mirrored_scene() -> None:
    points = np.random.default_rng(1).uniform(-100, 100, (50, 3)) + (0, 0, 500)

    mirrored = CAMERA.mirrored().project(points * (-1, 1, 1))

    expected = CAMERA.project(points) * (-1, 1) + (479, 0)
    np.testing.assert_allclose(mirrored, expected, atol=1e-9)


def test_the_middle_of_a_centred_camera() -> None:
    camera = PinholeCamera.centred(384, 256, 600.0)

    np.testing.assert_allclose(camera.project(np.array([0.0, 0.0, 400.0])), [191.5, 127.5])
