"""An exported face model through the predictor; and answers brought back from turned crops."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.face.geometry import Box
from tests.tiny_models import TEMPLATE_68, write_landmarks
from tests.training.made_up_faces import SIZE, head, knowing, untrained_network
from training.export import export_onnx
from training.faces.predictor import OUTPUT_NAMES, FacePredictor, place


@pytest.fixture(scope="module")
def crops() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (11, SIZE, SIZE, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, crops: NDArray[np.uint8]) -> Path:
    path = tmp_path_factory.mktemp("face") / "model.onnx"
    export_onnx(
        untrained_network(), path, crops, input_name="crops", output_names=list(OUTPUT_NAMES)
    )
    return path


def test_the_file_answers_as_the_network(exported: Path, crops: NDArray[np.uint8]) -> None:
    answers = FacePredictor.open(exported).predict(crops)
    expected = untrained_network()(crops)
    assert len(answers) == len(crops)
    for name in OUTPUT_NAMES:
        assert getattr(answers, name) == pytest.approx(np.asarray(expected[name]), abs=1e-4)


def test_answers_do_not_depend_on_how_many_are_asked_at_once(
    exported: Path, crops: NDArray[np.uint8]
) -> None:
    opened = FacePredictor.open(exported)
    small = FacePredictor(opened.run, opened.size, batch=4)
    assert small.predict(crops).rotation == pytest.approx(opened.predict(crops).rotation, abs=1e-6)


def test_a_model_of_points_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no openness, presence, rotation"):
        FacePredictor.open(write_landmarks(tmp_path / "landmarks-68"))


def test_a_turned_crop_is_turned_back() -> None:
    """A frontal face in a crop turned by 30 degrees clockwise is one of roll 30 in the image."""
    predictor = knowing([head(0, 0, 0)], rotation_std=(3.0, 2.0, 1.0))
    image = np.zeros((80, 100, 3), np.uint8)
    crop = predictor.crop(image, Box(30.0, 20.0, 40.0, 40.0), angle=30.0)
    placed = place(predictor.predict([crop.pixels]), 0, crop)
    assert placed.rotation == pytest.approx(head(0, 0, 30), abs=1e-12)
    # The box's middle stays; a point a quarter of the crop's side (52 pixels) right of it goes
    # clockwise, which is down in the image.
    middle, right = np.array([50.0, 40.0]), TEMPLATE_68 - 0.5
    angle = np.radians(30.0)
    turned = right @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    assert placed.points_in_image == pytest.approx(middle + 52.0 * turned, abs=1e-3)
    assert placed.std_in_image == pytest.approx(np.full(68, 0.52), rel=1e-4)
    cosine, sine = np.cos(angle) ** 2, np.sin(angle) ** 2
    expected = np.sqrt([9 * cosine + 4 * sine, 9 * sine + 4 * cosine, 1.0])
    assert placed.rotation_std == pytest.approx(expected, abs=1e-9)
