"""What a device name means, and how a session on that device is opened.

`auto` takes CUDA where a session really gets it and else the CPU. The others are for those who ask:
TensorRT builds engines for minutes, OpenVINO was no faster than ONNX Runtime in fp32 on two CPU
cores (1.0 to 1.1 times its time for one crop), CoreML has not been measured. A device that is named
and not obtained is an error, and a session never leaves its device later: nothing here falls back
silently.
"""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import onnxruntime as ort

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
from app.inference.unobtained import (
    STALE,
    failed_at_first_run,
    not_built_in,
    not_obtained,
    tell_of_the_cpu,
)

Device = Literal["auto", "cpu", "cuda", "tensorrt", "openvino", "coreml"]
Arithmetic = Literal["fp32", "bf16", "fp16", "int8"]
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
TENSORRT, COREML = "TensorrtExecutionProvider", "CoreMLExecutionProvider"
OPENVINO = OpenVinoSession.PROVIDER

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
    if request.device in _NAMED and _NAMED[request.device] not in _built_in():
        raise not_built_in(request.device, _built_in())
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
            raise not_obtained(request.device, str(error)) from error
        if request.device == "auto" and CUDA in _built_in():
            tell_of_the_cpu(request.path, str(error))
            return open_session(replace(request, device="cpu"))
        raise CardError(
            f"{request.path} cannot be loaded by onnxruntime: {error}. {STALE}"
        ) from error
    # The list that was asked for proves nothing: onnxruntime falls back without an error.
    got = session.get_providers()[0]
    reason = " ".join([f"the session runs on {got}", *said.getvalue().split()])
    if request.device in _NAMED and got != _NAMED[request.device]:
        raise not_obtained(request.device, reason)
    if request.device == "auto" and got == CPU and CUDA in _built_in():
        tell_of_the_cpu(request.path, reason)
    # Or onnxruntime answers a failed run by going over to another provider.
    session.disable_fallback()
    return BoundSession(session) if got in (CUDA, TENSORRT) else session


def after_failed_run(request: SessionRequest, provider: str, error: Exception) -> SessionRequest:
    """What to open instead of a session whose first run failed: with device=auto the CPU.

    Raises:
        ProviderError: a device was named.
        CardError: the CPU cannot run the file either.
    """
    if request.device == "auto" and provider != CPU:
        tell_of_the_cpu(request.path, str(error))
        return replace(request, device="cpu")
    if request.device in ("auto", "cpu"):
        raise CardError(
            f"{request.path} cannot be run by onnxruntime: {error}. Unless it is memory that is "
            f"missing: {STALE}"
        )
    raise failed_at_first_run(request.device, error)


def _built_in() -> list[str]:
    return list(ort.get_available_providers())


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
