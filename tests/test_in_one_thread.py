"""A single image that has the worker to itself, on the tiny models."""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.analysis import Analyzer, open_analyzer
from app.batching.batcher import Batcher, BatchRecord
from app.detection.detector import Detector
from app.errors import DeadlineExceeded, UnsupportedMediaType
from app.face.geometry import Box
from app.image_steps import ImageSteps
from app.in_one_thread import MOST_PIXELS
from app.intake.image_input import ImageInput
from app.measuring.alignment import Aligner
from app.models import FaceDetector
from app.observability.observer import Trace
from app.open_models import load_models
from app.options import Options
from app.results import ImageResult
from app.settings import InferenceSettings, LimitSettings, Settings
from tests.service.serving import ONE_FACE, PATIENCE, write_models


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the threads in which models ran."""
    seen: list[str] = []

    def watched(kind: type[Detector] | type[Aligner]) -> None:
        run = kind.run

        def noted(self: Any, items: Any) -> Any:
            seen.append(threading.current_thread().name)
            return run(self, items)

        monkeypatch.setattr(kind, "run", noted)

    watched(Detector)
    watched(Aligner)
    return seen


@asynccontextmanager
async def opened(
    folder: Path, records: list[BatchRecord] | None = None, **inference: Any
) -> AsyncIterator[Analyzer]:
    settings = Settings(
        models_dir=folder,
        limits=LimitSettings(),
        inference=InferenceSettings(**{"threads": 1, "decode_threads": 2} | inference),
    )
    kept = [] if records is None else records
    async with open_analyzer(load_models(settings), settings, kept.append) as analyzer:
        yield analyzer


def detector_of(analyzer: Analyzer) -> FaceDetector:
    assert analyzer.models.detector is not None
    return analyzer.models.detector


async def analysed(analyzer: Analyzer, image: ImageInput, trace: Trace | None = None) -> Any:
    (result,) = await analyzer.analyze([image], Options(), trace or Trace("one"))
    return result


def encoded(suffix: str, options: list[int]) -> bytes:
    """The picture with one face in another format."""
    whole = cv2.imdecode(np.frombuffer(ONE_FACE, np.uint8), cv2.IMREAD_COLOR)
    assert whole is not None
    return cv2.imencode(suffix, whole, options)[1].tobytes()


async def _becomes_idle(batcher: Batcher[Any, Any]) -> None:
    while not batcher.is_idle():
        await asyncio.sleep(0.001)


def go(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, PATIENCE))


def same(first: ImageResult, second: ImageResult) -> bool:
    return first.image == second.image and all(
        one.box == other.box and np.array_equal(one.points, other.points)
        for one, other in zip(first.faces, second.faces, strict=True)
    )


@pytest.mark.parametrize("boxes", [None, (Box(100, 60, 80, 90), Box(10, 10, 50, 50))])
def test_the_answer_is_that_of_the_long_way(
    models_dir: Path, threads: list[str], boxes: tuple[Box, ...] | None
) -> None:
    image = ImageInput(ONE_FACE, boxes=boxes)

    async def test() -> None:
        async with opened(models_dir) as analyzer:
            trace = Trace("alone")
            alone = await analysed(analyzer, image, trace)
            assert {name.partition("_")[0] for name in threads} == {"image"}
            assert {"wait", "decode", "detect", "crop", "queue", "infer", "measure"} <= set(
                trace.stages
            )
            threads.clear()
            together = await asyncio.gather(*(analysed(analyzer, image) for _ in range(3)))
            assert any(not name.startswith("image") for name in threads)
            assert len(alone.faces) == (1 if boxes is None else 2)
            assert all(same(alone, one) for one in together)

    go(test())


def test_its_runs_are_counted(models_dir: Path) -> None:
    records: list[BatchRecord] = []

    async def test() -> None:
        async with opened(models_dir, records) as analyzer:
            boxes = Box(10, 20, 60, 60), Box(30, 20, 60, 60)
            await analysed(analyzer, ImageInput(ONE_FACE, boxes=boxes))
            await analysed(analyzer, ImageInput(ONE_FACE))
            await asyncio.sleep(0)  # they are told once the thread is out of the models

    go(test())
    aligner, detector = sorted({record.name for record in records}, key=lambda n: n == "detector")
    assert [record.size for record in records if record.name == aligner] == [2, 1]
    assert [record.size for record in records if record.name == detector] == [1]
    assert all(record.run_seconds > 0 and not record.failed for record in records)


def test_a_fault_of_a_model_is_raised_and_the_next_request_served(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Detector.run

    def broken(_: Any, __: Any) -> Any:
        monkeypatch.setattr(Detector, "run", run)
        raise RuntimeError("out of memory")

    async def test() -> None:
        async with opened(models_dir) as analyzer:
            # The batcher holds the method that it was made with.
            monkeypatch.setattr(
                detector_of(analyzer).batcher._thread, "_run", lambda items: broken(None, items)
            )
            with pytest.raises(RuntimeError, match="out of memory"):
                await analysed(analyzer, ImageInput(ONE_FACE))
            detector = detector_of(analyzer)
            monkeypatch.setattr(detector.batcher._thread, "_run", detector.detector.run)
            assert len((await analysed(analyzer, ImageInput(ONE_FACE))).faces) == 1

    go(test())


def test_who_leaves_stops_the_work_at_its_next_step(
    models_dir: Path, threads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, gate = threading.Event(), threading.Event()
    open_image = ImageSteps.open

    def held(self: ImageSteps, *image: Any) -> Any:
        entered.set()
        assert gate.wait(PATIENCE)
        return open_image(self, *image)

    monkeypatch.setattr(ImageSteps, "open", held)

    async def test() -> None:
        async with opened(models_dir) as analyzer:
            leaves = asyncio.create_task(analysed(analyzer, ImageInput(ONE_FACE)))
            await asyncio.to_thread(entered.wait, PATIENCE)
            leaves.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaves
            batcher = detector_of(analyzer).batcher
            assert not batcher.is_idle(), "its thread is still in the decoder"
            gate.set()
            await _becomes_idle(batcher)
            assert threads == []
            assert len((await analysed(analyzer, ImageInput(ONE_FACE))).faces) == 1

    go(test())


@pytest.mark.parametrize(
    ("faces", "most_pixels", "inference"),
    [
        (1, MOST_PIXELS, {"max_wait_ms": 1}),
        (5, MOST_PIXELS, {}),
        (2, MOST_PIXELS, {"max_batch": 1}),
        (1, 100, {}),
    ],
    ids=["batches are waited for", "many faces", "more than a batch", "large"],
)
def test_these_leave_the_models_to_others(
    models_dir: Path,
    threads: list[str],
    monkeypatch: pytest.MonkeyPatch,
    faces: int,
    most_pixels: int,
    inference: dict[str, Any],
) -> None:
    monkeypatch.setattr("app.in_one_thread.MOST_PIXELS", most_pixels)
    jpeg = encoded(".jpg", [])
    boxes = tuple(Box(10.0 + i, 20, 60, 60) for i in range(faces)) if faces > 1 else None

    async def test() -> None:
        async with opened(models_dir, **inference) as analyzer:
            result = await analysed(analyzer, ImageInput(jpeg, boxes=boxes))
            assert len(result.faces) == faces

    go(test())
    assert threads
    assert not any(name.startswith("image") for name in threads)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [(".png", []), (".webp", []), (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])],
    ids=["PNG", "WebP", "progressive JPEG"],
)
def test_what_decodes_slowly_must_be_smaller(
    models_dir: Path,
    threads: list[str],
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
    options: list[int],
) -> None:
    data = encoded(suffix, options)
    monkeypatch.setattr("app.in_one_thread._MOST_OF_OTHERS", 100)

    async def test() -> None:
        async with opened(models_dir) as analyzer:
            assert (await analysed(analyzer, ImageInput(data))).faces
            assert not any(name.startswith("image") for name in threads)
            threads.clear()
            assert (await analysed(analyzer, ImageInput(encoded(".jpg", [])))).faces
            assert all(name.startswith("image") for name in threads)

    go(test())


def test_a_fault_of_the_image_is_raised(models_dir: Path) -> None:
    async def test() -> None:
        async with opened(models_dir) as analyzer:
            with pytest.raises(UnsupportedMediaType):
                await analysed(analyzer, ImageInput(b"broken"))
            await _becomes_idle(detector_of(analyzer).batcher)

    go(test())


def test_time_that_ran_out_is_told_by_stage_and_no_model_runs(
    models_dir: Path, threads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(ImageSteps, "open", lambda *_: gate.wait(PATIENCE))
    trace = Trace("late")

    async def test() -> None:
        async with opened(models_dir) as analyzer:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await analysed(analyzer, ImageInput(ONE_FACE), trace)
            gate.set()
            await _becomes_idle(detector_of(analyzer).batcher)

    go(test())
    assert 45 < trace.stages["decode"] < PATIENCE * 1000
    assert threads == []


def test_a_deadline_that_has_passed_is_said(models_dir: Path, threads: list[str]) -> None:
    async def test() -> None:
        async with opened(models_dir) as analyzer:
            past = asyncio.get_running_loop().time() - 1
            with pytest.raises(DeadlineExceeded):
                await analyzer.analyze([ImageInput(ONE_FACE)], Options(), Trace("late"), past)

    go(test())
    assert threads == []


def test_who_leaves_before_his_turn_gives_the_models_back(
    models_dir: Path, threads: list[str]
) -> None:
    busy, gate = threading.Event(), threading.Event()

    def hold() -> None:
        busy.set()
        gate.wait(PATIENCE)

    async def test() -> None:
        async with opened(models_dir, decode_threads=1) as analyzer:
            analyzer._pool.submit(hold)
            await asyncio.to_thread(busy.wait, PATIENCE)
            leaves = asyncio.create_task(analysed(analyzer, ImageInput(ONE_FACE)))
            await asyncio.sleep(0.01)
            leaves.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaves
            assert detector_of(analyzer).batcher.is_idle()
            gate.set()
            assert len((await analysed(analyzer, ImageInput(ONE_FACE))).faces) == 1

    go(test())
    assert len(threads) == 2, "those of the second image"
