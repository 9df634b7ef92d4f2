"""The models of one service: which one a request gets, each behind its own batcher."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.batching.batcher import Batcher, BatchRecord
from app.detection.detector import DetectedFace, Detector, DetectorInput
from app.errors import InvalidParameter, UnknownModel
from app.face.card import ModelCard
from app.face.schemes.ibug_68 import IBUG_68
from app.inference.model import Model
from app.measuring.alignment import Aligner, Alignment
from app.open_models import OpenModels
from app.options import Options
from app.settings import InferenceSettings

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
