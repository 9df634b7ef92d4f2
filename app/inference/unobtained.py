"""Sentences about a device that was asked for and not obtained: the reason and the remedy."""

import logging
from collections.abc import Sequence
from pathlib import Path

import onnxruntime as ort

from app.errors import ProviderError

STALE = "Export the model again and write its card anew."
_BACK = "or set MIEN_INFERENCE__DEVICE=cpu."
_MEMORY = (
    "If it is memory that is missing, raise MIEN_INFERENCE__GPU_MEM_LIMIT or name smaller "
    "MIEN_INFERENCE__GPU_BATCH_SIZES. "
)
_REMEDIES = {
    "cuda": "Check that `nvidia-smi` shows a GPU (in a container: `--gpus all`) and that the CUDA "
    f"and cuDNN libraries of this onnxruntime ({ort.__version__}) are installed, {_BACK}",
    "tensorrt": "Check that `nvidia-smi` shows a GPU (in a container: `--gpus all`) and that the "
    f"TensorRT libraries that onnxruntime {ort.__version__} was built for can be loaded (`pip "
    f"install tensorrt` in that version, on LD_LIBRARY_PATH), {_BACK}",
    "coreml": f"CoreML needs macOS 12 or newer; update it, {_BACK}",
    "openvino": f"Update it (`pip install --upgrade openvino`), {_BACK}",
}
_FLAVOURS = {
    "cuda": "the GPU flavour (`pip install 'mien[gpu]'` into a fresh environment; the CPU and GPU "
    "builds exclude each other)",
    "tensorrt": "the GPU flavour (`pip install 'mien[gpu]'` into a fresh environment; the CPU and "
    "GPU builds exclude each other) and TensorRT",
    "coreml": "onnxruntime's build for macOS",
}


def not_built_in(device: str, built_in: Sequence[str]) -> ProviderError:
    return ProviderError(
        f"device={device} was asked for, but this onnxruntime is built without it (it has "
        f"{', '.join(built_in)}). Install {_FLAVOURS[device]}, {_BACK}"
    )


def not_obtained(device: str, reason: str) -> ProviderError:
    return ProviderError(
        f"device={device} was asked for and not obtained: {reason}. {_REMEDIES[device]}"
    )


def failed_at_first_run(device: str, error: Exception) -> ProviderError:
    of_memory = _MEMORY if device in ("cuda", "tensorrt") else ""
    return ProviderError(
        f"device={device} was asked for and its first run failed: {error}. {of_memory}"
        f"{_REMEDIES[device]}"
    )


def tell_of_the_cpu(model: Path, reason: str) -> None:
    """With device=auto that is no error; but nobody should wonder why their GPU idles."""
    log = logging.getLogger("mien.start")
    log.warning("CUDA cannot be used, so %s runs on the CPU: %s", model.parent.name, reason)
