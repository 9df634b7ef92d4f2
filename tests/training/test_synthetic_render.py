"""A whole picture, drawn with a made-up head."""

import numpy as np
import pytest

from app.face.rotation import from_euler
from tests.training.made_up_head import made_up_head
from training.synthetic.appearance import sample_appearance
from training.synthetic.camera import PinholeCamera
from training.synthetic.head import Pose, Shape
from training.synthetic.person import Person
from training.synthetic.render import Rendered, render
from training.synthetic.shading import sample_light

CAMERA = PinholeCamera.centred(96, 96, 160.0)


def _picture(seed: int, people: int = 1) -> Rendered:
    kit = made_up_head()
    rng = np.random.default_rng(seed)
    sitters = [
        Person(
            Shape(np.array([0.5])),
            sample_appearance(rng, tone=0.1, style="short"),
            Pose(from_euler(10.0, 0.0, 0.0), np.array([0.0, 10.0, 600.0])),
        )
        for _ in range(people)
    ]
    return render(kit, sitters, CAMERA, sample_light(rng), rng, supersampling=1)


@pytest.fixture(scope="module")
def first() -> Rendered:
    """One picture for all tests: compiling and drawing it takes seconds."""
    return _picture(4)


def test_the_same_seed_gives_the_same_bytes(first: Rendered) -> None:
    second = _picture(4)

    assert first.image.dtype == np.uint8
    assert first.image.shape == (96, 96, 3)
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.faces[0].points, second.faces[0].points)


def test_the_face_stands_out_where_the_labels_say(first: Rendered) -> None:
    box = first.faces[0].box
    x, y = (round(value) for value in box.centre)
    # Light skin at the nose: red above blue, and brighter than a shadow.
    red, _, blue = first.image[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).mean(axis=0)
    assert red > 90
    assert red > blue + 10


def test_nobody_gives_a_background_without_faces() -> None:
    rendered = _picture(6, people=0)

    assert rendered.faces == ()
    assert rendered.image.std() > 1.0
