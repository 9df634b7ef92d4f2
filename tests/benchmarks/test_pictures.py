"""The pictures that are sent: what they weigh and show."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.pictures import HEIGHT, WEIGHT, WIDTH, pictures
from benchmarks.pipeline import STAGES, Pipeline, difference, faces_of

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline(MODELS)


@pytest.mark.parametrize("index", [0, 1])
def test_size_weight_and_faces(index: int, pipeline: Pipeline) -> None:
    picture = pictures(MODELS)[index]
    decoded = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape == (HEIGHT, WIDTH, 3)
    assert len(picture.jpeg) == pytest.approx(WEIGHT, rel=0.01)
    assert len(faces_of(pipeline(picture.jpeg))) == picture.faces


def test_the_stages_are_told_in_order(pipeline: Pipeline) -> None:
    told: list[str] = []
    pipeline(pictures(MODELS)[0].jpeg, told.append)
    assert told == list(STAGES)


def test_a_folder_without_the_head_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="--models"):
        pictures(tmp_path)


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ({"a": [1.0, 2.0], "b": None}, {"a": [1.0, 2.25], "b": None}, 0.25),
        ({"a": True, "b": "x"}, {"a": True, "b": "x"}, 0.0),
        ({"a": True}, {"a": 1}, np.inf),
        ({"a": 1}, {"b": 1}, np.inf),
        ([1.0], [1.0, 2.0], np.inf),
        ({"a": "x"}, {"a": "y"}, np.inf),
        (None, 0.0, np.inf),
    ],
)
def test_difference(first: object, second: object, apart: float) -> None:
    assert difference(first, second) == apart
