"""The visible outline of the jaw, on an ellipsoid."""

import numpy as np
import pytest

from app.face.rotation import from_euler
from tests.training.made_up_head import made_up_head
from training.synthetic.camera import PinholeCamera
from training.synthetic.contour import JawContour
from training.synthetic.facekit import FaceKit
from training.synthetic.head import Pose
from training.synthetic.rasteriser import rasterise

CAMERA = PinholeCamera(400, 400, 700.0, 700.0, 199.5, 199.5)
PLACE = np.array([0.0, 0.0, 600.0])


@pytest.fixture(scope="module")
def kit() -> FaceKit:
    return made_up_head()


@pytest.fixture(scope="module")
def contour(kit: FaceKit) -> JawContour:
    return JawContour(kit)


@pytest.mark.parametrize("yaw", [15.0, 30.0])
def test_the_far_jaw_lies_on_the_edge_of_the_drawn_head(
    kit: FaceKit, contour: JawContour, yaw: float
) -> None:
    """Turned, the far cheek and not the far jaw bone is the outline."""
    in_camera = Pose(from_euler(yaw, 0, 0), PLACE).to_camera(kit.mean.astype(np.float64))
    covered = rasterise(in_camera, kit.triangles, CAMERA).covered

    points = CAMERA.project(contour.points(in_camera))

    for k in (12, 13, 14):
        column, row = np.round(points[k]).astype(int)
        edge = np.nonzero(covered[row])[0].max()
        assert abs(edge - column) <= 4


def test_it_moves_smoothly_with_the_pose(kit: FaceKit, contour: JawContour) -> None:
    """A vertex of this mesh is 3 mm from the next; the outline must not jump like that."""
    head = kit.mean.astype(np.float64)
    places = np.stack(
        [
            contour.points(Pose(from_euler(yaw, 0.0, 0.0), PLACE).to_camera(head))
            for yaw in np.arange(0.0, 40.0, 0.25)
        ]
    )

    steps = np.linalg.norm(np.diff(CAMERA.project(places), axis=0), axis=-1)
    accelerations = np.abs(np.diff(steps, axis=0))

    assert steps.max() < 1.2  # a quarter of a degree moves the nearest skin by half a pixel
    assert accelerations.max() < 0.4


def test_the_subjects_right_comes_first(kit: FaceKit, contour: JawContour) -> None:
    points = contour.points(kit.mean.astype(np.float64) + PLACE)

    assert (np.diff(points[2:15, 0]) > 0).all()
    np.testing.assert_allclose(points[:, 0], -points[::-1, 0], atol=0.2)
    assert points[8, 1] == points[:, 1].max()


def test_the_vertices_are_next_to_the_points(kit: FaceKit, contour: JawContour) -> None:
    in_camera = Pose(from_euler(25, 5, 0), PLACE).to_camera(kit.mean.astype(np.float64))

    apart = np.linalg.norm(
        in_camera[contour.vertices(in_camera)] - contour.points(in_camera), axis=1
    )

    assert apart.max() < 12.0
