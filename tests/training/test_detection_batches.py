"""Batches of scenes of two sizes, and the hard negatives that they show."""

import keras
import numpy as np

from training.detection.images import LabelledImage
from training.detection.losses import detection_loss
from training.detection.mining import HardNegatives, hard_places
from training.detection.pipeline import DetectionBatches
from training.detection.scenes import HardPlace, SceneMaker, SceneRules
from training.fit import Schedule
from training.networks.detector import STRIDES, detector_network


def _without_faces(mark: tuple[int, int] | None = None) -> LabelledImage:
    """A grey picture, with a red square of 8 x 8 pixels where wanted."""
    pixels = np.full((120, 150, 3), 100, np.uint8)
    if mark is not None:
        pixels[mark[1] - 4 : mark[1] + 4, mark[0] - 4 : mark[0] + 4] = (255, 0, 0)
    none = np.zeros((0, 4))
    return LabelledImage("none", pixels, none, np.zeros((0, 5, 2)), none, True)


def _rules(size: int, **changes: object) -> SceneRules:
    plain = {"size": size, "shares": (("none", 1.0),), "mosaic": 0.0, "paste": 0.0, "tilts": ()}
    return SceneRules(**{**plain, **changes})  # type: ignore[arg-type]


def _batches(steps: int) -> DetectionBatches:
    images = [_without_faces()]
    return DetectionBatches(
        SceneMaker(images, _rules(64)),
        large=SceneMaker(images, _rules(128)),
        batch=8,
        steps=steps,
        seed=0,
    )


def test_every_tenth_batch_has_larger_scenes_and_about_as_many_pixels() -> None:
    batches = _batches(12)
    shapes = [batches[index][0].shape for index in range(12)]
    assert shapes[1] == shapes[11] == (2, 128, 128, 3)
    assert {shape for index, shape in enumerate(shapes) if index not in (1, 11)} == {(8, 64, 64, 3)}
    cells = sum((128 // stride) ** 2 for stride in STRIDES)
    assert batches[1][1].shape == (2, cells, 16)


def test_both_sizes_go_through_one_training_run() -> None:
    keras.utils.set_random_seed(0)
    model = detector_network((16, 16, 16), pyramid=(16, 16, 16))
    model.compile(Schedule(1, 3).optimizer(), loss=detection_loss, jit_compile=False)
    losses = model.fit(_batches(3), epochs=1, verbose=0).history["loss"]
    assert np.isfinite(losses).all()


class _SeesRed:
    """Stands for a network: certain of a face of 20 x 20 wherever the picture is red."""

    def predict_on_batch(self, pixels: np.ndarray) -> np.ndarray:
        side = 8
        red = (pixels[..., 0].astype(int) - pixels[..., 1] > 100).astype(np.float64)
        batch, height, width = red.shape
        cells = red.reshape(batch, height // side, side, width // side, side).mean(axis=(2, 4))
        answer = np.zeros((batch, cells[0].size, 15), np.float32)
        answer[..., 0] = np.where(cells.reshape(batch, -1) > 0.2, 2.0, -9.0)
        y, x = np.indices(cells.shape[1:]) * side + (side - 1) / 2
        answer[..., 1] = x.ravel() - 10
        answer[..., 2] = y.ravel() - 10
        answer[..., 3:5] = 20
        return answer


def test_hard_places_are_where_the_network_is_wrong_each_once() -> None:
    images = [_without_faces(), _without_faces((100, 60)), _without_faces((20, 100))]
    places = hard_places(_SeesRed(), images)
    assert [place.image for place in places] == [1, 2]
    np.testing.assert_allclose(places[0].centre, (100, 60), atol=8)
    np.testing.assert_allclose(places[1].centre, (20, 100), atol=8)
    assert all(0.85 < place.score < 0.9 for place in places)


def test_scenes_show_what_the_maker_was_told_is_hard() -> None:
    images = [_without_faces() for _ in range(20)] + [_without_faces((100, 60))]
    rules = _rules(64, hard=1.0, dim=0.0, natural=("none",), native=1.0)
    maker = SceneMaker(images, rules)

    def reds() -> int:
        scenes = [maker.draw(np.random.default_rng(seed)).pixels.astype(int) for seed in range(30)]
        return sum(int((s[..., 0] - s[..., 1]).max() > 60) for s in scenes)

    before = reds()
    maker.learn_hard([HardPlace(20, (100.0, 60.0), 0.9)])
    assert before < 8
    assert reds() > 20


def test_mining_waits_for_the_first_epoch_and_then_comes_at_intervals() -> None:
    told: list[int] = []

    class Maker(SceneMaker):
        def learn_hard(self, places: object) -> None:  # noqa: ARG002
            told.append(epoch)

    callback = HardNegatives([Maker([_without_faces()], _rules(64))], every=3)
    callback.set_model(_SeesRed())
    for epoch in range(8):
        callback.on_epoch_begin(epoch)
    assert told == [1, 3, 6]
