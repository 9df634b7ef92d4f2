"""Normals and visibility of light on shapes where the answer is known."""

import numpy as np

from tests.training.made_up_head import made_up_head
from training.synthetic.facekit import Part
from training.synthetic.mesh import (
    directions_on_sphere,
    lit_fraction,
    sky_visibility,
    vertex_normals,
)

FLOOR = np.array([[-9.0, 0, -9], [9, 0, -9], [9, 0, 9], [-9, 0, 9]])
QUAD = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)


def test_normals_of_an_ellipsoid_point_outwards() -> None:
    kit = made_up_head()

    normals = vertex_normals(kit.mean, kit.triangles_of(Part.FACE))[500:9000]

    gradient = kit.mean[500:9000] / np.array([75.0, 110.0, 100.0]) ** 2
    gradient /= np.linalg.norm(gradient, axis=1, keepdims=True)
    cosine = np.sum(normals * gradient, axis=1)
    # The mesh's seam has normals of half its triangles only.
    assert np.quantile(cosine, 0.01) > 0.99


def test_directions_cover_the_sphere_evenly() -> None:
    directions = directions_on_sphere(400)

    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0)
    np.testing.assert_allclose(directions.mean(axis=0), 0.0, atol=0.01)
    np.testing.assert_allclose((directions**2).mean(axis=0), 1 / 3, atol=0.01)


def test_a_roof_shades_the_floor_from_above_but_not_from_the_side() -> None:
    floor = np.array([[-1.0, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]])
    roof = floor * 2.0 + (0, -4.0, 0)
    vertices = np.concatenate([floor, roof])
    triangles = np.concatenate([QUAD, QUAD + 4])

    from_above = lit_fraction(vertices, triangles, np.array([0.0, -1.0, 0.0]))
    from_the_side = lit_fraction(vertices, triangles, np.array([0.70711, -0.70711, 0.0]))

    np.testing.assert_allclose(from_above[:4], 0.0)
    np.testing.assert_allclose(from_above[4:], 1.0, atol=1e-6)
    np.testing.assert_allclose(from_the_side[:4], 1.0, atol=1e-6)


def test_an_open_floor_sees_the_whole_sky() -> None:
    normals = np.tile([0.0, -1.0, 0.0], (4, 1))

    # At grazing light a shadow map's pixels let a plane shade itself a little.
    np.testing.assert_allclose(sky_visibility(FLOOR, normals, QUAD, 32), 1.0, atol=0.02)
