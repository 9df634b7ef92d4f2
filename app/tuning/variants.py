"""The devices and precisions that this machine offers for the models that are loaded."""

import contextlib
import importlib.util
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import onnxruntime as ort

from app.errors import StartUpError
from app.face.card import CardError, ModelCard, load_card
from app.inference.precision import choose
from app.inference.providers import COREML, CUDA, TENSORRT, Device
from app.open_models import OpenModels, load_models
from app.settings import Settings
from app.threads import cpu_count


@dataclass(frozen=True, slots=True)
class Variant:
    """A device, a precision, and the threads of one run."""

    device: Device
    precision: str
    threads: int = 1

    def __str__(self) -> str:
        return f"{self.device} {self.precision}"

    @property
    def on_cpu(self) -> bool:
        return self.device in ("cpu", "openvino")

    @property
    def in_flight(self) -> int:
        """Images that each worker has under way when it is measured: one is decoded while another
        is in a model, and an accelerator wants batches.
        """
        return 4 if self.on_cpu else 32


@dataclass(frozen=True, slots=True)
class Refused:
    """A variant that cannot be had here, and why."""

    variant: Variant
    reason: str


def candidates(settings: Settings) -> list[Variant]:
    """What is worth a try: what is installed, and the precisions that the cards have files for."""
    built_in = ort.get_available_providers()
    names = filter(None, (settings.detector, *settings.landmarks))
    cards = [load_card(settings.models_dir / name) for name in names]
    all_int8 = ["int8"] if all(card.precisions for card in cards) else []
    offered: list[tuple[Device, list[str]]] = [("cpu", ["fp32", *_mixed(cards), *all_int8])]
    if importlib.util.find_spec("openvino") is not None:
        offered.append(("openvino", ["fp32", "bf16", *all_int8]))
    named: tuple[tuple[Device, str, list[str]], ...] = (
        ("cuda", CUDA, ["fp32"]),
        ("tensorrt", TENSORRT, ["fp32", "fp16"]),
        ("coreml", COREML, ["fp32"]),
    )
    offered += [(device, kinds) for device, provider, kinds in named if provider in built_in]
    return [Variant(device, precision) for device, kinds in offered for precision in kinds]


def _mixed(cards: Sequence[ModelCard]) -> list[str]:
    """["auto"] where that takes the int8 files of some models and not of others."""
    taken = {choose(card, "auto", "cpu").arithmetic for card in cards}
    return ["auto"] if len(taken) > 1 else []


def thread_counts() -> list[int]:
    """1, and then doubled up to all CPUs of this process."""
    most = cpu_count()
    return sorted({1, most} | {2**power for power in range(1, 6) if 2**power <= most})


def with_variant(settings: Settings, variant: Variant, **inference: object) -> Settings:
    """The settings, but on this device."""
    changes = {
        "device": variant.device,
        "precision": variant.precision,
        "threads": variant.threads,
        **inference,
    }
    return settings.model_copy(update={"inference": settings.inference.model_copy(update=changes)})


def open_variant(settings: Settings, variant: Variant) -> OpenModels | Refused:
    """The models on this device, which includes the comparison with fp32; or why not."""
    try:
        with _quiet():
            return load_models(with_variant(settings, variant))
    except (CardError, StartUpError) as error:
        return Refused(variant, str(error))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Refusals are told in the table, not by the log."""
    log = logging.getLogger("mien.start")
    before = log.disabled
    log.disabled = True
    try:
        yield
    finally:
        log.disabled = before
