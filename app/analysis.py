"""One request from bytes to faces: `Analyzer.analyze` is the whole way, step by step.

Every request shares the models and their batchers. Work that blocks (decoding, cropping, measuring)
runs in a small pool of threads, each model in the one thread of its batcher. Where nobody else is
there, a small picture walks most of the way in one thread (`app.in_one_thread`).

Fairness: a request puts only a few images and crops into the queues on the way at a time, and the
batchers serve the requests in turn. Its next image queues behind those that other requests have
sent meanwhile; a single image therefore waits for a few images of a large request, never for all.

Resolution: an image is first decoded as coarse as the detector allows, and once more where a face
in it is so small that its crop would be enlarged. With boxes given their size is known beforehand.
All coordinates are those of the full upright image.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar

import cv2

from app.batching.batcher import BatchRecord, ItemTiming
from app.concurrency import all_of, in_thread
from app.detection.candidates import Candidate, cut_all, portions
from app.detection.detector import DetectedFace, DetectorInput
from app.errors import ImageTooManyPixels
from app.face.geometry import Crop
from app.image_steps import FEW_FACES, OF_ONE_IMAGE, ImageSteps, facts_of, is_brief
from app.images.decoding import DecodedImage, ImageLimits, pixels_to_decode
from app.in_one_thread import InOneThread, Looked
from app.intake.image_input import ImageInput
from app.measuring.alignment import Alignment
from app.models import LandmarkModel, Models, serve_models
from app.observability.observer import Trace
from app.open_models import OpenModels
from app.options import Options
from app.results import Face, ImageFacts, ImageResult, ModelIdentity
from app.settings import LimitSettings, Settings
from app.threads import cpu_count, give_way

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    """What the images of one request share. turns, crops: how much of it is under way at once."""

    model: LandmarkModel
    steps: ImageSteps
    trace: Trace
    deadline: float | None
    is_single: bool
    turns: asyncio.Semaphore
    crops: asyncio.Semaphore


class Analyzer:
    """Answers requests; made by `open_analyzer`."""

    def __init__(self, models: Models, limits: LimitSettings, pool: ThreadPoolExecutor) -> None:
        self.models = models
        self._limits = limits
        self._image_limits = ImageLimits(max_pixels=limits.max_pixels)
        self._pool = pool
        # Decoded images are what is large: only so many are held, all requests together.
        self._places = asyncio.Semaphore(limits.max_decoded_images)
        self._under_way = 0  # requests

    def identity(self, options: Options) -> ModelIdentity:
        """The landmark model that a request with these options gets. Errors: see
        `Models.landmark_model`.
        """
        return ModelIdentity.of(self.models.landmark_model(options).aligner.model)

    def detector_identity(self, images: Sequence[ImageInput]) -> ModelIdentity | None:
        """The detector; None where there is none, and where every image came with its boxes."""
        detector = self.models.detector
        if detector is None or all(image.boxes is not None for image in images):
            return None
        return ModelIdentity.of(detector.detector.model)

    async def analyze(
        self,
        images: Sequence[ImageInput],
        options: Options,
        trace: Trace,
        deadline: float | None = None,
    ) -> list[ImageResult]:
        """One result per image, in order; deadline: event-loop time.

        A fault of one image of several is in its result; of a single image it is raised. What
        concerns the whole request (UnknownModel, ImageTooManyPixels of all images together,
        Overloaded, DeadlineExceeded, ...) is raised.
        """
        trace.images = len(images)
        request = self._request(options, trace, deadline, is_single=len(images) == 1)
        await self._check_pixels(images)
        self._under_way += 1
        try:
            results = await all_of(
                self._image(index, image, request) for index, image in enumerate(images)
            )
        finally:
            self._under_way -= 1
        if len(results) == 1 and results[0].error is not None:
            raise results[0].error
        analysed = [result for result in results if result.error is None]
        trace.faces_per_image = tuple(len(result.faces) for result in analysed)
        trace.faces = sum(trace.faces_per_image)
        return results

    def _request(
        self, options: Options, trace: Trace, deadline: float | None, *, is_single: bool
    ) -> _Request:
        model = self.models.landmark_model(options)
        detector = self.models.detector
        # Never more than a queue holds: a request alone could not succeed however often it came.
        turns = min(self._images_at_once(model), (detector or model).batcher.max_queue)
        crops = min(model.batcher.max_batch, model.batcher.max_queue)
        steps = ImageSteps(
            None if detector is None else detector.detector,
            model.aligner,
            options,
            self._image_limits,
            self._limits.max_faces,
        )
        return _Request(
            model,
            steps,
            trace,
            deadline,
            is_single,
            asyncio.Semaphore(turns),
            asyncio.Semaphore(crops),
        )

    def _images_at_once(self, model: LandmarkModel) -> int:
        """Of one request. On CPUs a batch takes as long as its images one by one; two keep decoding
        and detecting both busy.
        """
        detector = self.models.detector
        first = model.aligner.model if detector is None else detector.detector.model
        by_device = 2 if first.on_cpu else (detector or model).batcher.max_batch
        return self._limits.max_images_at_once or by_device

    async def _check_pixels(self, images: Sequence[ImageInput]) -> None:
        """ImageTooManyPixels when the images are too large together, whatever their files weigh."""
        most = self._limits.max_request_pixels
        if len(images) * self._limits.max_pixels <= most:
            return
        files = [image.data for image in images]
        pixels = await self._in_pool(pixels_to_decode, files, self._image_limits)
        if pixels > most:
            raise ImageTooManyPixels(
                f"The images of this request have {pixels} pixels together; at most {most} are "
                "accepted. Scale them down, or send them in several requests."
            )

    async def _image(self, index: int, image: ImageInput, request: _Request) -> ImageResult:
        facts, trace, steps = None, request.trace, request.steps
        faces: tuple[Face, ...] | None = None
        try:
            if image.fault is not None:
                raise image.fault
            async with AsyncExitStack() as turn:
                with trace.stage("wait"):
                    await turn.enter_async_context(request.turns)
                    place = await turn.enter_async_context(AsyncExitStack())
                    await place.enter_async_context(self._places)
                if (looked := await self._look_alone(image, request)) is not None:
                    decoded, facts, found, faces = looked
                else:
                    with trace.stage("decode"):
                        decoded, ready = await self._in_pool(steps.open, image)
                    facts = facts_of(decoded)
                    with trace.stage("detect"):
                        found = await self._find(index, image, facts, ready, request)
                del looked
                if faces is not None or not found:
                    return ImageResult(index, image.file_name, facts, faces or ())
                with trace.stage("crop"):
                    finer = steps.finer(decoded, found)
                    if finer is not None:
                        del decoded  # the coarse pixels and the fine ones are never held together
                        decoded = await self._in_pool(steps.decode, image, finer)
                    crops = await self._cut(found, decoded, facts, steps)
                del decoded
                await place.aclose()  # the pixels are gone: another image may be decoded
                aligned = await self._align(crops, request)
                with trace.stage("measure"):
                    told = found, crops, aligned, facts
                    brief = len(found) <= FEW_FACES
                    faces = await self._in_pool_unless(brief, steps.measure, *told)
        except OF_ONE_IMAGE as error:
            return ImageResult(index, image.file_name, facts, error=error)
        return ImageResult(index, image.file_name, facts, faces)

    async def _look_alone(self, image: ImageInput, request: _Request) -> Looked | None:
        """All that one thread does where nobody else is there; None where the image has company, or
        is too large.
        """
        deadline, now = request.deadline, asyncio.get_running_loop().time()
        detector, model = self.models.detector, request.model
        if (
            not (request.is_single and self._under_way == 1)
            or not InOneThread.is_possible(detector, model)
            or (deadline is not None and now >= deadline)
        ):
            return None
        work = InOneThread(image, request.steps, detector, model)
        return await work.result(self._pool, request.trace)

    async def _cut(
        self,
        found: Sequence[Candidate],
        decoded: DecodedImage,
        facts: ImageFacts,
        steps: ImageSteps,
    ) -> list[Crop]:
        crops: list[Crop] = []
        for some in portions(found, facts.width * facts.height):
            work = some, decoded.pixels, *steps.crop, decoded.grid
            brief = len(found) <= FEW_FACES and is_brief(some, decoded)
            crops += await self._in_pool_unless(brief, cut_all, *work)
        return crops

    async def _find(
        self,
        index: int,
        image: ImageInput,
        facts: ImageFacts,
        ready: DetectorInput | None,
        request: _Request,
    ) -> list[Candidate]:
        faces: list[DetectedFace] = []
        if ready is not None and (detector := self.models.detector) is not None:
            faces = await detector.batcher.submit(ready, deadline=request.deadline, caller=request)
        return request.steps.choose(index, image, facts, faces)

    async def _align(self, crops: Sequence[Crop], request: _Request) -> list[Alignment]:
        async def one(crop: Crop) -> Alignment:
            timing, arrived = ItemTiming(), perf_counter()
            async with request.crops:
                aligned = await request.model.batcher.submit(
                    crop.pixels, deadline=request.deadline, timing=timing, caller=request
                )
            request.trace.add("queue", perf_counter() - arrived - timing.run_seconds)
            request.trace.add("infer", timing.run_seconds)
            return aligned

        return await all_of(one(crop) for crop in crops)

    async def _in_pool_unless(self, is_brief: bool, work: Callable[..., T], *args: Any) -> T:
        return work(*args) if is_brief else await self._in_pool(work, *args)

    async def _in_pool(self, work: Callable[..., T], *args: Any) -> T:
        return await in_thread(self._pool, work, *args)


@asynccontextmanager
async def open_analyzer(
    opened: OpenModels, settings: Settings, on_batch: Callable[[BatchRecord], None]
) -> AsyncIterator[Analyzer]:
    """An analyzer over loaded models. Leaving drains: what was accepted is still answered."""
    threads = settings.inference.decode_threads or cpu_count()
    # Images are worked on side by side: OpenCV's own threads would take the CPUs from each other,
    # and know neither quota nor the other workers.
    cv2.setNumThreads(1)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="image", initializer=give_way)
    try:
        async with serve_models(opened, settings.inference, on_batch) as models:
            yield Analyzer(models, settings.limits, pool)
    finally:
        # Whoever still waits is to be told so: work that is not over yet must not hold that up.
        pool.shutdown(wait=False, cancel_futures=True)
