"""A model whose answer is known through the whole evaluation: the rows are worked out by hand."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.face.card import Metric
from app.face.geometry import Box, crop_transform, face_box, transform
from app.face.landmarks import scheme
from tests.tiny_models import TEMPLATE_68, write_landmarks
from training.landmarks.calibration import (
    axis_coverage,
    certain_half_of_points,
    certain_half_ratio,
    std_scale,
)
from training.landmarks.evaluation import LandmarkEvaluation, evaluate_landmarks
from training.landmarks.measure import labelled_faces, mean_face
from training.landmarks.protocols import JITTER, LABELLED, found_box, jittered
from training.landmarks.report import write_report
from training.samples import FaceSample, ImageSample

COUNT, WIDTH, HEIGHT = 24, 120, 100


def answer_in(box: Box) -> NDArray[np.float64]:
    """Where the tiny model puts its points for a box, whatever the picture shows."""
    return transform(crop_transform(box, 1.3), TEMPLATE_68)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[ImageSample]:
    """Faces of the model's own shape with noise, so that its errors are small and not nothing."""
    folder = tmp_path_factory.mktemp("faces")
    rng = np.random.default_rng(0)
    made = []
    for index in range(COUNT):
        path = folder / f"{index}.png"
        pixels = rng.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        assert cv2.imwrite(str(path), pixels)
        points = TEMPLATE_68 * 60 + rng.uniform(5, 30, 2) + rng.normal(0, 1, (68, 2))
        face = FaceSample(
            points_in_image=points.astype(np.float32),
            scheme="ibug-68",
            tags={"subset": "ab"[index % 2]},
        )
        made.append(ImageSample("made", path, (face,), f"person {index}", "test"))
    return made


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_landmarks(tmp_path_factory.mktemp("models") / "landmarks-68")


@pytest.fixture(scope="module")
def evaluation(model: Path, samples: list[ImageSample]) -> LandmarkEvaluation:
    return evaluate_landmarks(
        model, samples, test_set="made", mean_points=TEMPLATE_68.astype(np.float64) + 0.1
    )


def row(
    evaluation: LandmarkEvaluation, name: str, protocol: str = "labelled box (", part: str = "all"
) -> Metric:
    (found,) = [
        metric
        for metric in evaluation.rows
        if (metric.name, metric.slice) == (name, part)
        and metric.protocol.startswith(f"made, {protocol}")
    ]
    return found


def expected_errors(samples: list[ImageSample]) -> NDArray[np.float64]:
    errors = []
    for entry in labelled_faces(samples):
        distances = np.linalg.norm(answer_in(face_box(entry.truth)) - entry.truth, axis=1)
        errors.append(distances.mean() / np.linalg.norm(entry.truth[36] - entry.truth[45]))
    return np.array(errors)


def test_the_error_is_that_worked_out_by_hand(
    evaluation: LandmarkEvaluation, samples: list[ImageSample]
) -> None:
    errors = expected_errors(samples)
    assert evaluation.nme["labelled box"] == pytest.approx(errors, rel=1e-5)
    metric = row(evaluation, "nme_inter_ocular")
    assert metric.value == pytest.approx(100 * errors.mean(), abs=1e-3)
    assert (metric.unit, metric.n) == ("%", COUNT)
    assert metric.interval95 is not None
    assert metric.interval95[0] < metric.value < metric.interval95[1]
    rate = row(evaluation, "failure_rate_8")
    assert rate.value == pytest.approx(100 * (errors > 0.08).mean(), abs=1e-3)


def test_slices_hold_their_faces_only(
    evaluation: LandmarkEvaluation, samples: list[ImageSample]
) -> None:
    metric = row(evaluation, "nme_inter_ocular", part="subset=a")
    assert metric.value == pytest.approx(100 * expected_errors(samples)[::2].mean(), abs=1e-3)
    assert metric.n == COUNT // 2
    turned = [m.slice for m in evaluation.rows if m.slice.startswith("|yaw|")]
    assert turned
    assert all("estimated" in name for name in turned)


def test_the_mean_face_stands_beside_the_model_on_the_same_faces(
    evaluation: LandmarkEvaluation,
) -> None:
    assert evaluation.baseline is not None
    baseline = row(evaluation, "mean_face_nme_inter_ocular")
    assert baseline.n == COUNT
    assert baseline.value > row(evaluation, "nme_inter_ocular").value


def test_the_mean_face_of_labels_is_their_mean_in_the_crop(samples: list[ImageSample]) -> None:
    in_crop = [
        cv2.invertAffineTransform(crop_transform(face_box(entry.truth), 1.3))
        @ np.c_[entry.truth, np.ones(68)].T
        for entry in labelled_faces(samples)
    ]
    assert mean_face(samples, 1.3) == pytest.approx(np.mean(in_crop, axis=0).T)


def test_mirroring_there_and_back_costs_a_symmetric_answer_nothing(
    evaluation: LandmarkEvaluation,
) -> None:
    # What is left is the asymmetry of the template itself, the same for each face.
    mirrored = TEMPLATE_68[list(scheme("ibug-68").flip)] * [-1, 1] + [1, 0]
    apart = np.linalg.norm(mirrored - TEMPLATE_68, axis=1).mean()
    (metric,) = [m for m in evaluation.rows if m.name == "mirror_difference_inter_ocular"]
    scales = [
        crop_transform(face_box(entry.truth), 1.3)[0, 0]
        / np.linalg.norm(entry.truth[36] - entry.truth[45])
        for entry in evaluation.faces
    ]
    assert metric.value == pytest.approx(100 * apart * np.mean(scales), abs=1e-3)


def test_jitter_depends_on_the_seed_and_the_face_alone(
    model: Path, samples: list[ImageSample], evaluation: LandmarkEvaluation
) -> None:
    again = evaluate_landmarks(model, samples[:9], test_set="made", protocols=[JITTER])
    other = evaluate_landmarks(model, samples[:9], test_set="made", protocols=[JITTER], seed=1)
    same = evaluation.nme["jittered box"]
    assert again.nme["jittered box"].tolist() == same[:9].tolist()
    assert other.nme["jittered box"].tolist() != same[:9].tolist()
    assert same.mean() > evaluation.nme["labelled box"].mean()


def test_jitter_stays_within_what_the_card_says() -> None:
    rng = np.random.default_rng(0)
    boxes = [jittered(Box(100, 50, 40, 20), rng) for _ in range(500)]
    shifts = np.array([box.centre for box in boxes]) - [120, 60]
    assert np.abs(shifts).max(axis=0) == pytest.approx([4, 2], rel=0.05)
    sizes = np.array([box.width for box in boxes]) / 40
    assert (sizes.min(), sizes.max()) == pytest.approx((0.85, 1.15), abs=0.01)


def test_a_face_that_the_detector_misses_is_a_failure(
    model: Path, samples: list[ImageSample]
) -> None:
    boxes = [face_box(entry.truth) for entry in labelled_faces(samples)]
    answers = iter([[], [Box(0, 0, 1, 1)], *([box] for box in boxes[2:])])
    protocol = found_box(lambda _image: next(answers))
    result = evaluate_landmarks(model, samples, test_set="made", protocols=[LABELLED, protocol])
    found = row(result, "found", "box found")
    assert found.value == pytest.approx(100 * (COUNT - 2) / COUNT, abs=1e-3)
    assert row(result, "nme_inter_ocular", "box found").n == COUNT - 2
    rate = row(result, "failure_rate_10", "box found")
    errors = expected_errors(samples)[2:]
    assert rate.value == pytest.approx(100 * (2 + (errors > 0.1).sum()) / COUNT, abs=1e-3)


def test_labels_of_five_points_judge_the_five_named_places(
    model: Path, samples: list[ImageSample]
) -> None:
    named = scheme("ibug-68")
    five = [
        ImageSample(
            entry.sample.source,
            entry.sample.path,
            (
                FaceSample(
                    box=face_box(entry.truth),
                    points_in_image=np.stack(list(named.named(entry.truth).values())).astype("f4"),
                    scheme="five",
                ),
            ),
            entry.sample.subject,
            "test",
        )
        for entry in labelled_faces(samples)
    ]
    result = evaluate_landmarks(model, five, test_set="made")
    metric = row(result, "nme_inter_pupil")
    errors = []
    for entry in labelled_faces(samples):
        answer = named.named(answer_in(face_box(entry.truth)))
        truth = named.named(entry.truth)
        distances = [np.linalg.norm(answer[name] - truth[name]) for name in truth]
        errors.append(np.mean(distances) / np.linalg.norm(truth["left_eye"] - truth["right_eye"]))
    assert metric.value == pytest.approx(100 * np.mean(errors), abs=1e-3)
    assert not [m for m in result.rows if m.name == "coverage_90"]


def test_coverage_of_errors_drawn_from_the_stated_deviation_is_the_level() -> None:
    rng = np.random.default_rng(0)
    std = rng.uniform(0.01, 0.05, (300, 68))
    errors = rng.normal(0, 1, (300, 68, 2)) * std[..., None]
    seen = np.ones((300, 68), bool)
    assert axis_coverage(errors, std, seen).mean() == pytest.approx(0.90, abs=0.01)
    assert std_scale(errors, std / 2, seen) == pytest.approx(2.0, abs=0.03)
    assert axis_coverage(errors, std / 2, seen).mean() == pytest.approx(0.589, abs=0.01)


def test_the_certain_half_is_better_only_if_the_deviation_knows() -> None:
    errors = np.array([1.0, 1.0, 3.0, 3.0])
    assert certain_half_ratio(errors, np.array([1.0, 2.0, 3.0, 4.0])) == 0.5
    assert certain_half_ratio(errors, np.array([1.0, 4.0, 2.0, 3.0])) == 1.0


def test_the_certain_half_of_all_points_that_are_seen() -> None:
    std, distances = [[1.0, 2.0, 0.0], [9.0, 8.0, 3.0]], [[1.0, 2.0, 50.0], [3.0, 6.0, 70.0]]
    seen = [[1, 1, 0], [1, 1, 0]]
    assert certain_half_of_points(np.concatenate([std, distances, seen], axis=1)) == 0.5


def test_faces_of_two_schemes_are_not_mixed(samples: list[ImageSample]) -> None:
    other = FaceSample(points_in_image=np.zeros((5, 2), np.float32), scheme="five")
    mixed = [*samples, ImageSample("made", samples[0].path, (other,), "x", "test")]
    with pytest.raises(ValueError, match="several schemes"):
        labelled_faces(mixed)


def test_the_report_has_a_line_for_each_face_and_protocol(
    evaluation: LandmarkEvaluation, tmp_path: Path
) -> None:
    write_report(evaluation, tmp_path / "report", peers={"PFLD": 0.0349}, title="made")
    with (tmp_path / "report" / "results.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == COUNT * 4
    assert float(lines[0]["nme"]) == pytest.approx(
        100 * evaluation.nme["labelled box"][0], abs=1e-3
    )
    first = evaluation.faces[0]
    apart = np.linalg.norm(answer_in(face_box(first.truth)) - first.truth, axis=1).mean()
    diagonal = np.linalg.norm(np.ptp(first.truth, axis=0))
    assert float(lines[0]["nme_box_diagonal"]) == pytest.approx(100 * apart / diagonal, abs=1e-3)
    assert lines[0]["image"].endswith("/0.png")
    for name in ("ced.png", "worst.png", "random.png"):
        assert cv2.imread(str(tmp_path / "report" / name)) is not None
