"""Fairness between requests and limits of one request, on the tiny models."""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import cv2
import pytest

from app.analysis import Analyzer, open_analyzer
from app.errors import ImageTooManyPixels
from app.face.geometry import Box
from app.images.decoding import DecodedImage, ImageLimits, decode
from app.images.resolution import Resolution
from app.intake.image_input import ImageInput
from app.observability.observer import Trace
from app.open_models import load_models
from app.options import Options
from app.settings import InferenceSettings, LimitSettings, Settings
from tests.service.serving import NO_FACE, ONE_FACE, PATIENCE, write_models

LIMITS = LimitSettings(max_images_at_once=2)
INFERENCE = InferenceSettings(decode_threads=1, threads=1)


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_models(tmp_path_factory.mktemp("models"))


@asynccontextmanager
async def opened(
    folder: Path, limits: LimitSettings = LIMITS, inference: InferenceSettings = INFERENCE
) -> AsyncIterator[Analyzer]:
    settings = Settings(models_dir=folder, limits=limits, inference=inference)
    async with open_analyzer(load_models(settings), settings, lambda _: None) as analyzer:
        yield analyzer


def go(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, PATIENCE))


class HeldDecode:
    """Stands in for `decode`: holds the only thread of the pool, and remembers the order."""

    def __init__(self) -> None:
        self.order: list[bytes] = []
        self.entered = threading.Event()
        self.gate = threading.Event()

    def __call__(
        self, data: bytes, limits: ImageLimits, resolution: Resolution, *header: Any
    ) -> DecodedImage:
        self.order.append(data)
        self.entered.set()
        assert self.gate.wait(PATIENCE)
        return decode(data, limits, resolution, *header)


def test_one_image_does_not_wait_for_all_of_a_large_request(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = HeldDecode()
    monkeypatch.setattr("app.image_steps.decode", held)

    async def test() -> None:
        async with opened(models_dir) as analyzer:
            many = [ImageInput(NO_FACE) for _ in range(32)]
            large = asyncio.create_task(analyzer.analyze(many, Options(), Trace("large")))
            await asyncio.to_thread(held.entered.wait, PATIENCE)
            one = [ImageInput(ONE_FACE)]
            trace = Trace("single")
            single = asyncio.create_task(analyzer.analyze(one, Options(), trace))
            await asyncio.sleep(0.02)  # its image is in the queue of the pool
            held.gate.set()
            (result,) = await single
            begun = len(held.order)
            assert not large.done()
            assert len(await large) == 32
        assert len(result.faces) == 1
        # The image under way and the next one of the large request go first; nothing else.
        assert held.order.index(ONE_FACE) <= 2
        assert begun < 12, "answered while the large request had hardly begun"
        assert "wait" in trace.stages

    go(test())


def test_requests_take_turns_at_places_too(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One place for a decoded image: the single image gets it after one or two others."""
    held = HeldDecode()
    monkeypatch.setattr("app.image_steps.decode", held)
    limits = LimitSettings(max_decoded_images=1)

    async def test() -> None:
        async with opened(models_dir, limits) as analyzer:
            many = [ImageInput(NO_FACE) for _ in range(10)]
            large = asyncio.create_task(analyzer.analyze(many, Options(), Trace("large")))
            await asyncio.to_thread(held.entered.wait, PATIENCE)
            one = [ImageInput(ONE_FACE)]
            single = asyncio.create_task(analyzer.analyze(one, Options(), Trace("single")))
            await asyncio.sleep(0.02)
            assert len(held.order) == 1, "one place, one image"
            held.gate.set()
            await asyncio.gather(single, large)
        assert held.order.index(ONE_FACE) <= 2

    go(test())


def test_more_faces_than_the_queue_holds(models_dir: Path) -> None:
    """Such a request succeeds, and so do small ones beside it."""
    inference = InferenceSettings(max_queue=5, max_batch=2, threads=1)
    boxes = tuple(Box(10.0 + i, 20.0, 60, 60) for i in range(40))

    async def test() -> None:
        async with opened(models_dir, LIMITS, inference) as analyzer:
            images = [ImageInput(ONE_FACE, boxes=boxes) for _ in range(6)]
            large = asyncio.create_task(analyzer.analyze(images, Options(), Trace("large")))
            for _ in range(5):
                (result,) = await analyzer.analyze([ImageInput(ONE_FACE)], Options(), Trace("one"))
                assert len(result.faces) == 1
            assert [len(result.faces) for result in await large] == [40] * 6

    go(test())


def test_a_queue_of_one_is_enough(models_dir: Path) -> None:
    inference = InferenceSettings(max_queue=1, threads=1)

    async def test() -> None:
        async with opened(models_dir, LIMITS, inference) as analyzer:
            images = [ImageInput(ONE_FACE)] * 8
            results = await analyzer.analyze(images, Options(), Trace("x"))
            assert [len(result.faces) for result in results] == [1] * 8

    go(test())


def test_pixels_of_a_request_are_counted_before_decoding(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is refused by itself (broken, or too large) does not count.
    limits = LimitSettings(max_pixels=320 * 240, max_request_pixels=3 * 320 * 240)

    async def test() -> None:
        async with opened(models_dir, limits) as analyzer:
            fits = [*[ImageInput(ONE_FACE)] * 3, ImageInput(b"broken")]
            results = await analyzer.analyze(fits, Options(), Trace("x"))
            assert [result.error is None for result in results] == [True, True, True, False]
            monkeypatch.setattr("app.image_steps.decode", None)
            with pytest.raises(ImageTooManyPixels, match="307200 pixels together"):
                await analyzer.analyze([ImageInput(ONE_FACE)] * 4, Options(), Trace("x"))

    go(test())


@pytest.mark.parametrize(
    ("limit", "on_cpu", "at_once"), [(None, True, 2), (None, False, 8), (3, True, 3), (3, False, 3)]
)
def test_a_batch_of_a_gpu_is_filled_by_one_request(
    models_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    limit: int | None,
    on_cpu: bool,
    at_once: int,
) -> None:
    monkeypatch.setattr("app.inference.model.Model.on_cpu", property(lambda _: on_cpu))
    under_way: list[int] = []

    async def test() -> None:
        async with opened(models_dir, LimitSettings(max_images_at_once=limit)) as analyzer:
            find = analyzer._find

            async def watched(*given: Any) -> Any:
                under_way.append(under_way[-1] + 1 if under_way else 1)
                await asyncio.sleep(0.02)
                found = await find(*given)
                under_way.append(under_way[-1] - 1)
                return found

            monkeypatch.setattr(analyzer, "_find", watched)
            images = [ImageInput(NO_FACE) for _ in range(20)]
            assert len(await analyzer.analyze(images, Options(), Trace("one"))) == 20

    go(test())
    assert max(under_way) == at_once


def test_opencv_leaves_the_processors_to_the_pool(models_dir: Path) -> None:
    async def test() -> None:
        cv2.setNumThreads(4)
        async with opened(models_dir):
            assert cv2.getNumThreads() == 1

    go(test())
