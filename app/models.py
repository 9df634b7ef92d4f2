"""The models of one service: opened, checked, each behind its own batcher."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.accuracy_gate import (
    faults_of_aligner,
    faults_of_detector,
    golden_boxes,
    golden_crops,
    golden_pictures,
)
from app.batching.batcher import Batcher, BatchRecord
from app.detection.detector import DetectedFace, Detector, DetectorInput, DetectorSettings
from app.errors import InvalidParameter, ProviderError, UnknownModel
from app.face.card import CardError, ModelCard
from app.face.schemes.ibug_68 import IBUG_68
from app.inference.model import Device, Model, Precision, ProviderSettings
from app.licences import refuse_unlicensed
from app.measuring.alignment import Aligner, Alignment
from app.options import Options
from app.settings import InferenceSettings, Settings
from app.threads import cpu_count

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class LandmarkModel:
    """A landmark model and the queue in front of it, which takes crops (S, S, 3) uint8 RGB."""

    aligner: Aligner
    batcher: Batcher[NDArray[np.uint8], Alignment]


@dataclass(frozen=True, slots=True)
class FaceDetector:
    """The detector and the queue in front of it."""

    detector: Detector
    batcher: Batcher[DetectorInput, list[DetectedFace]]


@dataclass(frozen=True, slots=True)
class Models:
    """Everything that is loaded. The first landmark model is the default. detector: None where the
    callers bring the boxes.
    """

    detector: FaceDetector | None
    landmarks: Mapping[str, LandmarkModel]

    @property
    def default(self) -> str:
        return next(iter(self.landmarks))

    @property
    def all(self) -> dict[str, Model]:
        """Every loaded model by its name, the default landmark model first."""
        models = [entry.aligner.model for entry in self.landmarks.values()]
        if self.detector is not None:
            models.append(self.detector.detector.model)
        return {model.card.name: model for model in models}

    @property
    def waiting(self) -> dict[str, int]:
        """How many items wait in front of each model, by its name."""
        waiting = {name: entry.batcher.waiting for name, entry in self.landmarks.items()}
        if self.detector is not None:
            waiting[self.detector.batcher.name] = self.detector.batcher.waiting
        return waiting

    @property
    def usual_size(self) -> bool:
        """Whether the detector's input, if there is one, has the size of its card."""
        return self.detector is None or self.detector.detector.usual_size

    @property
    def exact(self) -> bool:
        """Whether all of them compute in fp32."""
        return all(model.precision == "fp32" for model in self.all.values())

    def landmark_model(self, options: Options) -> LandmarkModel:
        """The landmark model that was asked for, or the default. UnknownModel names those there
        are; InvalidParameter those that know the pose method, or that have the landmarks that are
        asked for, or that the method needs.
        """
        method, blocks = options.method, options.blocks
        found = self.landmarks.get(self.default if options.model is None else options.model)
        if found is None:
            known = ", ".join(self.landmarks)
            raise UnknownModel(f"There is no landmark model {options.model!r}. Loaded: {known}.")
        if method == "direct" and not found.aligner.tells_rotation:
            raise InvalidParameter(self._no_direct_pose(found.aligner.model.card.name))
        if not found.aligner.tells_points and (
            method == "pnp" or ("landmarks" in blocks and "pose" not in blocks)
        ):
            raise InvalidParameter(self._no_points(found.aligner.model.card.name))
        if method == "pnp" and not _fits_pnp(found):
            raise InvalidParameter(self._no_pnp(found.aligner.model.card))
        return found

    def _no_direct_pose(self, name: str) -> str:
        able = [other for other, entry in self.landmarks.items() if entry.aligner.tells_rotation]
        others = f", or model={able[0]}" if able else ""
        return (
            f"method: direct needs a model that tells the rotation, and {name} knows landmarks "
            f"alone. Send method=pnp{others}, or leave method out."
        )

    def _no_pnp(self, card: ModelCard) -> str:
        able = [other for other, entry in self.landmarks.items() if _fits_pnp(entry)]
        others = f"model={able[0]}, or leave method out" if able else "no method"
        return (
            f"method: pnp needs the 68 points of {IBUG_68.name}, and {card.name} knows those of "
            f"{card.scheme}. Send {others}."
        )

    def _no_points(self, name: str) -> str:
        able = [other for other, entry in self.landmarks.items() if entry.aligner.tells_points]
        others = f" or send model={able[0]}" if able else ""
        return (
            f"model: {name} tells the rotation alone, no landmarks. Ask /pose without method=pnp"
            f"{others}."
        )


def _fits_pnp(entry: LandmarkModel) -> bool:
    return entry.aligner.tells_points and entry.aligner.model.card.scheme == IBUG_68.name


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


@asynccontextmanager
async def serve_models(
    opened: OpenModels, settings: InferenceSettings, on_batch: Callable[[BatchRecord], None]
) -> AsyncIterator[Models]:
    """Put a batcher in front of each model; on the way out they answer what waits, then stop."""

    def batcher(run: Callable[[list[T]], Sequence[R]], model: Model) -> Batcher[T, R]:
        return Batcher(
            run,
            max_batch=min(settings.max_batch, model.max_batch),
            max_wait=settings.max_wait_ms / 1000,
            max_queue=settings.max_queue,
            name=model.card.name,
            on_batch=on_batch,
        )

    async with AsyncExitStack() as stack:
        detector = None
        if opened.detector is not None:
            finds = batcher(opened.detector.run, opened.detector.model)
            detector = FaceDetector(opened.detector, await stack.enter_async_context(finds))
        landmarks = {}
        for aligner in opened.aligners:
            aligns = batcher(aligner.run, aligner.model)
            entry = LandmarkModel(aligner, await stack.enter_async_context(aligns))
            landmarks[aligner.model.card.name] = entry
        yield Models(detector, landmarks)
