"""Rows about made-up predictors whose errors are known by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.face.card import Metric
from app.face.geometry import Box
from tests.tiny_models import picture, write_detector, write_landmarks
from tests.training.made_up_faces import head, knowing, numbered, posed_samples
from training.detection.predictor import DetectorPredictor
from training.faces.evaluation import Finder
from training.faces.pointing import evaluate_pointing
from training.faces.presence import area_under_roc, evaluate_presence, random_square
from training.samples import FaceSample, ImageSample


def values(rows: Sequence[Metric], name: str) -> dict[str, tuple[Any, int]]:
    return {row.slice: (row.value, row.n) for row in rows if row.name == name}


def test_angles_are_judged_by_bins_and_roll_is_not(tmp_path: Path) -> None:
    angles = [(0.0, 0.0), (-30.0, 15.0), (60.0, -30.0), (-90.0, 60.0), (45.0, 0.0), (10.0, 90.0)]
    truth = [head(yaw, pitch, 0.0) for yaw, pitch in angles]
    # Off by a fixed yaw and pitch, with a roll that nobody labelled.
    found = [head(yaw + 4, pitch - 3, 25.0) for yaw, pitch in angles]
    samples = posed_samples(tmp_path, truth)
    rows = evaluate_pointing(knowing(found), samples, test_set="made").rows

    yaw = values(rows, "yaw_mae")
    # Looking straight up is left out: its yaw means nothing. 90 degrees is of the last bin.
    assert yaw["all"] == (pytest.approx(4.0, abs=1e-3), 5)
    assert {part: n for part, (_, n) in yaw.items()} == {
        "all": 5,
        "|yaw| 0-30": 1,
        "|yaw| 30-60": 2,
        "|yaw| 60-90": 2,
        "|yaw| <= 45": 3,
        "|pitch| 0": 2,
        "|pitch| 15": 1,
        "|pitch| 30": 1,
        "|pitch| 60": 1,
    }
    assert values(rows, "pitch_mae")["|pitch| 60"] == (pytest.approx(3.0, abs=1e-3), 1)
    bias = values(rows, "pitch_bias")
    assert bias["pitch 15"] == (pytest.approx(-3.0, abs=1e-3), 1)
    assert "pitch 60" not in bias, "a profile"
    assert values(rows, "yaw_mae_of_always_0")["all"] == (pytest.approx(45.0, abs=1e-3), 5)
    assert not values(rows, "roll_mae")
    assert not values(rows, "coverage_90_roll")


def test_turning_over_the_back_is_a_small_error(tmp_path: Path) -> None:
    samples = posed_samples(tmp_path, [head(178, 0, 0)])
    rows = evaluate_pointing(knowing([head(-178, 0, 0)]), samples, test_set="made").rows
    assert values(rows, "yaw_mae")["all"] == (pytest.approx(4.0, abs=1e-3), 1)


def test_coverage_counts_errors_inside_their_own_interval(tmp_path: Path) -> None:
    """Yaw off by 3.2, 3.2 and 1, deviations 2, 1.9 and 1: 1.645 of them hold the first and last."""
    truth = [head(0, 0, 0)] * 3
    found = [head(3.2, 0, 0), head(-3.2, 0, 0), head(1, 0, 0)]
    stds = np.array([[1.0, 2.0, 1.0], [1.0, 1.9, 1.0], [1.0, 1.0, 1.0]])
    samples = posed_samples(tmp_path, truth)
    rows = evaluate_pointing(knowing(found, rotation_std=stds), samples, test_set="made").rows
    assert values(rows, "coverage_90_yaw")["all"] == (pytest.approx(200 / 3, abs=1e-3), 3)
    assert values(rows, "coverage_90_pitch")["all"] == (100.0, 3)
    # The half of three is the one with the smallest deviations.
    ratio = values(rows, "certain_half_rotation_ratio")["all"]
    assert ratio == (pytest.approx(1 / (7.4 / 3), abs=1e-3), 3)


def test_area_under_roc_is_the_share_of_pairs_in_order() -> None:
    rng = np.random.default_rng(0)
    scores, positive = np.round(rng.uniform(0, 1, 60), 1), rng.random(60) < 0.4
    pairs = [
        1.0 if high > low else 0.5 if high == low else 0.0
        for high in scores[positive]
        for low in scores[~positive]
    ]
    assert area_under_roc(scores, positive) == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize("size", [(20, 300), (400, 90), (32, 32)])
def test_random_squares_lie_inside(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        box = random_square(rng, *size)
        assert box.width == box.height >= min(20, *size) - 1e-9
        assert box.x >= -0.5
        assert box.y >= -0.5
        assert box.x + box.width <= size[0] - 0.5 + 1e-9
        assert box.y + box.height <= size[1] - 0.5 + 1e-9


def photograph(folder: Path, name: str, grey: int) -> ImageSample:
    path = folder / f"{name}.png"
    assert cv2.imwrite(str(path), np.full((200, 200, 3), grey, np.uint8))
    return ImageSample("made", path, (), name, "test")


def test_presence_is_judged_on_faces_and_on_places_without(tmp_path: Path) -> None:
    """Presence is the picture's grey over 100: faces 30 and 90; without a face 20, 60 and 80."""
    faces = []
    points = np.random.default_rng(0).uniform(12, 28, (68, 2)).astype(np.float32)
    for grey in (30, 90):
        face = FaceSample(points_in_image=points, scheme="ibug-68")
        faces.append(ImageSample("made", numbered(tmp_path, grey), (face,), str(grey), "test"))
    empty = [photograph(tmp_path, f"empty {grey}", grey) for grey in (20, 60, 80)]
    predictor = knowing([np.eye(3)], presence=lambda grey: grey / 100)
    rows = evaluate_presence(predictor, empty, faces).rows

    missed = [row for row in rows if row.name == "presence_below_0.5"]
    assert [row.value for row in missed] == [50.0, 50.0]
    (wrong,) = [row for row in rows if row.name == "presence_from_0.5"]
    assert wrong.value == pytest.approx(200 / 3, abs=1e-3)
    assert wrong.n == 18
    assert wrong.interval95 is not None
    # Six squares of each of three photographs: not eighteen independent ones.
    assert wrong.interval95[0] < 1
    (auc,) = [row for row in rows if row.name == "presence_auc"]
    assert auc.value == pytest.approx((1 + 3) / 6, abs=1e-4)


def test_places_that_a_detector_suspects_are_judged_apart(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    image = picture(160, 120, {"red": (20, 30, 40, 50)})
    assert cv2.imwrite(str(path), np.ascontiguousarray(image[:, :, ::-1]))
    points = np.random.default_rng(0).uniform(12, 28, (68, 2)).astype(np.float32)
    face = FaceSample(points_in_image=points, scheme="ibug-68")
    positives = [ImageSample("made", numbered(tmp_path, 0), (face,), "x", "test")]
    evaluation = evaluate_presence(
        knowing([np.eye(3)], presence=lambda red: red / 255),
        [ImageSample("made", path, (), "red", "test")],
        positives,
        detector=DetectorPredictor.open(write_detector(tmp_path / "detector")),
    )
    (name,) = [kind for kind in evaluation.empty if kind.startswith("what the detector")]
    # One box, its duplicate suppressed; its crop's middle is red.
    assert evaluation.empty[name].presence == pytest.approx([1.0])
    assert evaluation.empty[name].photographs == ["red"]


def test_the_finder_is_the_detector_as_its_card_says(tmp_path: Path) -> None:
    image = picture(160, 120, {"blue": (20, 30, 40, 50)})
    folder = write_detector(
        tmp_path / "low", long_side=80, thresholds={"score": 0.3, "nms_iou": 0.4}
    )
    finder = Finder.open(folder)
    assert (finder.detector.long_side, finder.score) == (80, 0.3)
    (box,) = finder(image)
    assert box.iou(Box(19.5, 29.5, 40.0, 50.0)) > 0.9
    strict = write_detector(tmp_path / "high", thresholds={"score": 0.95, "nms_iou": 0.4})
    assert Finder.open(strict)(image) == []
    with pytest.raises(ValueError, match="not a detector"):
        Finder.open(write_landmarks(tmp_path / "landmarks-68"))
