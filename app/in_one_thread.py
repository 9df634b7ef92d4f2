"""One image in one thread, from its bytes to its faces: where nobody is there to share a batch
with, each hop into another thread and back costs more than a batch could bring.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

from app.batching.thread import Outcome
from app.detection.candidates import Candidate, cut_all
from app.detection.detector import DetectedFace, DetectorInput
from app.face.geometry import Crop
from app.image_steps import OF_ONE_IMAGE, ImageSteps, facts_of
from app.inference.providers import CPU
from app.intake.image_input import ImageInput
from app.measuring.alignment import Alignment
from app.models import FaceDetector, LandmarkModel
from app.observability.trace import Stage, Trace
from app.results import Face, ImageFacts, ImageResult


class _AbandonedError(Exception):
    """Nobody waits any more."""


class InOneThread:
    """The work on the only image of a request. It takes the place of both models' own threads."""

    def __init__(
        self,
        image: ImageInput,
        steps: ImageSteps,
        detector: FaceDetector,
        model: LandmarkModel,
        trace: Trace,
    ) -> None:
        self._image, self._steps, self._trace = image, steps, trace
        self._detector, self._model = detector.batcher, model.batcher
        self._detections: list[Outcome[list[DetectedFace]]] = []
        self._alignments: list[Outcome[Alignment]] = []
        self._is_wanted = True

    @staticmethod
    def is_possible(detector: FaceDetector, model: LandmarkModel) -> bool:
        """Only on CPUs: accelerators are fed from one thread. Not where batches are waited for."""
        models = detector.detector.model, model.aligner.model
        return all(one.provider == CPU for one in models) and all(
            batcher.is_idle() and not batcher.max_wait
            for batcher in (detector.batcher, model.batcher)
        )

    async def result(self, pool: Executor) -> ImageResult:
        """A fault of the image is in the result; those of models are raised."""
        loop = asyncio.get_running_loop()
        work = pool.submit(self._run)
        self._detector.take()
        self._model.take()
        # Not when this is cancelled but when the thread is out of the models.
        work.add_done_callback(lambda _: loop.call_soon_threadsafe(self._give_back))
        try:
            return await asyncio.wrap_future(work)
        finally:
            self._is_wanted = False

    def _give_back(self) -> None:
        self._detector.give_back(self._detections)
        self._model.give_back(self._alignments)

    def _run(self) -> ImageResult:
        facts: ImageFacts | None = None
        name = self._image.file_name
        try:
            with self._step("decode"):
                decoded, ready = self._steps.open(self._image)
            facts = facts_of(decoded)
            found = self._find(facts, ready)
            if not found:
                return ImageResult(0, name, facts)
            with self._step("crop"):
                finer = self._steps.finer(decoded, found)
                if finer is not None:
                    del decoded  # the coarse pixels and the fine ones are never held together
                    decoded = self._steps.decode(self._image, finer)
                crops = cut_all(found, decoded.pixels, *self._steps.crop, decoded.grid)
            del decoded
            return ImageResult(0, name, facts, self._measured(found, crops, facts))
        except OF_ONE_IMAGE as error:
            return ImageResult(0, name, facts, error=error)

    def _find(self, facts: ImageFacts, ready: DetectorInput | None) -> list[Candidate]:
        faces: Sequence[DetectedFace] = ()
        with self._step("detect"):
            if ready is not None:
                self._detections.append(outcome := self._detector.run_here([ready]))
                (faces,) = outcome.answers()
            return self._steps.choose(0, self._image, facts, faces)

    def _measured(
        self, found: Sequence[Candidate], crops: Sequence[Crop], facts: ImageFacts
    ) -> tuple[Face, ...]:
        most = self._model.max_batch
        aligned: list[Alignment] = []
        self._trace.add("queue", 0.0)
        with self._step("infer"):
            for start in range(0, len(crops), most):
                some = [crop.pixels for crop in crops[start : start + most]]
                self._alignments.append(outcome := self._model.run_here(some))
                aligned += outcome.answers()
        with self._step("measure"):
            return self._steps.measure(found, crops, aligned, facts)

    def _step(self, name: str) -> Stage:
        if not self._is_wanted:
            raise _AbandonedError
        return self._trace.stage(name)
