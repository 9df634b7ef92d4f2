"""One request from bytes to faces: `Analyzer.analyze` is the whole way, step by step.

Every request shares the models and their batchers. Work that blocks (decoding, cropping, measuring)
runs in a small pool of threads, each model in the one thread of its batcher.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import numpy as np

from app import eyes, pose
from app.alignment import Alignment
from app.batching import BatchRecord, ItemTiming
from app.boxes import check_boxes
from app.detection import DetectorInput
from app.errors import (
    ImageTooManyPixels,
    ImageUndecodable,
    InternalError,
    InvalidParameter,
    NoFace,
    UnsupportedMediaType,
)
from app.face.geometry import Box, Crop, face_crop
from app.images import DecodedImage, ImageLimits, decode
from app.intake import ImageInput
from app.models import LandmarkModel, Models, OpenModels, serve_models
from app.observability import Trace
from app.options import Options
from app.quality import measure_quality
from app.results import Face, ImageFacts, ImageResult, ModelIdentity
from app.settings import LimitSettings, Settings
from app.threads import cpu_count
from app.usability import judge

T = TypeVar("T")

# What is wrong with one image; the other images of its request are served all the same.
_OF_ONE_IMAGE = (
    UnsupportedMediaType,
    ImageUndecodable,
    ImageTooManyPixels,
    InvalidParameter,
    NoFace,
)
# A face to be: its box in the image and the detector's confidence, None for the caller's box.
Candidate = tuple[Box, float | None]


class Analyzer:
    """Answers requests; made by `open_analyzer`."""

    def __init__(self, models: Models, limits: LimitSettings, pool: ThreadPoolExecutor) -> None:
        self.models = models
        self._limits = limits
        self._pool = pool
        # Decoded images are what is large: only so many are held, all requests together.
        self._places = asyncio.Semaphore(limits.max_decoded_images)

    def identity(self, name: str | None) -> ModelIdentity:
        """The landmark model that a request with this `model` parameter gets. UnknownModel."""
        model = self.models.landmark_model(name).aligner.model
        card = model.card
        return ModelIdentity(card.name, card.version, card.file.sha256, model.provider)

    async def analyze(
        self,
        images: Sequence[ImageInput],
        options: Options,
        trace: Trace,
        deadline: float | None = None,
    ) -> list[ImageResult]:
        """One result per image, in order; deadline: event-loop time.

        A fault of one image of several is in its result; of a single image it is raised. What
        concerns the whole request (UnknownModel, Overloaded, DeadlineExceeded, ...) is raised.
        """
        trace.images = len(images)
        model = self.models.landmark_model(options.model)
        results = await _all(
            self._image(index, image, model, options, trace, deadline)
            for index, image in enumerate(images)
        )
        if len(results) == 1 and results[0].error is not None:
            raise results[0].error
        trace.faces = sum(len(result.faces) for result in results)
        return results

    async def _image(
        self,
        index: int,
        image: ImageInput,
        model: LandmarkModel,
        options: Options,
        trace: Trace,
        deadline: float | None,
    ) -> ImageResult:
        facts = None
        try:
            async with self._places:
                with trace.stage("decode"):
                    decoded = await self._in_pool(decode, image.data, self._image_limits)
                facts = ImageFacts(decoded.width, decoded.height, decoded.orientation_applied)
                with trace.stage("detect"):
                    found = await self._find(index, image, decoded, options, deadline)
                with trace.stage("crop"):
                    crops = await self._in_pool(_cut, decoded, found, model)
                del decoded
            aligned = await self._align(crops, model, trace, deadline)
            with trace.stage("measure"):
                faces = await self._in_pool(_measure, found, crops, aligned, model, options, facts)
        except _OF_ONE_IMAGE as error:
            return ImageResult(index, image.file_name, facts, error=error)
        return ImageResult(index, image.file_name, facts, faces)

    async def _find(
        self,
        index: int,
        image: ImageInput,
        decoded: DecodedImage,
        options: Options,
        deadline: float | None,
    ) -> list[Candidate]:
        """The caller's boxes as they are, or the detected faces, largest first, as many as
        asked.
        """
        if image.boxes is not None:
            check_boxes(image.boxes, index, decoded.width, decoded.height)
            found: list[Candidate] = [(box, None) for box in image.boxes]
        else:
            finder = self.models.detector
            ready: DetectorInput = await self._in_pool(
                finder.detector.prepare, decoded.pixels, options.min_confidence
            )
            faces = await finder.batcher.submit(ready, deadline=deadline)
            faces = sorted(faces, key=lambda face: (-face.box.area, face.box.x))
            most = min(options.max_faces or self._limits.max_faces, self._limits.max_faces)
            found = [(face.box, min(max(face.confidence, 0.0), 1.0)) for face in faces[:most]]
        if options.require_face and not found:
            raise NoFace(
                f"There is no face in image {index}. Send another image, lower min_confidence, "
                "send the box of the face, or leave out require_face to get an empty list."
            )
        return found

    async def _align(
        self, crops: Sequence[Crop], model: LandmarkModel, trace: Trace, deadline: float | None
    ) -> list[Alignment]:
        timings = [ItemTiming() for _ in crops]
        aligned = await _all(
            model.batcher.submit(crop.pixels, deadline=deadline, timing=timing)
            for crop, timing in zip(crops, timings, strict=True)
        )
        for timing in timings:
            trace.add("queue", timing.queue_seconds)
            trace.add("infer", timing.run_seconds)
        return aligned

    @property
    def _image_limits(self) -> ImageLimits:
        return ImageLimits(max_pixels=self._limits.max_pixels)

    async def _in_pool(self, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *args)


def _cut(image: DecodedImage, found: Sequence[Candidate], model: LandmarkModel) -> list[Crop]:
    size, scale = model.aligner.crop_size, model.aligner.crop_scale
    return [face_crop(image.pixels, box, size, scale) for box, _ in found]


def _measure(
    found: Sequence[Candidate],
    crops: Sequence[Crop],
    aligned: Sequence[Alignment],
    model: LandmarkModel,
    options: Options,
    image: ImageFacts,
) -> tuple[Face, ...]:
    """Back into the image, then everything that follows from the landmarks."""
    return tuple(
        _face(candidate, crop, alignment, model, options, image)
        for candidate, crop, alignment in zip(found, crops, aligned, strict=True)
    )


def _face(
    candidate: Candidate,
    crop: Crop,
    alignment: Alignment,
    model: LandmarkModel,
    options: Options,
    image: ImageFacts,
) -> Face:
    box, confidence = candidate
    points = crop.points_to_image(alignment.points_in_crop)
    std = alignment.std_in_crop * crop.scale
    if not (np.isfinite(points).all() and np.isfinite(std).all()):
        raise InternalError(f"{model.aligner.model.card.name} answered numbers that are not finite")
    camera = options.camera_for(image.width, image.height)
    convention = options.convention if "pose" in options.blocks else None
    head = pose.pose_of(points, std, camera, model.scheme, convention)
    quality = measure_quality(crop.pixels, model.aligner.crop_scale, box, image.width, image.height)
    return Face(
        box=box,
        confidence=confidence,
        scheme=model.scheme,
        points=points,
        std=std,
        pose=head,
        eyes=eyes.measure_eyes(points, std, None if head is None else head.yaw)
        if model.scheme == eyes.SCHEME
        else None,
        quality=quality,
        usable=judge(box, confidence, std, quality, head),
    )


async def _all(work: Any) -> list[Any]:
    """Results of several coroutines in order; when one fails the others are cancelled."""
    coroutines: list[Coroutine[Any, Any, Any]] = list(work)
    if len(coroutines) == 1:
        return [await coroutines[0]]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in coroutines]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


@asynccontextmanager
async def open_analyzer(
    opened: OpenModels, settings: Settings, on_batch: Callable[[BatchRecord], None]
) -> AsyncIterator[Analyzer]:
    """An analyzer over loaded models. Leaving drains: what was accepted is still answered."""
    threads = settings.inference.decode_threads or cpu_count()
    with ThreadPoolExecutor(threads, thread_name_prefix="image") as pool:
        async with serve_models(opened, settings.inference, on_batch) as models:
            yield Analyzer(models, settings.limits, pool)
