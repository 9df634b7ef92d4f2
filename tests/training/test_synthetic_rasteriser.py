"""The rasteriser against rays that are intersected with planes by hand."""

import numpy as np

from training.synthetic.camera import PinholeCamera
from training.synthetic.rasteriser import rasterise

CAMERA = PinholeCamera.centred(64, 48, 50.0)
QUAD = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)


def test_depth_and_position_are_perspective_correct_on_a_tilted_plane() -> None:
    corners = np.array(
        [[-300.0, -300.0, 200.0], [300.0, -300.0, 900.0], [300.0, 300.0, 900.0], [-300, 300, 200]]
    )

    buffer = rasterise(corners, QUAD, CAMERA)
    positions = buffer.interpolate(QUAD, corners)

    rows, columns = np.nonzero(buffer.covered)
    rays = np.stack([(columns - 31.5) / 50, (rows - 23.5) / 50, np.ones(len(rows))], axis=1)
    # The plane through the corners: z = 550 + x * 700 / 600.
    depth = 550.0 / (1.0 - rays[:, 0] * 700 / 600)
    assert len(rows) > 1000
    np.testing.assert_allclose(buffer.depth[rows, columns], depth, rtol=1e-5)
    np.testing.assert_allclose(positions, rays * depth[:, None], rtol=1e-4, atol=1e-2)


def test_covers_exactly_the_pixels_whose_centres_lie_inside() -> None:
    # Pixels 10.2..20.8 by 5.5..9.5 at depth 100, one unit of x per two pixels.
    left, right, top, bottom = ((np.array([10.2, 20.8, 5.5, 9.5]) - [31.5, 31.5, 23.5, 23.5]) * 2).T
    corners = np.array(
        [[left, top, 100.0], [right, top, 100.0], [right, bottom, 100.0], [left, bottom, 100.0]]
    )

    covered = rasterise(corners, QUAD, CAMERA).covered

    expected = np.zeros((48, 64), dtype=bool)
    expected[6:10, 11:21] = True
    np.testing.assert_array_equal(covered, expected)


def test_the_nearer_triangle_wins_whatever_the_order() -> None:
    near = np.array([[-50.0, -50, 200], [50, -50, 200], [0, 60, 200]])
    far = near * (2, 2, 1) + (0, 0, 100)
    vertices = np.concatenate([near, far])
    for order in ([[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 1, 2]]):
        buffer = rasterise(vertices, np.array(order, dtype=np.int32), CAMERA)

        assert buffer.depth[23, 31] == np.float32(200.0)


def test_what_reaches_the_camera_is_left_out() -> None:
    vertices = np.array([[-50.0, -50, 200], [50, -50, 200], [0, 60, -5]])

    buffer = rasterise(vertices, np.array([[0, 1, 2]], dtype=np.int32), CAMERA)

    assert not buffer.covered.any()
    assert np.isinf(buffer.depth).all()


def test_a_mirrored_mesh_covers_the_mirrored_pixels() -> None:
    rng = np.random.default_rng(3)
    vertices = rng.uniform(-100, 100, (60, 3)) + (0, 0, 300)
    triangles = rng.permutation(60).reshape(20, 3).astype(np.int32)

    straight = rasterise(vertices, triangles, CAMERA)
    mirrored = rasterise(vertices * (-1, 1, 1), triangles, CAMERA.mirrored())

    np.testing.assert_array_equal(mirrored.triangle, straight.triangle[:, ::-1])
    np.testing.assert_allclose(mirrored.depth, straight.depth[:, ::-1], rtol=1e-6)
