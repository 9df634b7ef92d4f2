"""What a device name leads to: real sessions on the CPU, fake ones for what is not at hand."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnxruntime as ort
import pytest

from app.errors import ProviderError
from app.face.card import CardError, load_card
from app.inference.bound_session import BoundSession
from app.inference.model import Model, ProviderSettings
from app.inference.providers import COREML, CPU, CUDA, TENSORRT, SessionRequest, open_session
from app.inference.shape_policy import ShapePolicy
from tests.tiny_models import write_detector, write_landmarks

Providers = list[Any]


class FakeSession:
    """A session that claims a provider and computes by the real one on the CPU.

    A failing one does as onnxruntime does: unless that is forbidden it goes over to the CPU when a
    run fails, says so on the standard output at most, and goes on.
    """

    def __init__(self, path: Path, options: Any, claims: str, fails: Exception | None) -> None:
        self._real = REAL(path, options, providers=[CPU])
        self._claims, self._fails = claims, fails
        self._falls_back = True

    def get_providers(self) -> list[str]:
        return [self._claims, CPU]

    def disable_fallback(self) -> None:
        self._falls_back = False

    def run(self, *args: Any) -> Any:
        if self._fails is not None and self._claims != CPU:
            if not self._falls_back:
                raise self._fails
            self._claims = CPU
        return self._real.run(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


REAL = ort.InferenceSession


@pytest.fixture
def landmarks(tmp_path: Path) -> Path:
    return write_landmarks(tmp_path / "landmarks-68")


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Providers]]:
    """Build `has` into onnxruntime, and let sessions run on `gets`; what sessions were asked."""

    def install(has: list[str], gets: str, fails: Exception | None = None) -> list[Providers]:
        asked: list[Providers] = []

        def session(path: Path, options: Any, providers: Providers) -> Any:
            asked.append(providers)
            return FakeSession(path, options, CPU if providers == [CPU] else gets, fails)

        monkeypatch.setattr(ort, "get_available_providers", lambda: [*has, CPU])
        monkeypatch.setattr(ort, "InferenceSession", session)
        monkeypatch.setattr(ort, "preload_dlls", lambda: print("Failed to load libcudnn.so.9"))
        # Its buffers lie on the CPU here.
        monkeypatch.setattr(
            "app.inference.providers.BoundSession", lambda session: BoundSession(session, "cpu")
        )
        return asked

    return install


def request(folder: Path, **changes: Any) -> SessionRequest:
    card = load_card(folder)
    plain = SessionRequest(folder / card.file.name, card.input, tuple(card.batch_sizes))
    return replace(plain, **changes)


@pytest.mark.parametrize("device", ["cuda", "tensorrt", "coreml"])
def test_a_device_that_is_not_built_in_is_refused_with_a_remedy(
    landmarks: Path, monkeypatch: pytest.MonkeyPatch, device: Any
) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: [CPU])
    with pytest.raises(ProviderError, match=rf"device={device} .*built without.*Install"):
        Model.open(landmarks, device)
    assert Model.open(landmarks, "auto").provider == CPU


@pytest.mark.parametrize(
    ("device", "gets", "remedy"),
    [
        ("cuda", CPU, "nvidia-smi"),
        # TensorRT's libraries are missing, and onnxruntime takes CUDA instead.
        ("tensorrt", CUDA, "pip install tensorrt"),
        ("coreml", CPU, "macOS"),
    ],
)
def test_a_silent_fall_back_is_noticed(
    landmarks: Path, pretend: Callable[..., Any], device: Any, gets: str, remedy: str
) -> None:
    pretend([TENSORRT, CUDA, COREML], gets)
    with pytest.raises(ProviderError, match=rf"not obtained: the session runs on {gets}.*{remedy}"):
        Model.open(landmarks, device)


def test_what_could_not_be_loaded_is_part_of_the_reason(
    landmarks: Path, pretend: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    pretend([CUDA], CPU)
    with pytest.raises(ProviderError, match=r"Failed to load libcudnn.so.9"):
        Model.open(landmarks, "cuda")
    assert capsys.readouterr().out == ""


def test_a_session_that_cannot_be_made_names_the_reason(
    landmarks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("no kernel image is available")

    monkeypatch.setattr(ort, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(ort, "InferenceSession", fails)
    with pytest.raises(ProviderError, match=r"not obtained: no kernel image.*nvidia-smi"):
        Model.open(landmarks, "cuda")


class MemoryGoneError(Exception):
    """onnxruntime's own errors are plain exceptions, too."""


@pytest.mark.parametrize(
    ("device", "claims", "remedy"),
    [("cuda", CUDA, "GPU_MEM_LIMIT.*nvidia-smi"), ("coreml", COREML, "macOS")],
)
def test_a_named_device_that_fails_at_its_first_run_is_not_left(
    landmarks: Path, pretend: Callable[..., Any], device: Any, claims: str, remedy: str
) -> None:
    pretend([CUDA, COREML], claims, MemoryGoneError("no more"))
    with pytest.raises(ProviderError, match=rf"device={device} .*first run.*no more.*{remedy}"):
        Model.open(landmarks, device)


def test_auto_takes_the_cpu_where_cuda_cannot_run_and_says_so(
    landmarks: Path, pretend: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    pretend([CUDA], CUDA, MemoryGoneError("no more"))
    model = Model.open(landmarks, "auto")
    assert model.provider == CPU
    assert model.on_cpu
    assert "landmarks-68 runs on the CPU: no more" in caplog.text


def test_auto_takes_the_cpu_where_no_session_on_cuda_can_be_made(
    landmarks: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def session(path: Path, options: Any, providers: Providers) -> Any:
        if providers != [CPU]:
            raise MemoryGoneError("no more")
        return REAL(path, options, providers=providers)

    monkeypatch.setattr(ort, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(ort, "preload_dlls", lambda: None)
    monkeypatch.setattr(ort, "InferenceSession", session)
    assert Model.open(landmarks, "auto").provider == CPU
    assert "landmarks-68 runs on the CPU: no more" in caplog.text


def test_a_file_that_cannot_be_run_is_the_cards_error(
    landmarks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(ort.InferenceSession):  # type: ignore[misc, unused-ignore]
        def run(self, *_: Any) -> None:
            raise MemoryGoneError("no kernel")

    monkeypatch.setattr(ort, "InferenceSession", Broken)
    with pytest.raises(CardError, match=r"cannot be run by onnxruntime: no kernel.*again"):
        Model.open(landmarks, "cpu")


def test_auto_takes_cuda_before_the_cpu_and_nothing_else(
    landmarks: Path, pretend: Callable[..., list[Providers]]
) -> None:
    asked = pretend([TENSORRT, CUDA, COREML], CUDA)
    model = Model.open(landmarks, "auto")
    assert model.provider == CUDA
    assert [entry if isinstance(entry, str) else entry[0] for entry in asked[0]] == [CUDA, CPU]


def test_auto_names_what_it_really_got_and_why(
    landmarks: Path, pretend: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    pretend([CUDA], CPU)
    assert Model.open(landmarks, "auto").provider == CPU
    assert "landmarks-68 runs on the CPU: the session runs on" in caplog.text
    assert "Failed to load libcudnn.so.9" in caplog.text


def test_auto_says_nothing_where_there_is_no_cuda(
    landmarks: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert Model.open(landmarks, "auto").provider == CPU
    assert caplog.text == ""


def test_a_gpu_meets_only_its_batch_sizes(landmarks: Path, pretend: Callable[..., Any]) -> None:
    pretend([CUDA], CUDA)
    model = Model.open(landmarks, "cuda", settings=ProviderSettings(batch_sizes=(1, 16)))
    assert model.policy == ShapePolicy((1, 16), "pad")
    assert not model.on_cpu


def test_cuda_computes_exactly_and_within_its_memory(
    landmarks: Path, pretend: Callable[..., list[Providers]]
) -> None:
    asked = pretend([CUDA], CUDA)
    settings = ProviderSettings(gpu_mem_limit=2**30)
    assert isinstance(
        open_session(request(landmarks, device="cuda", settings=settings)), BoundSession
    )
    (name, options), last = asked[0]
    assert (name, last) == (CUDA, CPU)
    assert options["use_tf32"] == "0"
    assert options["gpu_mem_limit"] == "1073741824"


def test_tensorrt_is_told_the_range_of_shapes(
    tmp_path: Path, pretend: Callable[..., list[Providers]]
) -> None:
    asked = pretend([TENSORRT, CUDA], TENSORRT)
    folder = write_detector(tmp_path / "detector", long_side=330)
    settings = ProviderSettings(engine_cache=tmp_path / "engines")
    open_session(request(folder, device="tensorrt", settings=settings))
    open_session(request(folder, device="tensorrt", arithmetic="fp16"))
    exact, halves = asked[0][0][1], asked[1][0][1]
    assert exact["trt_profile_min_shapes"] == "images:1x32x32x3"
    assert exact["trt_profile_opt_shapes"] == "images:8x352x352x3"
    assert exact["trt_profile_max_shapes"] == "images:8x352x352x3"
    assert (exact["trt_fp16_enable"], halves["trt_fp16_enable"]) == ("0", "1")
    assert exact["trt_engine_cache_path"] == str(tmp_path / "engines")
    assert "trt_engine_cache_enable" not in halves


def test_threads_are_those_asked_for_and_do_not_spin(
    landmarks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[ort.SessionOptions] = []

    def session(path: Path, options: Any, providers: Providers) -> Any:
        seen.append(options)
        return REAL(path, options, providers=providers)

    monkeypatch.setattr(ort, "InferenceSession", session)
    open_session(request(landmarks, device="cpu", threads=3))
    assert seen[0].intra_op_num_threads == 3
    assert seen[0].get_session_config_entry("session.intra_op.allow_spinning") == "0"
