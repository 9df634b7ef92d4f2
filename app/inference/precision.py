"""In which precision a model computes, and which of its folder's files that takes."""

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import onnxruntime as ort

from app.errors import ProviderError
from app.face.card import CardError, ModelCard, NetworkFile
from app.inference.providers import CUDA, Arithmetic, Device

Precision = Literal["auto", "fp32", "bf16", "fp16", "int8"]
CPU_FACTS = Path("/proc/cpuinfo")
_BACK = "or set MIEN_INFERENCE__PRECISION=fp32."


@dataclass(frozen=True, slots=True)
class Choice:
    """What is opened. file: one of the card's."""

    arithmetic: Arithmetic
    file: NetworkFile


def choose(
    card: ModelCard, wanted: Precision, device: Device, features: frozenset[str] | None = None
) -> Choice:
    """The file and arithmetic for a wanted precision.

    `auto` is fp32, unless the model runs on the CPU in onnxruntime and the card has an int8 file
    that was measured to be faster on a CPU with a feature of this one.

    Args:
        card: of the model.
        wanted: a named precision is taken or refused, never replaced.
        device: bf16 is OpenVINO's and fp16 TensorRT's.
        features: of this CPU; None looks.

    Raises:
        ProviderError: the device does not have this precision.
        CardError: the folder has no file for it.
    """
    exact = Choice("fp32", card.file)
    if wanted == "fp32":
        return exact
    if wanted in ("bf16", "fp16"):
        _check_device(wanted, device)
        return Choice(wanted, card.file)
    file = next((file for file in card.precisions if file.precision == "int8"), None)
    if wanted == "int8":
        if file is None:
            raise CardError(
                f"{card.name} has no int8 file. Take `auto`, which takes the int8 files that there "
                f"are, {_BACK}"
            )
        return Choice("int8", file)
    if file is None or not _on_cpu(device):
        return exact
    known = cpu_features() if features is None else features
    return exact if known.isdisjoint(file.faster_on) else Choice("int8", file)


def cpu_features(path: Path = CPU_FACTS) -> frozenset[str]:
    """What this CPU can (avx512_vnni, asimddp, ...), by Linux; empty where it cannot be known."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return frozenset()
    name = "Features" if platform.machine().lower() in ("aarch64", "arm64") else "flags"
    found = (line.partition(":")[2] for line in lines if line.split(":")[0].strip() == name)
    return frozenset(next(found, "").split())


def _on_cpu(device: Device) -> bool:
    return device == "cpu" or (device == "auto" and CUDA not in ort.get_available_providers())


def _check_device(wanted: Literal["bf16", "fp16"], device: Device) -> None:
    having: Device = "openvino" if wanted == "bf16" else "tensorrt"
    if device != having:
        raise ProviderError(
            f"precision={wanted} was asked for with device={device}. Only device={having} computes "
            f"in it: set MIEN_INFERENCE__DEVICE={having}, {_BACK}"
        )
