"""Matching, curves, thresholds, and the exported file judged end to end."""

from pathlib import Path

import numpy as np
import pytest

from training.detection.images import LabelledImage
from training.detection.judging import judge
from training.detection.metrics import (
    Matches,
    average_precision,
    false_boxes,
    found,
    lowest_threshold,
    match,
    precise_threshold,
)
from training.detection.predictor import DetectorPredictor
from training.detection.protocols import close, far, turned
from training.export import export_onnx
from training.networks.detector import detector_network, served_network

_BOX = [0.0, 0.0, 10.0, 10.0]


def _match(boxes: list[list[float]], scores: list[float], **labels: list[list[float]]) -> Matches:
    arrays = {name: np.array(rows).reshape(-1, 4) for name, rows in labels.items()}
    return match(np.array(boxes).reshape(-1, 4), np.array(scores), **arrays)  # type: ignore[arg-type]


def test_a_face_is_found_once_by_its_best_box() -> None:
    one = _match([[1, 0, 10, 10], _BOX, [50, 50, 5, 5]], [0.6, 0.9, 0.3], truth=[_BOX])
    np.testing.assert_array_equal(one.scores, [0.9, 0.6, 0.3])
    np.testing.assert_array_equal(one.hit, [1, 0, 0])
    np.testing.assert_array_equal(one.best_score, [0.9])


def test_boxes_on_ignored_faces_count_neither_way() -> None:
    one = _match(
        [[22, 20, 10, 10], [60, 60, 9, 9]], [0.8, 0.7], truth=[_BOX], ignored=[[20, 20, 12, 12]]
    )
    np.testing.assert_array_equal(one.hit, [np.nan, 0])
    assert np.isnan(one.best_score).all()


def test_average_precision_by_hand() -> None:
    one = Matches(np.array([0.9, 0.8, 0.7]), np.array([1.0, 0, 1]), np.array([0.9, 0.7]))
    two = Matches(np.array([0.6]), np.array([np.nan]), np.array([np.nan, np.nan]))
    # Two of four faces: precision 1 at the first, 2/3 at the second.
    assert average_precision([one, two]) == pytest.approx((1 + 2 / 3) / 4)
    np.testing.assert_array_equal(found([one, two], 0.8), [1, 0, 0, 0])
    np.testing.assert_array_equal(false_boxes([one, two], 0.5), [1, 0])


def test_the_threshold_leaves_as_many_false_boxes_as_allowed() -> None:
    scores = np.array([0.9, 0.5, 0.4, 0.2])
    images = [Matches(scores, np.zeros(4), np.zeros(0)) for _ in range(2)]
    threshold = lowest_threshold(images, 1.0)
    assert false_boxes(images, threshold).sum() == 2
    assert threshold > 0.5


def test_the_precise_threshold_keeps_as_much_as_it_may() -> None:
    # By score: hit, hit, missed, hit, ignored, missed. Three of the best four hold a face.
    some = Matches(np.array([0.9, 0.7, 0.4]), np.array([1.0, 0.0, np.nan]), np.zeros(2))
    more = Matches(np.array([0.8, 0.5, 0.3]), np.array([1.0, 1.0, 0.0]), np.zeros(2))
    assert precise_threshold([some, more], 0.75) == 0.5
    assert precise_threshold([some, more], 0.76) == 0.8
    assert precise_threshold([some, more], 0.5) == 0.3
    assert precise_threshold([Matches(np.array([0.9]), np.zeros(1), np.zeros(0))], 0.5) == 0.9


def _labelled() -> LabelledImage:
    outline = np.random.default_rng(0).uniform(40, 100, (68, 2))
    low, high = outline.min(axis=0), outline.max(axis=0)
    height = high[1] - low[1]
    box = [low[0], low[1] - 0.25 * height, high[0] - low[0], 1.25 * height]
    return LabelledImage(
        source="w300",
        pixels=np.random.default_rng(1).integers(0, 256, (150, 160, 3), dtype=np.uint8),
        boxes=np.array([box]),
        points=outline[None, :5],
        ignored=np.zeros((0, 4)),
        complete=False,
    )


def test_other_showings_keep_the_labels_on_the_face() -> None:
    image = _labelled()
    quarter = turned(90)(image)
    assert quarter.pixels.shape[:2] == (160, 150)
    np.testing.assert_array_equal(quarter.pixels, np.rot90(image.pixels, -1))
    np.testing.assert_allclose(quarter.points[0, :, 0], 149 - image.points[0, :, 1])
    cut = close(0.8)(image)
    assert cut.boxes[0, 2] / cut.pixels.shape[1] == pytest.approx(0.8, abs=0.02)
    assert cut.boxes[0, 3] / cut.pixels.shape[0] == pytest.approx(0.8, abs=0.02)
    small = far(24)(image)
    assert small.pixels.shape == (320, 320, 3)
    assert small.boxes[0, 3] == pytest.approx(24, abs=0.7)


def test_the_exported_file_says_what_the_network_says_at_every_size(tmp_path: Path) -> None:
    network = served_network(detector_network((16, 16, 16), pyramid=(16, 16, 16)))
    samples = np.random.default_rng(0).integers(0, 256, (8, 64, 96, 3), dtype=np.uint8)
    path = tmp_path / "model.onnx"
    export_onnx(
        network,
        path,
        samples,
        input_name="images",
        output_names=("boxes", "scores", "points"),
        output_axes=("batch", "cells"),
        scales={"boxes": 100.0, "points": 100.0},
    )
    predictor = DetectorPredictor.open(path)
    pixels = np.random.default_rng(1).integers(0, 256, (128, 64, 3), dtype=np.uint8)
    answer = network(pixels[None])
    boxes, scores, points = predictor.session.run(
        ["boxes", "scores", "points"], {"images": pixels[None]}
    )
    np.testing.assert_allclose(boxes, np.asarray(answer["boxes"]), atol=1e-3)
    np.testing.assert_allclose(scores, np.asarray(answer["scores"]), atol=1e-5)
    np.testing.assert_allclose(points, np.asarray(answer["points"]), atol=1e-3)
    judged = judge(predictor, "one", [_labelled()])
    assert len(judged.matches) == len(judged.faces) == 1
