"""Cheaper arithmetic serves only where it answers as fp32 does; tiny models stand in."""

import json
import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.accuracy_gate import (
    faults_of_aligner,
    faults_of_detector,
    golden_boxes,
    golden_crops,
    golden_pictures,
)
from app.detection.detector import Detector, DetectorSettings
from app.errors import ProviderError
from app.inference.model import Model
from app.measuring.alignment import Aligner
from app.open_models import load_models
from app.settings import InferenceSettings, Settings
from tests.tiny_models import (
    BASE_STD,
    TEMPLATE_68,
    keep_outputs,
    picture,
    write_detector,
    write_face,
    write_landmarks,
)
from tests.tiny_precisions import add_int8

FACES = {"red": (60, 50, 80, 80), "blue": (180, 60, 70, 70)}


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    write_detector(tmp_path / "detector")
    (tmp_path / "self-test").mkdir()
    bgr = picture(320, 224, FACES)[..., ::-1]
    assert cv2.imwrite(str(tmp_path / "self-test" / "face.png"), bgr)
    return tmp_path


def settings(models_dir: Path, precision: str) -> Settings:
    inference = InferenceSettings.model_validate(
        {"device": "cpu", "threads": 1, "precision": precision}
    )
    return Settings(models_dir=models_dir, inference=inference, landmarks=("landmarks-68",))


@pytest.mark.parametrize("precision", ["int8", "auto"])
def test_int8_that_answers_alike_serves(
    models_dir: Path, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A twentieth of the deviation that the model states.
    folder = write_landmarks(models_dir / "landmarks-68")
    add_int8(folder, faster_on=["made_up"], shift=BASE_STD / 20)
    write_detector(models_dir / "detector")
    monkeypatch.setattr("app.inference.precision.cpu_features", lambda: frozenset({"made_up"}))
    if precision == "int8":
        # The detector has no such file, and a named precision is for all models.
        with pytest.raises(Exception, match="detector has no int8 file"):
            load_models(settings(models_dir, precision))
        return
    opened = load_models(settings(models_dir, precision))
    assert opened.aligners[0].model.precision == "int8"
    assert opened.all[0].precision == "fp32"


def test_int8_that_answers_otherwise_does_not(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_landmarks(models_dir / "landmarks-68")
    add_int8(folder, faster_on=["made_up"], shift=BASE_STD / 2)
    add_int8(models_dir / "detector", faster_on=[], network=models_dir / "detector")
    monkeypatch.setattr("app.inference.precision.cpu_features", lambda: frozenset({"made_up"}))
    with pytest.raises(ProviderError, match=r"landmarks-68 in int8.*points differ.*PRECISION=fp32"):
        load_models(settings(models_dir, "int8"))
    with caplog.at_level(logging.WARNING):
        opened = load_models(settings(models_dir, "auto"))
    assert opened.aligners[0].model.precision == "fp32"
    assert "it runs in fp32" in caplog.text


def test_fp32_is_not_compared_with_itself(models_dir: Path) -> None:
    write_landmarks(models_dir / "landmarks-68")
    (models_dir / "self-test" / "face.png").unlink()
    opened = load_models(settings(models_dir, "fp32"))
    assert opened.aligners[0].model.precision == "fp32"


def test_without_the_golden_image_nothing_else_serves(models_dir: Path) -> None:
    folder = write_landmarks(models_dir / "landmarks-68")
    add_int8(folder, faster_on=[])
    add_int8(models_dir / "detector", faster_on=[], network=models_dir / "detector")
    assert load_models(settings(models_dir, "int8")).all[0].precision == "int8"
    (models_dir / "self-test" / "face.png").unlink()
    with pytest.raises(ProviderError, match=r"face.png, which cannot be read"):
        load_models(settings(models_dir, "int8"))


def test_detectors_are_compared_face_by_face(models_dir: Path) -> None:
    pictures = golden_pictures(models_dir)
    exact = Detector(Model.open(models_dir / "detector", "cpu"))
    assert len(exact.run([exact.prepare(pictures[0])])[0]) == 2
    assert faults_of_detector(exact, exact, pictures) == []
    # Blue has a confidence of 0.9.
    blind = Detector(Model.open(models_dir / "detector", "cpu"), DetectorSettings(score=0.93))
    assert faults_of_detector(exact, blind, pictures) == ["1 faces are found instead of 2"] * 2


def test_the_picture_is_also_mirrored(models_dir: Path) -> None:
    upright, mirrored = golden_pictures(models_dir)
    np.testing.assert_array_equal(upright, picture(320, 224, FACES))
    np.testing.assert_array_equal(upright[:, 0], mirrored[:, -1])


def test_without_a_detector_the_rendered_face_is_compared(models_dir: Path) -> None:
    pictures = golden_pictures(models_dir)
    with pytest.raises(ProviderError, match=r"expected.json .* MIEN_INFERENCE__PRECISION=fp32"):
        golden_boxes(None, pictures, models_dir)
    x, y, width, height = FACES["red"]
    truth = {"box": [x - 0.5, y - 0.5, width, height], "points": [], "pose": None}
    expected = {"models": {}, "recorded": truth, "truth": truth}
    (models_dir / "self-test" / "expected.json").write_text(json.dumps(expected))
    found = golden_boxes(Detector(Model.open(models_dir / "detector", "cpu")), pictures, models_dir)
    told = golden_boxes(None, pictures, models_dir)
    assert [boxes[0] for boxes in told] == [
        next(box for box in boxes if box.area == width * height) for boxes in found
    ]


def test_an_int8_model_serves_without_a_detector(models_dir: Path) -> None:
    add_int8(write_landmarks(models_dir / "landmarks-68"), faster_on=[], shift=BASE_STD / 20)
    truth = {"box": [59.5, 49.5, 80, 80], "points": [], "pose": None}
    expected = {"models": {}, "recorded": truth, "truth": truth}
    (models_dir / "self-test" / "expected.json").write_text(json.dumps(expected))
    alone = settings(models_dir, "int8").model_copy(update={"detector": ""})
    assert [model.precision for model in load_models(alone).all] == ["int8"]


def test_heads_are_compared_too(models_dir: Path) -> None:
    def aligner(name: str, **head: object) -> Aligner:
        return Aligner(Model.open(write_face(models_dir / name, head=head), "cpu"))

    detector = Detector(Model.open(models_dir / "detector", "cpu"))
    exact = aligner("exact")
    pictures = golden_pictures(models_dir)
    crops = golden_crops(golden_boxes(detector, pictures, models_dir), exact, pictures)
    assert len(crops) == 2 * 2 * 5
    bare = Aligner(
        Model.open(keep_outputs(write_face(models_dir / "bare"), "rotation", task="pose"), "cpu")
    )
    assert faults_of_aligner(bare, bare, crops) == [
        "it states no deviations, so its answers cannot be compared"
    ]
    assert faults_of_aligner(exact, exact, crops) == []
    for name, head, fault in (
        ("turned", {"rotation": np.eye(3)}, "a rotation differs"),
        ("unsure", {"rotation_std": np.array([4.0, 2.0, 1.0])}, "a rotation's deviations"),
        ("covered", {"visible": np.full(68, 0.2)}, "which points are visible differs"),
        ("shut", {"openness": np.array([0.2, 0.3])}, "openness or presence"),
        ("gone", {"presence": np.array(0.1)}, "openness or presence"),
        ("broken", {"presence": np.array(np.nan)}, "openness or presence differ by nan"),
    ):
        faults = faults_of_aligner(exact, aligner(name, **head), crops)
        assert len(faults) == len(crops), name
        assert all(entry.startswith(fault) for entry in faults)


def test_no_face_is_no_proof(models_dir: Path) -> None:
    aligner = Aligner(Model.open(write_landmarks(models_dir / "plain"), "cpu"))
    assert faults_of_aligner(aligner, aligner, []) == ["no face was found to compare them on"]


def test_points_of_the_template_are_compared_in_deviations(models_dir: Path) -> None:
    """A shift of a fifth of the deviation in x and y is the bound, by hand."""
    exact = Aligner(Model.open(write_landmarks(models_dir / "plain"), "cpu"))
    crops = [np.zeros((64, 64, 3), np.uint8)]
    for share, passes in ((0.19, True), (0.21, False)):
        shifted = TEMPLATE_68 + np.float32(share * BASE_STD)
        folder = write_landmarks(models_dir / f"by-{share}", template=shifted)
        faults = faults_of_aligner(exact, Aligner(Model.open(folder, "cpu")), crops)
        assert (faults == []) == passes
