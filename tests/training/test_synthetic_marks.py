"""Points on the surface of a head, and where the painter paints what they mark."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.made_up_head import made_up_head
from training.synthetic.appearance import sample_appearance
from training.synthetic.facekit import FaceKit, Part
from training.synthetic.front_map import brow_lines, brow_map, lip_map
from training.synthetic.label_fields import LABEL_FIELDS
from training.synthetic.marks import Marks
from training.synthetic.surface_points import Surface, SurfacePoints


@pytest.fixture(scope="module")
def kit() -> FaceKit:
    return made_up_head()


@pytest.fixture(scope="module")
def marks(kit: FaceKit) -> Marks:
    return Marks(kit)


def test_rays_meet_an_ellipsoid_where_algebra_says(kit: FaceKit) -> None:
    surface = Surface(kit.mean, kit.triangles_of(Part.FACE))
    directions = np.array([[0.0, 0.0, -1.0], [0.6, 0.2, -0.7], [-0.3, -0.8, 0.1]])

    points = surface.hit(np.zeros((3, 3)), directions).place(kit.mean)

    lengths = 1.0 / np.sqrt(((directions / (75.0, 110.0, 100.0)) ** 2).sum(axis=1))
    np.testing.assert_allclose(points, directions * lengths[:, None], atol=0.2)


def test_the_nearest_points_of_points_on_the_surface_are_themselves(kit: FaceKit) -> None:
    rng = np.random.default_rng(1)
    triangles = kit.triangles_of(Part.FACE)[rng.integers(1000, 17000, 20)]
    inside = np.einsum("kc,kcd->kd", rng.dirichlet((1, 1, 1), 20), kit.mean[triangles])

    found = Surface(kit.mean, kit.triangles_of(Part.FACE)).nearest(inside).place(kit.mean)

    np.testing.assert_allclose(found, inside, atol=1e-3)


def test_a_point_from_the_front_keeps_its_x_and_y_and_follows_the_head(kit: FaceKit) -> None:
    points = Surface(kit.mean, kit.triangles_of(Part.FACE)).from_the_front([[10.0, -20.0]])

    placed = points.place(kit.mean)[0]
    np.testing.assert_allclose(placed[:2], [10.0, -20.0], atol=1e-6)
    assert placed[2] < -90.0
    np.testing.assert_allclose(points.place(kit.mean * 2.0 + 1.0)[0], placed * 2.0 + 1.0, rtol=1e-6)


def test_a_surface_that_no_ray_meets_says_so(kit: FaceKit) -> None:
    surface = Surface(kit.mean, kit.triangles_of(Part.FACE))
    with pytest.raises(ValueError):  # noqa: PT011
        surface.hit([[0.0, 0.0, -500.0]], [[0.0, 0.0, -1.0]])


def test_weights_are_means(marks: Marks) -> None:
    for name, points in vars(marks).items():
        assert isinstance(points, SurfacePoints), name
        np.testing.assert_allclose(points.weights.sum(axis=1), 1.0, err_msg=name)
        assert (points.weights >= 0.0).all(), name


def test_counts_and_sides(kit: FaceKit, marks: Marks) -> None:
    counts = {"ibug": 68, "mesh": 68, "brows_muct": 12, "brows_aflw": 6, "lids_muct": 16}
    counts |= {"nose_sides": 8, "nostrils": 2, "ears": 2, "pupils": 2}
    assert {name: len(points) for name, points in vars(marks).items()} == counts
    for name in ("nose_sides", "nostrils", "ears", "pupils", "lids_muct"):
        right, left = np.split(getattr(marks, name).place(kit.mean), 2)
        np.testing.assert_allclose(right * (-1, 1, 1), left, atol=0.5, err_msg=name)
        assert (right[:, 0] < 0).all(), name


@pytest.mark.parametrize("width", [2.6, 6.0])
def test_brow_points_stand_on_the_upper_edge_of_the_painted_hairs(
    kit: FaceKit, marks: Marks, width: float
) -> None:
    look = replace(sample_appearance(np.random.default_rng(3)), brow_width=width, brow_density=0.9)
    painted = brow_map(brow_lines(kit.mean[kit.landmarks]), look, 8)
    points = marks.ibug.place(kit.mean)[[18, 19, 20, 23, 24, 25]]

    def hairs(below: float) -> float:
        return float(np.mean(painted.at(points + (0.0, below, 0.0))))

    assert hairs(2.0) > 0.5
    assert hairs(-2.5) < 0.15
    assert hairs(-2.5) < hairs(0.0) < hairs(2.0)


def test_lip_points_stand_on_the_border_of_the_painted_red(kit: FaceKit, marks: Marks) -> None:
    painted = lip_map(kit.mean[kit.landmarks], 8)
    points = marks.ibug.place(kit.mean)[[49, 50, 51, 52, 53, 55, 56, 57, 58, 59]]
    inwards = np.array([0.0, 35.0, 0.0]) - points
    inwards[:, [0, 2]] = 0.0
    inwards[:, 1] = np.sign(inwards[:, 1]) * 2.0

    assert np.abs(painted.at(points) - 0.5).max() < 0.25
    assert painted.at(points + inwards).min() > 0.85
    assert painted.at(points - inwards).max() < 0.15


def test_every_field_is_in_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "synthetic.md").read_text(encoding="utf-8")
    for name in LABEL_FIELDS:
        assert f"`{name}`" in text, name
