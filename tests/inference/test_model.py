"""Opening a model folder and running it: tiny graphs, real sessions."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.face.card import CardError
from app.inference.model import CPU, Model, ProviderSettings
from app.inference.shape_policy import Fill, ShapePolicy
from tests.tiny_models import BASE_STD, TEMPLATE_68, picture, write_detector, write_landmarks

EDIT = Callable[[dict[str, Any]], object]


@pytest.fixture
def landmarks(tmp_path: Path) -> Path:
    return write_landmarks(tmp_path / "landmarks-68")


def edit_card(folder: Path, change: EDIT) -> None:
    path = folder / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    change(card)
    path.write_text(json.dumps(card), encoding="utf-8")


def test_a_model_opens_and_runs(landmarks: Path) -> None:
    model = Model.open(landmarks, "cpu", threads=1)

    assert model.provider == CPU
    assert model.card.name == "landmarks-68"
    crops = np.stack([np.full((64, 64, 3), value, np.uint8) for value in (0, 51, 255)])
    outputs = model.run(crops)
    assert outputs.keys() == {"points", "std"}
    np.testing.assert_allclose(outputs["points"], np.stack([TEMPLATE_68] * 3))
    expected = BASE_STD * np.array([1.0, 1.2, 2.0])
    np.testing.assert_allclose(outputs["std"], np.tile(expected[:, None], 68), rtol=1e-5)


@pytest.mark.parametrize("fill", ["exact", "pad", "split"])
@pytest.mark.parametrize("total", [1, 3, 8, 9, 21])
def test_any_number_of_items_comes_back_in_order(landmarks: Path, total: int, fill: Fill) -> None:
    model = Model.open(landmarks, "cpu")
    model.policy = ShapePolicy((1, 2, 4, 8), fill)
    crops = np.stack([np.full((64, 64, 3), 10 * i, np.uint8) for i in range(total)])

    outputs = model.run(crops)

    assert outputs["points"].shape == (total, 68, 2)
    expected = BASE_STD * (1 + 10 * np.arange(total) / 255)
    np.testing.assert_allclose(outputs["std"][:, 0], expected, rtol=1e-5)


def test_a_dynamic_input_takes_multiples(tmp_path: Path) -> None:
    model = Model.open(write_detector(tmp_path / "detector"), "auto")
    image = picture(160, 96, {"red": (20, 30, 40, 50)})
    assert model.run(image[None])["boxes"].shape == (1, 8, 4)
    with pytest.raises(ValueError, match="multiple of 32"):
        model.run(image[None, :95])


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((0, 64, 64, 3), np.uint8),
        np.zeros((1, 64, 63, 3), np.uint8),
        np.zeros((1, 64, 64, 4), np.uint8),
        np.zeros((64, 64, 3), np.uint8),
        np.zeros((1, 64, 64, 3), np.float32),
    ],
)
def test_a_wrong_batch_is_refused(landmarks: Path, batch: Any) -> None:
    with pytest.raises(ValueError, match="Received"):
        Model.open(landmarks, "cpu").run(batch)


def test_an_edited_model_file_is_refused(landmarks: Path) -> None:
    path = landmarks / "model.onnx"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(CardError, match="SHA-256"):
        Model.open(landmarks, "cpu")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["input"].update(name="images"), "inputs"),
        (lambda c: c["input"].update(height=128, width=128), "input crops has shape"),
        (lambda c: c["outputs"].pop(), "outputs"),
        (lambda c: c["outputs"][0].update(shape=["batch", 21, 2]), "output points has shape"),
        (lambda c: c["outputs"][0].update(shape=["batch", 68]), "output points has shape"),
    ],
)
def test_a_card_that_speaks_of_another_graph_is_refused(
    landmarks: Path, change: EDIT, message: str
) -> None:
    edit_card(landmarks, change)
    with pytest.raises(CardError, match=message):
        Model.open(landmarks, "cpu")


def test_what_the_graph_leaves_open_is_checked_by_running(
    landmarks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit_card(landmarks, lambda c: c["outputs"][1].update(shape=["batch", 9]))
    monkeypatch.setattr("app.inference.model.check_graph", lambda *_: None)
    with pytest.raises(CardError, match=r"std has shape \(1, 68\) for a batch of 1"):
        Model.open(landmarks, "cpu")


def test_a_file_that_is_no_model_is_refused(landmarks: Path) -> None:
    (landmarks / "model.onnx").write_bytes(b"not a model")
    digest = hashlib.sha256(b"not a model").hexdigest()
    edit_card(landmarks, lambda c: c["file"].update(bytes=11, sha256=digest))
    with pytest.raises(CardError, match="cannot be loaded"):
        Model.open(landmarks, "cpu")


def test_a_part_of_a_batch_is_run_like_a_whole_one(landmarks: Path) -> None:
    """A view with gaps must not be read as if it had none."""
    crops = np.stack([np.full((64, 64, 3), 30 * i, np.uint8) for i in range(8)])
    outputs = Model.open(landmarks, "cpu").run(crops[::2])
    expected = BASE_STD * (1 + 60 * np.arange(4) / 255)
    np.testing.assert_allclose(outputs["std"][:, 0], expected, rtol=1e-5)


def test_the_cpu_keeps_to_the_batches_of_the_card(landmarks: Path) -> None:
    settings = ProviderSettings(batch_sizes=(1, 16))
    model = Model.open(landmarks, "cpu", settings=settings)
    assert model.policy == ShapePolicy((1, 2, 4, 8), "exact")
    assert model.on_cpu


def test_threads_must_be_named(landmarks: Path) -> None:
    with pytest.raises(ValueError, match="at least one thread"):
        Model.open(landmarks, "cpu", threads=0)
