"""The detector's network, its loss, and what is exported of it."""

import keras
import numpy as np
import pytest

from training.detection.losses import detection_loss, overlap
from training.detection.order import in_order_of
from training.detection.targets import Scene, cell_centres, scene_targets
from training.fit import overfits
from training.networks.detector import (
    CELL_VALUES,
    SERVED_CELLS,
    STRIDES,
    DecodeCells,
    detector_network,
    served_network,
)
from training.networks.layers import PixelConvolution


def _batch(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Four noisy pictures with one bright square each, and their targets."""
    rng = np.random.default_rng(seed)
    pixels, targets = [], []
    for side in (18, 30, 50, 80):
        image = rng.integers(0, 60, (128, 128, 3), dtype=np.uint8)
        x, y = (int(v) for v in rng.integers(5, 120 - side, 2))
        image[y : y + side, x : x + side] += 150
        box = np.array([[x - 0.5, y - 0.5, side, side]], np.float32)
        points = np.repeat(box[:, None, :2] + side / 2, 5, axis=1)
        pixels.append(image)
        targets.append(scene_targets(Scene(image, box, points)))
    return np.stack(pixels), np.stack(targets)


def _perfect(target: np.ndarray, logit: float) -> np.ndarray:
    prediction = target[..., :CELL_VALUES].copy()
    prediction[..., 3:5] = np.maximum(prediction[..., 3:5], 1.0)
    prediction[..., 0] = np.where(target[..., 0] > 0.5, logit, -logit)
    return prediction.astype(np.float32)


def test_raw_zeros_decode_to_boxes_around_their_cells() -> None:
    maps = [
        np.zeros((1, 64 // stride, 96 // stride, CELL_VALUES), np.float32) for stride in STRIDES
    ]
    cells = np.asarray(DecodeCells()(maps))[0]
    centres = [cell_centres(64, 96, stride).reshape(-1, 2) for stride in STRIDES]
    strides = np.repeat(STRIDES, [len(centre) for centre in centres])
    np.testing.assert_allclose(cells[:, 3:5], np.repeat(4.0 * strides[:, None], 2, axis=1))
    np.testing.assert_allclose(cells[:, 1:3] + cells[:, 3:5] / 2, np.concatenate(centres))
    np.testing.assert_allclose(cells[:, 5:7], np.concatenate(centres))


def test_overlap_of_shifted_and_of_distant_squares() -> None:
    first = np.array([[0.0, 0, 10, 10], [0, 0, 10, 10]], np.float32)
    second = np.array([[5.0, 0, 10, 10], [20, 0, 10, 10]], np.float32)
    iou, generalised = (np.asarray(value) for value in overlap(first, second))
    np.testing.assert_allclose(iou, [1 / 3, 0], atol=1e-6)
    # Distant: the hull is 30 x 10, a third of it is covered by neither.
    np.testing.assert_allclose(generalised, [1 / 3, -1 / 3], atol=1e-6)


def test_the_right_answer_costs_nothing_and_a_wrong_one_something() -> None:
    _, target = _batch()
    perfect = _perfect(target, 12.0)
    np.testing.assert_allclose(np.asarray(detection_loss(target, perfect)), 0, atol=1e-3)
    for change in (0, 1, 3, 7):
        worse = perfect.copy()
        worse[..., change] += 4.0 if change else -30.0
        assert np.asarray(detection_loss(target, worse)).min() > 0.005


def test_cells_to_be_ignored_cost_nothing() -> None:
    _, target = _batch()
    target[:, :100] = 0
    target[:, :100, 0] = -1
    prediction = _perfect(target, 12.0)
    prediction[:, :100, 0] = 9.0
    np.testing.assert_allclose(np.asarray(detection_loss(target, prediction)), 0, atol=1e-3)


def test_a_picture_without_faces_has_a_finite_loss() -> None:
    target = np.zeros((2, 336, 16), np.float32)
    prediction = np.random.default_rng(0).normal(0, 1, (2, 336, 15)).astype(np.float32)
    loss = np.asarray(detection_loss(target, prediction))
    assert np.isfinite(loss).all()
    assert (loss > 0).all()


def test_the_network_learns_four_pictures_by_heart() -> None:
    keras.utils.set_random_seed(0)
    assert (
        overfits(
            detector_network((16, 16, 24), pyramid=(16, 16, 16)), detection_loss, _batch(), 160
        )
        < 0.3
    )


@pytest.mark.parametrize(("height", "width"), [(32, 64), (96, 64)])
def test_any_size_gives_all_cells_in_order(height: int, width: int) -> None:
    network = served_network(detector_network((16, 16, 16), pyramid=(16, 16, 16)))
    answer = network(np.zeros((2, height, width, 3), np.uint8))
    cells = sum(height * width // stride**2 for stride in STRIDES)
    assert tuple(answer["boxes"].shape) == (2, cells, 4)
    assert tuple(answer["points"].shape) == (2, cells, 5, 2)
    scores = np.asarray(answer["scores"])
    assert scores.shape == (2, cells)
    # An untrained network is not sure of anything.
    assert 0 < scores.min() <= scores.max() < 0.2


def test_the_best_cells_are_served_sorted_and_decoded_as_in_training() -> None:
    trained = detector_network((16, 16, 16), pyramid=(16, 16, 16))
    pixels = np.random.default_rng(0).integers(0, 256, (2, 160, 224, 3), dtype=np.uint8)
    answer = {name: np.asarray(value) for name, value in served_network(trained)(pixels).items()}
    cells = np.asarray(trained(pixels))
    assert cells.shape[1] > SERVED_CELLS
    for image in range(2):
        best = cells[image, np.argsort(-cells[image, :, 0], kind="stable")[:SERVED_CELLS]]
        scores = 1 / (1 + np.exp(-best[:, 0]))
        np.testing.assert_allclose(answer["scores"][image], scores, rtol=1e-4)
        np.testing.assert_allclose(answer["boxes"][image], best[:, 1:5], atol=1e-3)
        points = best[:, 5:].reshape(-1, 5, 2)
        np.testing.assert_allclose(answer["points"][image], points, atol=1e-3)


def test_a_pixel_convolution_sees_pixels_as_shares_of_white() -> None:
    layer = PixelConvolution(4, 3, strides=2, padding="same", activation="relu")
    pixels = np.random.default_rng(0).integers(0, 256, (1, 8, 10, 3), dtype=np.uint8)
    answer = np.asarray(layer(pixels))
    plain = keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")
    plain.build((None, None, None, 3))
    plain.set_weights(layer.get_weights())
    wanted = np.asarray(plain(pixels.astype(np.float32) / 255))
    np.testing.assert_allclose(answer, wanted, atol=1e-5)


def _answer(order: list[int]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    boxes, points = rng.uniform(0, 99, (1, 5, 4)), rng.uniform(0, 99, (1, 5, 5, 2))
    scores = np.array([[0.9, 0.5, 0.5, 0.3, 0.1]])
    parts = {"boxes": boxes, "scores": scores, "points": points}
    return {name: part.astype(np.float32)[:, order] for name, part in parts.items()}


def test_cells_of_equal_score_are_compared_with_themselves() -> None:
    wanted, swapped = _answer([0, 1, 2, 3, 4]), _answer([0, 2, 1, 3, 4])
    arranged = in_order_of(wanted, swapped)
    for name, values in wanted.items():
        np.testing.assert_array_equal(arranged[name], values)


def test_a_wrong_cell_stays_wrong_in_any_order() -> None:
    wanted, wrong = _answer([0, 1, 2, 3, 4]), _answer([0, 2, 1, 3, 4])
    wrong["boxes"][0, 1, 0] += 7
    assert np.abs(in_order_of(wanted, wrong)["boxes"] - wanted["boxes"]).max() > 1
