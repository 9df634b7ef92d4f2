"""Composed scenes: the labels stay on the faces whatever is done to the picture."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from training.detection.images import BoxFromFivePoints, LabelledImage, turned_box
from training.detection.scenes import SceneMaker, SceneRules
from training.detection.targets import scene_targets

_COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255]])
_PLACES = np.array([[70.0, 80.0], [120.0, 82.0], [95.0, 110.0], [75.0, 135.0], [118.0, 133.0]])


def _face(complete: bool = True) -> LabelledImage:
    """A grey picture with five coloured discs as the points of a face."""
    pixels = np.full((200, 190, 3), 90, np.uint8)
    rows, columns = np.indices(pixels.shape[:2])
    for colour, (x, y) in zip(_COLOURS, _PLACES, strict=True):
        pixels[(columns - x) ** 2 + (rows - y) ** 2 <= 7**2] = colour
    return LabelledImage(
        source="one",
        pixels=pixels,
        boxes=np.array([[55.0, 50.0, 80.0, 105.0]]),
        points=_PLACES[None],
        ignored=np.zeros((0, 4)),
        complete=complete,
    )


def _rules(**changes: object) -> SceneRules:
    plain = {
        "shares": (("one", 1.0),),
        "mosaic": 0.0,
        "paste": 0.0,
        "dim": 0.0,
        "natural": (),
        "tilts": (),
    }
    return SceneRules(**{**plain, **changes})  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _no_photometric(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.detection.scenes.photometric", lambda _rng, image: image)


def test_points_stay_on_what_they_mark_and_change_names_in_the_mirror() -> None:
    maker = SceneMaker([_face()], _rules(sizes=(70.0, 160.0)))
    mirrored = 0
    for seed in range(30):
        scene = maker.draw(np.random.default_rng(seed))
        if len(scene.points) == 0:
            continue
        points = scene.points[0]
        seen = [scene.pixels[round(float(y)), round(float(x))] for x, y in points]
        # Mirrored, right and left change places: the point called "right eye" is on the other disc.
        order = [0, 1, 2, 3, 4]
        if not (np.argmax(seen[0]) == 0 and seen[0][1] < 128):
            order, mirrored = [1, 0, 2, 4, 3], mirrored + 1
        assert (np.abs(np.array(seen, int) - _COLOURS[order]) < 90).all()
        assert points[0, 0] < points[1, 0]
    assert 5 < mirrored < 25


def test_boxes_follow_the_picture() -> None:
    maker = SceneMaker([_face()], _rules(turn_std=0.0, sizes=(60.0, 120.0)))
    for seed in range(10):
        scene = maker.draw(np.random.default_rng(seed))
        if len(scene.boxes) == 0:
            continue
        box, points = scene.boxes[0], scene.points[0]
        inside = (points >= box[:2]) & (points <= box[:2] + box[2:])
        assert inside.all()
        assert box[3] / box[2] == pytest.approx(105 / 80, rel=0.25)


def test_the_surroundings_of_incomplete_pictures_are_unknown() -> None:
    scene = SceneMaker([_face(complete=False)], _rules()).draw(np.random.default_rng(1))
    assert scene.unknown is not None
    assert scene.unknown.any()
    scene = SceneMaker([_face()], _rules()).draw(np.random.default_rng(1))
    assert scene.unknown is not None
    assert not scene.unknown.any()


def test_mosaics_and_pasted_faces_make_valid_targets() -> None:
    maker = SceneMaker(
        [_face(), _face(complete=False)], _rules(mosaic=1.0, paste=1.0, pasted=("one",))
    )
    for seed in range(5):
        scene = maker.draw(np.random.default_rng(seed))
        target = scene_targets(scene)
        assert target.shape == (1024 + 256 + 64, 16)
        assert np.isfinite(target).all()
        assert len(scene.boxes) >= 1


def test_a_source_without_pictures_is_named() -> None:
    with pytest.raises(ValueError, match="two"):
        SceneMaker([_face()], _rules(shares=(("two", 1.0),)))


def test_scenes_depend_on_the_generator_alone() -> None:
    maker = SceneMaker([_face()], _rules(mosaic=0.5))
    first, second = (maker.draw(np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first.pixels, second.pixels)
    np.testing.assert_array_equal(first.boxes, second.boxes)


def test_the_box_of_five_points_scales_and_moves_with_them() -> None:
    rng = np.random.default_rng(0)
    points = _PLACES + rng.normal(0, 4, (80, 5, 2))
    points = points * rng.uniform(0.3, 3, (80, 1, 1)) + rng.uniform(0, 200, (80, 1, 2))
    low, high = points.min(axis=1), points.max(axis=1)
    boxes = np.concatenate([low - (high - low) * 0.4, (high - low) * 1.8], axis=1)
    guess = BoxFromFivePoints(points, boxes)
    found = guess(points)
    assert np.abs(found - boxes).max(axis=1).mean() < 0.1 * boxes[:, 2:].mean()
    np.testing.assert_allclose(guess(points * 2 + 5), found * 2 + [5, 5, 0, 0], rtol=1e-6)


@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0, -135.0, 180.0])
def test_the_box_of_a_turned_face_bounds_the_turned_ellipse(degrees: float) -> None:
    box = np.array([20.0, 30.0, 60.0, 90.0])
    around = np.linspace(0, 2 * np.pi, 2000)
    ellipse = np.stack([50 + 30 * np.cos(around), 75 + 45 * np.sin(around)], axis=1)
    turn = 1.5 * Rotation.from_euler("z", degrees, degrees=True).as_matrix()[:2, :2]
    places = ellipse @ turn.T + (7, -4)
    low, high = places.min(axis=0), places.max(axis=0)
    found = turned_box(box, np.column_stack([turn, (7, -4)]))
    np.testing.assert_allclose(found, [*low, *(high - low)], atol=0.01)
