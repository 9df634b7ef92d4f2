"""The models of one service: opened, licensed for its use, and checked against fp32."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from app.accuracy_gate import (
    faults_of_aligner,
    faults_of_detector,
    golden_boxes,
    golden_crops,
    golden_pictures,
)
from app.detection.detector import Detector, DetectorSettings
from app.errors import ProviderError
from app.face.card import CardError
from app.inference.model import Device, Model, Precision, ProviderSettings
from app.licences import refuse_unlicensed
from app.measuring.alignment import Aligner
from app.settings import Settings
from app.threads import cpu_count


@dataclass(frozen=True, slots=True)
class OpenModels:
    """Loaded and warmed up, without batchers yet: what may be done outside the event loop."""

    detector: Detector | None
    aligners: tuple[Aligner, ...]

    @property
    def all(self) -> list[Model]:
        """The detector first."""
        aligners = [aligner.model for aligner in self.aligners]
        return aligners if self.detector is None else [self.detector.model, *aligners]


def load_models(settings: Settings) -> OpenModels:
    """Load and warm up all models; blocks for seconds. Errors as `Model.open`, LicenceError, and
    ProviderError for a precision that was asked for by name and does not answer as fp32 does.
    """
    if settings.commercial_use:
        refuse_unlicensed(settings)
    opened = _open(settings, settings.inference.device, settings.inference.precision)
    if all(model.precision == "fp32" for model in opened.all):
        return opened
    return _checked(opened, _open(settings, "cpu", "fp32", warm=False), settings)


def _open(
    settings: Settings, device: Device, precision: Precision, *, warm: bool = True
) -> OpenModels:
    inference = settings.inference
    accelerator = ProviderSettings(
        inference.gpu_mem_limit, inference.engine_cache, inference.gpu_batch_sizes
    )

    def load(name: str) -> Model:
        threads = inference.threads or cpu_count()
        return Model.open(
            settings.models_dir / name,
            device,
            threads,
            precision=precision,
            settings=accelerator,
            warm=warm,
        )

    aligners = tuple(Aligner(load(name)) for name in settings.landmarks)
    names = [aligner.model.card.name for aligner in aligners]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise CardError(
            f"several folders of MIEN_LANDMARKS hold a model named {', '.join(repeated)}: requests "
            "could not tell them apart. Leave one out, or give it another name in its card."
        )
    if not settings.detector:
        return OpenModels(None, aligners)
    finds = DetectorSettings(long_side=settings.detector_size, padding=inference.detector_padding)
    return OpenModels(Detector(load(settings.detector), finds), aligners)


def _checked(opened: OpenModels, exact: OpenModels, settings: Settings) -> OpenModels:
    """`opened` where it answers as `exact` does. With precision=auto `exact` stands in for what
    does not; else that is a ProviderError.
    """
    pictures = golden_pictures(settings.models_dir)
    boxes = golden_boxes(exact.detector, pictures, settings.models_dir)
    detector, aligners = opened.detector, []
    if detector and exact.detector and detector.model.precision != "fp32":
        faults = faults_of_detector(exact.detector, detector, pictures)
        if _refused(detector.model, faults, settings):
            detector = exact.detector
            detector.model.warm_up()
    for aligner, reference in zip(opened.aligners, exact.aligners, strict=True):
        taken = aligner
        if aligner.model.precision != "fp32":
            crops = golden_crops(boxes, reference, pictures)
            faults = faults_of_aligner(reference, aligner, crops)
            if _refused(aligner.model, faults, settings):
                taken = reference
                taken.model.warm_up()
        aligners.append(taken)
    return OpenModels(detector, tuple(aligners))


def _refused(model: Model, faults: Sequence[str], settings: Settings) -> bool:
    if not faults:
        return False
    reason = (
        f"{model.card.name} in {model.precision} on {model.provider} does not answer as fp32 does: "
        f"{'; '.join(dict.fromkeys(faults))}"
    )
    if settings.inference.precision != "auto":
        raise ProviderError(f"{reason}. Set MIEN_INFERENCE__PRECISION=fp32.")
    logging.getLogger("mien.start").warning("%s; it runs in fp32", reason)
    return True
