"""Which file and arithmetic a wanted precision leads to."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from app.errors import ProviderError
from app.face.card import CardError, ModelCard, load_card
from app.inference.model import Model
from app.inference.precision import choose, cpu_features
from app.inference.providers import CPU, CUDA
from tests.tiny_models import write_landmarks
from tests.tiny_precisions import add_int8

VNNI = frozenset({"avx2", "avx512_vnni"})


@pytest.fixture
def plain(tmp_path: Path) -> ModelCard:
    return load_card(write_landmarks(tmp_path / "plain"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_landmarks(tmp_path / "landmarks-68")
    add_int8(folder, faster_on=["avx512_vnni", "avx_vnni"])
    return folder


def test_auto_takes_int8_only_where_it_is_faster(folder: Path, plain: ModelCard) -> None:
    card = load_card(folder)
    assert choose(card, "auto", "cpu", VNNI).file.name == "model.int8.onnx"
    assert choose(card, "auto", "cpu", frozenset({"avx2"})).arithmetic == "fp32"
    assert choose(plain, "auto", "cpu", VNNI).arithmetic == "fp32"
    assert choose(card, "auto", "cuda", VNNI).arithmetic == "fp32"
    assert choose(card, "fp32", "cpu", VNNI).file.name == "model.onnx"


def test_auto_on_a_machine_with_cuda_is_fp32(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = load_card(folder)
    monkeypatch.setattr(ort, "get_available_providers", lambda: [CPU])
    assert choose(card, "auto", "auto", VNNI).arithmetic == "int8"
    monkeypatch.setattr(ort, "get_available_providers", lambda: [CUDA, CPU])
    assert choose(card, "auto", "auto", VNNI).arithmetic == "fp32"


def test_a_named_precision_is_taken_or_refused(folder: Path, plain: ModelCard) -> None:
    assert choose(load_card(folder), "int8", "cuda", frozenset()).arithmetic == "int8"
    with pytest.raises(CardError, match=r"no int8 file.*PRECISION=fp32"):
        choose(plain, "int8", "cpu")
    for wanted, device in (("bf16", "openvino"), ("fp16", "tensorrt")):
        precision: Any = wanted
        right: Any = device
        assert choose(plain, precision, right).arithmetic == wanted
        with pytest.raises(ProviderError, match=rf"{wanted}.*DEVICE={device}"):
            choose(plain, precision, "cpu")


def test_the_int8_file_is_what_runs(folder: Path) -> None:
    add_int8(folder, faster_on=[], shift=0.25)
    exact, cheap = Model.open(folder, "cpu"), Model.open(folder, "cpu", precision="int8")
    crops = np.zeros((1, 64, 64, 3), np.uint8)
    moved = cheap.run(crops)["points"] - exact.run(crops)["points"]
    np.testing.assert_allclose(moved, 0.25, rtol=1e-6)
    content = (folder / "model.int8.onnx").read_bytes()
    assert (cheap.precision, cheap.sha256) == ("int8", hashlib.sha256(content).hexdigest())
    assert (exact.precision, exact.sha256) == ("fp32", exact.card.file.sha256)


def test_an_edited_int8_file_is_refused_when_it_is_to_run(folder: Path) -> None:
    path = folder / "model.int8.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(CardError, match=r"model.int8.onnx has"):
        Model.open(folder, "cpu", precision="int8")
    assert Model.open(folder, "cpu").precision == "fp32"


def test_features_of_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text("model name\t: x\nflags\t\t: avx2 avx512_vnni\n\nflags\t: other\n")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert cpu_features(path) == VNNI
    path.write_text("processor\t: 0\nFeatures\t: fp asimddp\n")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert cpu_features(path) == {"fp", "asimddp"}
    assert cpu_features(tmp_path / "missing") == frozenset()
