"""A whole picture, drawn with a made-up head."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from app.face.rotation import from_euler
from tests.training.made_up_head import made_up_head
from training.synthetic.appearance import sample_appearance
from training.synthetic.camera import PinholeCamera
from training.synthetic.head import Pose, Shape
from training.synthetic.person import Person
from training.synthetic.props import Prop
from training.synthetic.quality import FAST
from training.synthetic.render import Rendered, render
from training.synthetic.shading import Light
from training.synthetic.studio import Studio

CAMERA = PinholeCamera.centred(96, 96, 160.0)
GREY = np.full((4, 4, 3), 0.2, dtype=np.float32)


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio.open(made_up_head(), replace(FAST, supersampling=1.0))


# A lamp beside the lens.
LIGHT = Light(
    np.array([0.0, 0.0, -1.0]), 5.0, *(np.full(3, v, dtype=np.float32) for v in (0.7, 0.3, 0.2))
)


def _picture(studio: Studio, props: tuple[Prop, ...] = (), people: int = 1) -> Rendered:
    rng = np.random.default_rng(4)
    sitters = [
        Person(
            Shape(np.array([0.5])),
            sample_appearance(rng, tone=0.1, style="short"),
            Pose(from_euler(10.0, 0.0, 0.0), np.array([0.0, 10.0, 600.0])),
            props,
        )
        for _ in range(people)
    ]
    return render(studio, sitters, CAMERA, LIGHT, GREY)


@pytest.fixture(scope="module")
def first(studio: Studio) -> Rendered:
    """One picture for all tests: compiling and drawing it takes seconds."""
    return _picture(studio)


def _plate(opacity: float, emissive: bool = True) -> Prop:
    """A green square before the whole face, in the camera frame."""
    corners: NDArray[np.float64] = np.array(
        [[-120.0, -120, 300], [120, -120, 300], [120, 120, 300], [-120, 120, 300]]
    )
    triangles = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)
    colour = np.tile(np.array([0.0, 0.5, 0.0], dtype=np.float32), (4, 1))
    return Prop(
        "plate", corners, triangles, colour, opacity=opacity, emissive=emissive, frame="camera"
    )


def test_the_same_scene_gives_the_same_bytes(studio: Studio, first: Rendered) -> None:
    second = _picture(studio)

    assert first.radiance.dtype == np.float32
    assert first.radiance.shape == (96, 96, 3)
    assert np.isfinite(first.radiance).all()
    np.testing.assert_array_equal(first.radiance, second.radiance)
    np.testing.assert_array_equal(first.faces[0].points, second.faces[0].points)


def test_the_face_stands_out_where_the_labels_say(first: Rendered) -> None:
    x, y = (round(value) for value in first.faces[0].box.centre)
    # Light skin at the nose reflects more red than blue; the background is grey.
    red, _, blue = first.radiance[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).mean(axis=0)
    assert red > 1.2 * blue
    np.testing.assert_allclose(first.radiance[2, 2], 0.2, atol=1e-6)


def test_nobody_leaves_the_background(studio: Studio) -> None:
    rendered = _picture(studio, people=0)

    assert rendered.faces == ()
    np.testing.assert_allclose(rendered.radiance, 0.2, atol=1e-6)


def test_a_thing_before_the_face_hides_it_and_its_points(studio: Studio, first: Rendered) -> None:
    rendered = _picture(studio, (_plate(1.0),))

    np.testing.assert_allclose(rendered.radiance[48, 48], [0.0, 0.5, 0.0], atol=1e-6)
    assert first.faces[0].visible_3d[17:].sum() > 45
    assert not rendered.faces[0].visible_3d[17:].any()
    np.testing.assert_array_equal(rendered.faces[0].points_3d, first.faces[0].points_3d)


def test_clear_glass_tints_but_hides_no_point(studio: Studio, first: Rendered) -> None:
    rendered = _picture(studio, (_plate(0.25),))

    np.testing.assert_array_equal(rendered.faces[0].visible, first.faces[0].visible)
    # Where the plate casts no shadow on what lies behind: the background.
    np.testing.assert_allclose(rendered.radiance[1, 48], [0.15, 0.275, 0.15], atol=1e-6)


def test_a_thing_casts_its_shadow(studio: Studio) -> None:
    """The lamp stands beside the lens, so the plate shades the face that it hides."""
    lit, shaded = (
        _picture(studio, (replace(_plate(0.01), casts_shadow=shadow),)) for shadow in (False, True)
    )
    box = lit.faces[0].box
    x, y = (round(value) for value in box.centre)

    assert shaded.radiance[y, x].sum() < 0.9 * lit.radiance[y, x].sum()
