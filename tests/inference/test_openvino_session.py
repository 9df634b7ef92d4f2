"""OpenVINO's session: a fake package for what must hold everywhere, the real one where it is."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from app.errors import ProviderError
from app.face.card import CardError
from app.inference.model import Model
from app.inference.openvino_session import OpenVinoSession
from app.inference.providers import CPU
from app.inference.shape_policy import ShapePolicy
from tests.tiny_models import picture, write_detector, write_landmarks


class Dimension:
    def __init__(self, size: int | None) -> None:
        self.is_static = size is not None
        self._size = size

    def get_length(self) -> int | None:
        return self._size


class FakeNetwork:
    """An ONNX file, told in OpenVINO's words and run by onnxruntime."""

    def __init__(self, path: Path) -> None:
        try:
            onnx.load(path)
        except Exception as error:
            raise RuntimeError("Unable to read the model") from error
        self.session = ort.InferenceSession(path, providers=[CPU])
        self.inputs = [self._port(node) for node in self.session.get_inputs()]
        self.outputs = [self._port(node) for node in self.session.get_outputs()]
        self.shape: list[int] | None = None

    def _port(self, node: Any) -> Any:
        kind = {"tensor(uint8)": "u8", "tensor(float)": "f32"}[node.type]
        sides = [Dimension(side if isinstance(side, int) else None) for side in node.shape]
        return SimpleNamespace(
            any_name=node.name,
            element_type=SimpleNamespace(get_type_name=lambda: kind),
            partial_shape=sides,
        )

    def reshape(self, shape: list[int]) -> None:
        self.shape = shape


class FakeRequest:
    """Answers in tensors that its next run overwrites, as OpenVINO does."""

    def __init__(self, network: FakeNetwork) -> None:
        self._network = network
        self._tensors: dict[str, Any] = {}

    def infer(self, feed: dict[str, Any], share_inputs: bool) -> None:
        assert share_inputs
        ((name, batch),) = feed.items()
        assert list(batch.shape) == self._network.shape
        names = [port.any_name for port in self._network.outputs]
        outputs = self._network.session.run(names, {name: batch})
        for output, value in zip(names, outputs, strict=True):
            kept = self._tensors.setdefault(output, np.empty_like(value))
            kept[...] = value

    def get_tensor(self, name: str) -> Any:
        return SimpleNamespace(data=self._tensors[name])


class FakeCore:
    compiled: list[tuple[list[int] | None, dict[str, Any]]]
    capabilities = ("FP32", "INT8")

    def get_property(self, device: str, name: str) -> Any:
        assert (device, name) == ("CPU", "OPTIMIZATION_CAPABILITIES")
        return list(self.capabilities)

    def read_model(self, path: Path) -> FakeNetwork:
        return FakeNetwork(path)

    def compile_model(self, network: FakeNetwork, device: str, properties: dict[str, Any]) -> Any:
        assert device == "CPU"
        self.compiled.append((network.shape, properties))
        return SimpleNamespace(create_infer_request=lambda: FakeRequest(network))


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> type[FakeCore]:
    fresh = type("Core", (FakeCore,), {"compiled": []})
    monkeypatch.setitem(sys.modules, "openvino", SimpleNamespace(Core=fresh))
    return fresh


@pytest.fixture
def landmarks(tmp_path: Path) -> Path:
    return write_landmarks(tmp_path / "landmarks-68")


def test_the_model_says_that_openvino_runs_it(landmarks: Path, core: type[FakeCore]) -> None:
    model = Model.open(landmarks, "openvino", threads=2)
    assert (model.provider, model.precision, model.on_cpu) == ("OpenVINO", "fp32", True)
    assert model.policy == ShapePolicy((1, 2, 4, 8), "split")
    shapes = [shape for shape, _ in core.compiled]
    assert shapes == [[size, 64, 64, 3] for size in (1, 2, 4, 8)]
    assert all(given["INFERENCE_PRECISION_HINT"] == "f32" for _, given in core.compiled)
    assert all(given["INFERENCE_NUM_THREADS"] == 2 for _, given in core.compiled)


def test_any_number_is_run_in_the_shapes_that_were_compiled(
    landmarks: Path, core: type[FakeCore]
) -> None:
    crops = np.stack([np.full((64, 64, 3), 10 * i, np.uint8) for i in range(15)])
    model = Model.open(landmarks, "openvino")
    met = len(core.compiled)
    outputs, expected = model.run(crops), Model.open(landmarks, "cpu").run(crops)
    assert len(core.compiled) == met
    for name, value in expected.items():
        np.testing.assert_array_equal(outputs[name], value)


def test_usual_pictures_are_compiled_before_serving(tmp_path: Path, core: type[FakeCore]) -> None:
    model = Model.open(write_detector(tmp_path / "detector"), "openvino")
    assert model.policy == ShapePolicy((1,), "split")
    assert sorted(tuple(shape or ()) for shape, _ in core.compiled) == [
        (1, 192, 320, 3),
        (1, 224, 320, 3),
        (1, 256, 320, 3),
        (1, 320, 192, 3),
        (1, 320, 224, 3),
        (1, 320, 256, 3),
        (1, 320, 320, 3),
    ]


def test_bf16_needs_a_cpu_that_has_it(landmarks: Path, core: type[FakeCore]) -> None:
    with pytest.raises(ProviderError, match=r"bf16.*FP32, INT8.*PRECISION=fp32"):
        Model.open(landmarks, "openvino", precision="bf16")
    core.capabilities = ("FP32", "BF16")
    model = Model.open(landmarks, "openvino", precision="bf16")
    assert model.precision == "bf16"
    assert core.compiled[-1][1]["INFERENCE_PRECISION_HINT"] == "bf16"


def test_what_is_compiled_may_be_kept(
    landmarks: Path, core: type[FakeCore], tmp_path: Path
) -> None:
    OpenVinoSession(landmarks / "model.onnx", threads=1, halves=False, cache=tmp_path).run(
        ["std"], {"crops": np.zeros((1, 64, 64, 3), np.uint8)}
    )
    assert core.compiled[0][1]["CACHE_DIR"] == str(tmp_path)


@pytest.mark.usefixtures("core")
def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(CardError, match="cannot be loaded by OpenVINO"):
        OpenVinoSession(path, threads=1, halves=False, cache=None)


def test_without_the_package_the_remedy_is_named(
    landmarks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ProviderError, match=r"mien\[cpu,openvino\].*DEVICE=cpu"):
        Model.open(landmarks, "openvino")


@pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is an extra")
def test_the_real_package_answers_as_onnxruntime_does(tmp_path: Path) -> None:
    for folder, batch in (
        (write_detector(tmp_path / "d"), picture(160, 96, {"red": (20, 30, 40, 50)})[None]),
        (write_landmarks(tmp_path / "l"), np.full((5, 64, 64, 3), 77, np.uint8)),
    ):
        model = Model.open(folder, "openvino")
        assert model.provider == "OpenVINO"
        outputs, expected = model.run(batch), Model.open(folder, "cpu").run(batch)
        for name, value in expected.items():
            np.testing.assert_allclose(outputs[name], value, atol=1e-4)
