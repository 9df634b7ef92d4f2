"""Simple bodies, and the form of a head that worn things follow."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.training.made_up_head import made_up_head
from training.synthetic.headform import HeadForms, unit_directions
from training.synthetic.mesh import vertex_normals
from training.synthetic.solids import (
    Solid,
    box,
    capsule,
    ellipsoid,
    lathe,
    merged,
    sheet,
    tube,
    turned,
)

RADII = np.array([75.0, 110.0, 100.0])  # of the made-up head


def _volume(solid: Solid) -> float:
    """By the divergence theorem; positive when triangles are anticlockwise seen from outside."""
    a, b, c = (solid.vertices[solid.triangles[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: box((10.0, 20.0, 30.0)), 6000.0),
        (lambda: ellipsoid((5.0, 6.0, 7.0), (10.0, 20.0, 30.0), 60, 60), 8000 * np.pi),
        (lambda: tube(np.array([[0, 0, 0], [0, 0, 40.0], [0, 0, 100.0]]), 5.0, 40), 2500 * np.pi),
        (
            lambda: tube(np.array([[3.0, 0, 0], [3.0, 80.0, 0]]), 5.0, 40, flat=(2.0, 0.5)),
            2000 * np.pi,
        ),
        (
            lambda: lathe(np.array([0.01, 10, 10, 0.01]), np.array([0, 0.01, 50, 50.01]), 80),
            5000 * np.pi,
        ),
        (lambda: capsule(np.zeros(3), np.array([0.0, 60.0, 0.0]), (8.0, 8.0)), None),
    ],
)
def test_solids_have_their_volume_and_face_outwards(
    make: Callable[[], Solid], expected: float | None
) -> None:
    solid = make()
    volume = _volume(solid)
    if expected is not None:
        assert volume == pytest.approx(expected, rel=0.02)
    assert volume > 0
    assert _volume(solid.inside_out()) == pytest.approx(-volume)
    turned_solid = solid.moved(turned((20.0, -40.0, 70.0)), (1.0, 2.0, 3.0))
    assert _volume(turned_solid) == pytest.approx(volume)
    assert _volume(merged(solid, turned_solid)) == pytest.approx(2 * volume)


def test_a_closed_tube_is_a_ring() -> None:
    angle = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    ring = np.stack([30 * np.cos(angle), 30 * np.sin(angle), 0 * angle], axis=1)

    solid = tube(ring, 4.0, 24, closed=True)

    assert abs(_volume(solid)) == pytest.approx(2 * np.pi**2 * 30 * 16, rel=0.02)
    to_ring = np.hypot(
        np.hypot(solid.vertices[:, 0], solid.vertices[:, 1]) - 30.0, solid.vertices[:, 2]
    )
    np.testing.assert_allclose(to_ring, 4.0, atol=0.05)


def test_a_sheet_faces_who_sees_rows_run_down_and_columns_to_the_right() -> None:
    y, x = np.mgrid[0:3, 0:4]
    solid = sheet(np.stack([x, y, 0 * x], axis=-1).astype(np.float64))
    # The viewer of a picture looks along +z.
    np.testing.assert_allclose(vertex_normals(solid.vertices, solid.triangles)[:, 2], -1.0)


def test_the_form_lies_on_the_heads_surface() -> None:
    kit = made_up_head()
    form = HeadForms(kit).of(kit.mean.astype(np.float64))
    azimuth, elevation = np.meshgrid(np.arange(-180, 180, 7.0), np.arange(-60, 85, 7.0))

    points = form.at(azimuth, elevation)
    on_unit_sphere = np.linalg.norm(points / RADII, axis=-1)

    np.testing.assert_allclose(on_unit_sphere, 1.0, atol=0.03)
    # They lie in the directions asked for.
    seen = points - form.centre
    seen /= np.linalg.norm(seen, axis=-1, keepdims=True)
    wanted = unit_directions(azimuth, elevation)
    angle = np.rad2deg(np.arccos(np.clip((seen * wanted).sum(axis=-1), -1, 1)))
    assert np.percentile(angle, 95) < 4.0
    lifted = form.at(azimuth, elevation, 10.0)
    np.testing.assert_allclose(np.linalg.norm(lifted - points, axis=-1), 10.0)


def test_stretched_cloth_never_enters_the_head() -> None:
    kit = made_up_head()
    form = HeadForms(kit).of(kit.mean.astype(np.float64))
    taut = form.taut(7)

    loose = np.linalg.norm(form.surface - form.centre, axis=2)
    tight = np.linalg.norm(taut.surface - taut.centre, axis=2)
    assert (tight >= loose - 1e-3).all()
    assert (tight < loose + 25.0).all()


def test_directions_are_named_as_the_viewer_sees_them() -> None:
    kit = made_up_head()
    form = HeadForms(kit).of(kit.mean.astype(np.float64))

    right, up = form.centre + (50.0, 0.0, 0.0), form.centre + (0.0, -50.0, -0.1)
    assert form.direction(right) == pytest.approx((90.0, 0.0))
    assert form.direction(up)[1] == pytest.approx(90.0, abs=0.2)
    assert form.direction(form.centre + (0.0, 0.0, -40.0)) == pytest.approx((0.0, 0.0))
