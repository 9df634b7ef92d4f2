"""From an image to faces, with the tiny detector, whose answers can be computed by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.detection.detector import DetectedFace, Detector, DetectorSettings
from app.face.boxes import suppress
from app.face.card import CardError
from app.face.geometry import Box
from app.images.grid import Grid
from app.inference.model import Model
from tests.tiny_models import CONFIDENCES, FIVE_POINTS, picture, write_detector, write_landmarks


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model.open(write_detector(tmp_path_factory.mktemp("models") / "detector"), "cpu")


@pytest.fixture(scope="module")
def detector(model: Model) -> Detector:
    return Detector(model)


def find(detector: Detector, *images: Any) -> list[list[DetectedFace]]:
    return detector.run([detector.prepare(image) for image in images])


def edges(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.width, box.height


def test_a_face_is_found_where_it_is(detector: Detector) -> None:
    ((face,),) = find(detector, picture(160, 120, {"red": (20, 30, 40, 50)}))

    assert edges(face.box) == pytest.approx((19.5, 29.5, 40, 50))
    assert face.confidence == pytest.approx(CONFIDENCES["red"])
    expected = np.array([19.5, 29.5]) + np.array(FIVE_POINTS) * [40, 50]
    np.testing.assert_allclose(face.points, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("width", "height", "box"),
    [
        (1280, 720, (400, 120, 240, 320)),
        (640, 960, (120, 600, 90, 120)),
        (1000, 333, (700, 40, 200, 250)),
        (321, 317, (100, 100, 90, 60)),
    ],
)
def test_coordinates_come_back_from_shrunk_images(
    detector: Detector, width: int, height: int, box: tuple[int, int, int, int]
) -> None:
    ((face,),) = find(detector, picture(width, height, {"green": box}))
    # The tiny detector sees whole input pixels: it can miss each edge by one of them.
    pixel = max(width, height) / 320
    x, y, w, h = box
    assert edges(face.box) == pytest.approx((x - 0.5, y - 0.5, w, h), abs=1.5 * pixel)


def test_a_shrink_by_whole_blocks_is_exact(detector: Detector) -> None:
    ((face,),) = find(detector, picture(1280, 640, {"blue": (400, 120, 240, 320)}))
    assert edges(face.box) == pytest.approx((399.5, 119.5, 240, 320), abs=1e-3)


def test_faces_in_coarse_pixels_are_told_in_the_images_own(detector: Detector) -> None:
    coarse = picture(160, 120, {"red": (20, 30, 40, 50)})
    ready = detector.prepare(coarse, grid=Grid(4, left=3, top=1, right=0, bottom=2))
    ((face,),) = detector.run([ready])
    assert edges(face.box) == pytest.approx((80 - 3 - 0.5, 120 - 1 - 0.5, 160, 200))
    expected = np.array([76.5, 118.5]) + np.array(FIVE_POINTS) * [160, 200]
    np.testing.assert_allclose(face.points, expected, atol=1e-3)


def test_repeated_boxes_go_and_different_faces_stay(detector: Detector) -> None:
    image = picture(
        300, 200, {"white": (10, 10, 50, 60), "red": (100, 40, 70, 70), "blue": (200, 90, 40, 40)}
    )
    (faces,) = find(detector, image)
    assert [round(face.confidence, 2) for face in faces] == [0.99, 0.9, 0.85]


def test_no_face_is_an_empty_list(detector: Detector) -> None:
    assert find(detector, picture(50, 40, {}), picture(1, 1, {})) == [[], []]
    assert detector.run([]) == []


def test_many_images_of_many_shapes_keep_their_order(detector: Detector) -> None:
    images = [
        picture(90 + 40 * (i % 3), 70 + 10 * (i % 2), {"red": (i, 20, 20, 25)} if i % 4 else {})
        for i in range(25)
    ]
    for i, faces in enumerate(find(detector, *images)):
        assert [round(face.box.x + 0.5, 3) for face in faces] == ([i] if i % 4 else [])


def test_a_face_cut_by_the_frame_is_not_clipped_but_stays(detector: Detector) -> None:
    ((face,),) = find(detector, picture(64, 64, {"red": (0, 0, 64, 64)}))
    assert edges(face.box) == pytest.approx((-0.5, -0.5, 64, 64))


def test_thresholds_of_card_settings_and_image(model: Model) -> None:
    image = picture(100, 100, {"white": (10, 10, 30, 30)})
    assert Detector(model).score == 0.5
    strict = Detector(model, DetectorSettings(score=0.9))
    assert find(strict, image) == [[]]
    assert len(strict.run([strict.prepare(image, min_confidence=0.5)])[0]) == 1
    keeps_all = Detector(model, DetectorSettings(nms_iou=0.99))
    assert len(find(keeps_all, image)[0]) == 2
    assert (
        len(find(Detector(model, DetectorSettings(nms_iou=0.99, max_candidates=1)), image)[0]) == 1
    )


def test_small_images_are_enlarged_only_when_allowed(model: Model) -> None:
    image = picture(64, 32, {"red": (8, 8, 16, 16)})
    assert Detector(model).prepare(image).frame.pixels.shape == (32, 64, 3)
    larger = Detector(model, DetectorSettings(max_enlarge=2.0))
    assert larger.prepare(image).frame.pixels.shape == (64, 128, 3)
    ((face,),) = find(larger, image)
    assert edges(face.box) == pytest.approx((7.5, 7.5, 16, 16), abs=0.6)


def test_the_long_side_may_be_set(model: Model) -> None:
    image = picture(640, 480, {"red": (200, 120, 160, 160)})
    assert Detector(model).prepare(image).frame.pixels.shape == (256, 320, 3)
    assert Detector(model).usual_size
    finer = Detector(model, DetectorSettings(long_side=640))
    assert finer.prepare(image).frame.pixels.shape == (480, 640, 3)
    assert not finer.usual_size
    ((face,),) = find(finer, image)
    assert edges(face.box) == pytest.approx((199.5, 119.5, 160, 160), abs=1e-3)
    coarse = Detector(model, DetectorSettings(long_side=64))
    assert coarse.prepare(image).frame.pixels.shape == (64, 64, 3)
    assert edges(find(coarse, image)[0][0].box) == pytest.approx((199.5, 119.5, 160, 160), abs=15)


class Counting:
    """A model that remembers the shapes of its runs."""

    def __init__(self, model: Model, *, on_cpu: bool = True) -> None:
        self._model, self.card, self.max_batch = model, model.card, model.max_batch
        self.on_cpu = on_cpu
        self.shapes: list[tuple[int, ...]] = []

    def run(self, batch: Any) -> dict[str, Any]:
        self.shapes.append(batch.shape)
        return self._model.run(batch)


MIXED = [(640, 480), (480, 640), (640, 400), (320, 320), (640, 480), (100, 60)]


@pytest.mark.parametrize(
    ("on_cpu", "padding", "runs"),
    [(True, None, 5), (False, None, 1), (False, 0, 5), (True, 32 * 320, 4)],
)
def test_shapes_share_a_run_where_it_pays_and_answer_the_same(
    model: Model, on_cpu: bool, padding: int | None, runs: int
) -> None:
    images = [
        picture(width, height, {"red": (width // 4, height // 4, width // 2, height // 2)})
        for width, height in MIXED
    ]
    stand_in: Any = Counting(model, on_cpu=on_cpu)
    together = find(Detector(stand_in, DetectorSettings(padding=padding)), *images)
    assert len(stand_in.shapes) == runs
    for image, faces in zip(images, together, strict=True):
        ((alone,),) = find(Detector(model), image)
        (face,) = faces
        assert edges(face.box) == pytest.approx(edges(alone.box), abs=1e-3)
        assert face.confidence == alone.confidence
        np.testing.assert_allclose(face.points, alone.points, atol=1e-3)


def test_a_large_input_is_run_in_smaller_batches(model: Model) -> None:
    """No run holds more pixels than the warm-up has met, but for a single image."""
    stand_in: Any = Counting(model)
    detector = Detector(stand_in, DetectorSettings(long_side=960))
    find(detector, *[picture(960, 480, {})] * 3)
    assert stand_in.shapes == [(1, 480, 960, 3)] * 3
    find(detector, *[picture(320, 320, {})] * 3)
    assert stand_in.shapes[3:] == [(3, 320, 320, 3)]


class Answers:
    """Stands in for a model whose network answers nonsense."""

    def __init__(self, model: Model, boxes: list[list[float]], scores: list[float]) -> None:
        self.card, self.on_cpu = model.card, model.on_cpu
        self.max_batch = model.max_batch
        self._boxes = np.array([boxes], np.float32)
        self._scores = np.array([scores], np.float32)

    def run(self, batch: Any) -> dict[str, Any]:
        assert len(batch) == 1
        points = np.zeros((1, len(self._boxes[0]), 5, 2), np.float32)
        return {"boxes": self._boxes, "scores": self._scores, "points": points}


def test_implausible_boxes_are_dropped(model: Model) -> None:
    nan, inf = float("nan"), float("inf")
    boxes: list[list[float]] = [
        [10, 10, 20, 20],
        [nan, 10, 20, 20],
        [10, 10, inf, 20],
        [40, 10, 0, 20],
        [40, 10, 20, -5],
        [95, 10, 20, 20],  # its centre lies in the padding: the image is 100 px wide
        [-15, 10, 20, 20],
        [60, 10, 20, 20],
    ]
    scores = [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, nan]
    stand_in: Any = Answers(model, boxes, scores)
    (faces,) = find(Detector(stand_in), picture(100, 50, {}))
    assert [edges(face.box) for face in faces] == [(10, 10, 20, 20)]


def brute_force(boxes: Any, scores: Any, threshold: float) -> list[int]:
    """Keep a box unless a better kept one overlaps it more than the threshold."""
    kept: list[int] = []
    for i in sorted(range(len(boxes)), key=lambda i: (-scores[i], i)):
        box = Box(*boxes[i].tolist())
        if all(box.iou(Box(*boxes[k].tolist())) <= threshold for k in kept):
            kept.append(i)
    return kept


@pytest.mark.parametrize("seed", range(20))
def test_suppression_against_brute_force(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = int(random.integers(0, 60))
    boxes = np.concatenate(
        [random.uniform(0, 60, (count, 2)), random.uniform(5, 40, (count, 2))], axis=1
    )
    scores = random.integers(0, 8, count) / 8
    threshold = float(random.uniform(0.1, 0.7))
    assert suppress(boxes, scores, threshold).tolist() == brute_force(boxes, scores, threshold)


def test_only_a_detector_is_accepted(tmp_path: Path) -> None:
    other = Model.open(write_landmarks(tmp_path / "landmarks-68"), "cpu")
    with pytest.raises(CardError, match="MIEN_DETECTOR wants the name of a detector"):
        Detector(other)
