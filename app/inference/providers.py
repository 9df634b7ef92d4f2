"""What a device name means, and how a session on that device is opened.

`auto` takes CUDA where a session really gets it and else the CPU. The others are for those who ask:
TensorRT builds engines for minutes, OpenVINO was no faster than ONNX Runtime in fp32 on two CPU
cores (1.0 to 1.1 times its time for one crop), CoreML has not been measured. A device that is named
and not obtained is an error: nothing here falls back silently.
"""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import onnxruntime as ort

from app.errors import ProviderError
from app.face.card import CardError, ModelInput
from app.inference.bound_session import BoundSession
from app.inference.openvino_session import OpenVinoSession
from app.inference.provider_options import (
    ProviderSettings,
    coreml_options,
    cuda_options,
    tensorrt_options,
)
from app.inference.shape_policy import Fill

Device = Literal["auto", "cpu", "cuda", "tensorrt", "openvino", "coreml"]
Arithmetic = Literal["fp32", "bf16", "fp16", "int8"]
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
TENSORRT, COREML = "TensorrtExecutionProvider", "CoreMLExecutionProvider"
OPENVINO = OpenVinoSession.PROVIDER

STALE = "Export the model again and write its card anew."
_BACK = "or set MIEN_INFERENCE__DEVICE=cpu."
_REMEDIES = {
    "cuda": "Check that `nvidia-smi` shows a GPU (in a container: `--gpus all`) and that the CUDA "
    f"and cuDNN libraries of this onnxruntime ({ort.__version__}) are installed, {_BACK}",
    "tensorrt": "Check that `nvidia-smi` shows a GPU (in a container: `--gpus all`) and that the "
    f"TensorRT libraries that onnxruntime {ort.__version__} was built for can be loaded (`pip "
    f"install tensorrt` in that version, on LD_LIBRARY_PATH), {_BACK}",
    "coreml": f"CoreML needs macOS 12 or newer; update it, {_BACK}",
}
_FLAVOURS = {
    "cuda": "the GPU flavour (`pip install 'mien[gpu]'` into a fresh environment; the CPU and GPU "
    "builds exclude each other)",
    "tensorrt": "the GPU flavour (`pip install 'mien[gpu]'` into a fresh environment; the CPU and "
    "GPU builds exclude each other) and TensorRT",
    "coreml": "onnxruntime's build for macOS",
}
_NAMED = {"cuda": CUDA, "tensorrt": TENSORRT, "coreml": COREML}


class Session(Protocol):
    """What a model needs of its session; onnxruntime's own is one."""

    def get_providers(self) -> Sequence[str]: ...

    def get_inputs(self) -> Sequence[Any]: ...

    def get_outputs(self) -> Sequence[Any]: ...

    def run(self, output_names: Sequence[str], feed: dict[str, Any]) -> Sequence[Any]: ...


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """A session that is wanted. batch_sizes: of the card, or what replaces them."""

    path: Path
    source: ModelInput
    batch_sizes: tuple[int, ...]
    device: Device = "auto"
    threads: int = 1
    arithmetic: Arithmetic = "fp32"
    settings: ProviderSettings = field(default_factory=ProviderSettings)


def fill_for(provider: str) -> Fill:
    """How batches are made to fit a provider; see `ShapePolicy`."""
    if provider == CPU:
        return "exact"
    return "split" if provider == OPENVINO else "pad"


def open_session(request: SessionRequest) -> Session:
    """The session, on the device that was asked for.

    Raises:
        ProviderError: a device was named and is not obtained.
        CardError: the file cannot be loaded.
    """
    if request.device == "openvino":
        return OpenVinoSession(
            request.path,
            threads=request.threads,
            halves=request.arithmetic == "bf16",
            cache=request.settings.engine_cache,
        )
    _check_built_in(request.device)
    said = io.StringIO()
    try:
        # What is missing of CUDA's libraries is printed, not raised.
        with contextlib.redirect_stdout(said):
            if request.device in ("auto", "cuda", "tensorrt") and CUDA in _built_in():
                ort.preload_dlls()
            session = ort.InferenceSession(
                request.path, _options(request.threads), providers=_providers(request)
            )
    except Exception as error:
        if request.device in _NAMED:
            raise _not_obtained(request.device, str(error)) from error
        raise CardError(
            f"{request.path} cannot be loaded by onnxruntime: {error}. {STALE}"
        ) from error
    # The list that was asked for proves nothing: onnxruntime falls back without an error.
    got = session.get_providers()[0]
    if request.device in _NAMED and got != _NAMED[request.device]:
        reason = " ".join([f"the session runs on {got}", *said.getvalue().split()])
        raise _not_obtained(request.device, reason)
    return BoundSession(session) if got in (CUDA, TENSORRT) else session


def _built_in() -> list[str]:
    return list(ort.get_available_providers())


def _check_built_in(device: Device) -> None:
    if device in _NAMED and _NAMED[device] not in _built_in():
        raise ProviderError(
            f"device={device} was asked for, but this onnxruntime is built without it (it has "
            f"{', '.join(_built_in())}). Install {_FLAVOURS[device]}, {_BACK}"
        )


def _not_obtained(device: Device, reason: str) -> ProviderError:
    return ProviderError(
        f"device={device} was asked for and not obtained: {reason}. {_REMEDIES[device]}"
    )


def _providers(request: SessionRequest) -> list[Any]:
    """In order of preference; the CPU is always the last, for what the others cannot do."""
    cuda = (CUDA, cuda_options(request.settings))
    if request.device == "tensorrt":
        halves = request.arithmetic == "fp16"
        options = tensorrt_options(
            request.settings, request.source, request.batch_sizes, halves=halves
        )
        return [(TENSORRT, options), cuda, CPU]
    if request.device == "coreml":
        return [(COREML, coreml_options()), CPU]
    if request.device == "cpu" or CUDA not in _built_in():
        return [CPU]
    return [cuda, CPU]


def _options(threads: int) -> ort.SessionOptions:
    """onnxruntime's defaults (all optimisations, arena, memory pattern) were the fastest here."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Spinning threads burn the quota that decoding needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
