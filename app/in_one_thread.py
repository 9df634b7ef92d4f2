"""The usual picture in one thread, from its bytes to its faces: where nobody is there to share a
batch with, each hop into another thread and back costs more than a batch could bring.

Only what is brief is done so: some milliseconds, in which others have to wait for the models. A
picture that takes long to decode, or one with many faces, goes on the long way of `app.analysis`.
"""

import asyncio
from concurrent.futures import Executor
from contextlib import suppress
from time import perf_counter
from typing import NamedTuple

from app.batching.thread import Outcome
from app.concurrency import in_thread
from app.detection.candidates import Candidate, cut_all
from app.detection.detector import DetectedFace, DetectorInput
from app.image_steps import FEW_FACES, ImageSteps, facts_of, is_brief
from app.images.decoding import DecodedImage, checked_header
from app.images.headers import ImageHeader
from app.inference.providers import CPU
from app.intake.image_input import ImageInput
from app.measuring.alignment import Alignment
from app.models import FaceDetector, LandmarkModel
from app.observability.trace import Trace
from app.results import Face, ImageFacts

MOST_PIXELS = 1 << 21
"""Of a JPEG that is brief: a frame of 1920 x 1080 is, some 6 ms."""
_MOST_OF_OTHERS = 1 << 19
"""PNG, WebP and progressive JPEG take four to eight times as long; the few BMPs are not worth a
limit of their own.
"""
_AT_ONCE = (0xC0, 0xC1)  # JPEG's processes without progression


class _AbandonedError(Exception):
    """Nobody waits any more."""


class Looked(NamedTuple):
    """What has become of an image. faces: None where they are still to be cut out and measured."""

    decoded: DecodedImage
    facts: ImageFacts
    found: list[Candidate]
    faces: tuple[Face, ...] | None = None


class InOneThread:
    """The work on the only image of a request. While it lasts it takes the place of the threads of
    both models.
    """

    def __init__(
        self,
        image: ImageInput,
        steps: ImageSteps,
        detector: FaceDetector | None,
        model: LandmarkModel,
    ) -> None:
        self._image, self._steps = image, steps
        self._detector = None if detector is None else detector.batcher
        self._model = model.batcher
        self._detections: list[Outcome[list[DetectedFace]]] = []
        self._alignments: list[Outcome[Alignment]] = []
        self._is_wanted = True
        self._turn = [True]  # whoever takes it out gives the models back
        self._stages: dict[str, float] = {}  # seconds
        self._stage = "decode", perf_counter()

    @staticmethod
    def is_possible(detector: FaceDetector | None, model: LandmarkModel) -> bool:
        """Whether the models are free. Only with onnxruntime's CPU provider: accelerators are fed
        from one thread. Not where batches are waited for.
        """
        used = [(model.aligner.model, model.batcher.is_idle(), model.batcher.max_wait)]
        if detector is not None:
            batcher = detector.batcher
            used.append((detector.detector.model, batcher.is_idle(), batcher.max_wait))
        return all(one.provider == CPU and idle and not wait for one, idle, wait in used)

    async def result(self, pool: Executor, trace: Trace) -> Looked | None:
        """None for an image that takes long to decode. Errors: of the steps and of the models."""
        if self._detector is not None:
            self._detector.take()
        self._model.take()
        try:
            return await in_thread(pool, self._run, asyncio.get_running_loop())
        finally:
            self._is_wanted = False
            if self._takes_turn():  # no thread came to it
                self._give_back()
            stage, since = self._stage
            for name, seconds in {**self._stages, stage: perf_counter() - since}.items():
                trace.add(name, seconds)

    def _takes_turn(self) -> bool:
        try:
            return self._turn.pop()  # at once: two threads never get it both
        except IndexError:
            return False

    def _give_back(self) -> None:
        if self._detector is not None:
            self._detector.give_back(self._detections)
        self._model.give_back(self._alignments)

    def _run(self, loop: asyncio.AbstractEventLoop) -> Looked | None:
        if not self._takes_turn():
            raise _AbandonedError
        try:
            return self._look()
        finally:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._give_back)

    def _look(self) -> Looked | None:
        header = checked_header(self._image.data, self._steps.limits)
        if not _decodes_briefly(header):
            return None
        decoded, ready = self._steps.open(self._image, header)
        facts = facts_of(decoded)
        self._begin("detect")
        found = self._find(facts, ready)
        del ready
        if not found:
            return Looked(decoded, facts, found, ())
        few = len(found) <= min(FEW_FACES, self._model.max_batch)
        brief = few and is_brief(found, decoded)
        if not brief or self._steps.finer(decoded, found) is not None:
            return Looked(decoded, facts, found)
        self._begin("crop")
        crops = cut_all(found, decoded.pixels, *self._steps.crop, decoded.grid)
        self._begin("infer")
        self._stages["queue"] = 0.0
        self._alignments.append(run := self._model.run_here([crop.pixels for crop in crops]))
        aligned = run.answers()
        self._begin("measure")
        return Looked(decoded, facts, found, self._steps.measure(found, crops, aligned, facts))

    def _find(self, facts: ImageFacts, ready: DetectorInput | None) -> list[Candidate]:
        faces: list[DetectedFace] = []
        if ready is not None and self._detector is not None:
            self._detections.append(run := self._detector.run_here([ready]))
            (faces,) = run.answers()
        return self._steps.choose(0, self._image, facts, faces)

    def _begin(self, stage: str) -> None:
        """The next stage, if somebody still waits for it."""
        if not self._is_wanted:
            raise _AbandonedError
        before, since = self._stage
        self._stage = stage, (now := perf_counter())
        self._stages[before] = now - since


def _decodes_briefly(header: ImageHeader) -> bool:
    plain = header.jpeg is not None and header.jpeg.process in _AT_ONCE
    return header.width * header.height <= (MOST_PIXELS if plain else _MOST_OF_OTHERS)
