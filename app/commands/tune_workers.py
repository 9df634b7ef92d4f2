"""Images per second of several processes, each with the whole pipeline, for `tune`."""

import asyncio
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any

from app.analysis import Analyzer, open_analyzer
from app.errors import StartUpError
from app.face.geometry import Box
from app.intake.image_input import ImageInput
from app.observability.trace import Trace
from app.open_models import load_models
from app.options import Options
from app.processes.sharing import of_one_worker
from app.settings import Settings
from app.tuning.choice import WorkersRow
from app.tuning.timing import Sample
from app.tuning.variants import Variant

SLICE_SECONDS = 0.5
PATIENCE = 120.0
"""Seconds for all workers to load their models."""

_ANY_BOX = Box(0, 0, 100, 100)
"""Of the golden image, where no detector finds one: wherever it lies, the work is the same."""

_OTHER_FAILED = "another one failed"

Counts = tuple[list[int], float, float]
"""Of one worker: images per slice, CPU seconds of them, largest resident size in MB."""


def workers_row(
    settings: Settings, variant: Variant, workers: int, data: bytes, seconds: float
) -> WorkersRow:
    """Run `workers` processes on the image file `data` for `seconds`.

    settings: of the service on the device of `variant`. StartUpError when a worker does not come to
    work.
    """
    # Not forked: this process has run models, and a fork would inherit their locks.
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(workers)
    own = of_one_worker(settings, workers)
    lines, processes = [], []
    for _ in range(workers):
        here, there = context.Pipe(duplex=False)
        measuring = data, variant.in_flight, barrier, seconds, there
        process = context.Process(target=_worker, args=(own, *measuring))
        process.start()
        there.close()
        lines.append(here)
        processes.append(process)
    try:
        counted = _answers(lines, barrier)
    finally:
        for process in processes:
            process.join(PATIENCE)
            if process.is_alive():
                process.kill()
    # The first slice is the start, and the last one is cut short.
    slices = list(zip(*(counts[1:-1] for counts, _, _ in counted), strict=False))
    images = sum(sum(counts) for counts, _, _ in counted)
    rates = [SLICE_SECONDS / max(sum(part), 0.5) for part in slices]
    cpu = sum(cpu for _, cpu, _ in counted)
    largest = max(megabytes for _, _, megabytes in counted)
    return WorkersRow(variant, workers, Sample.of(rates), 1000 * cpu / max(images, 1), largest)


def joined(rows: list[WorkersRow]) -> WorkersRow:
    """Several measurements of the same setting as one; the spread between them counts too."""
    medians = [row.seconds.median for row in rows]
    low, high = min(row.seconds.low for row in rows), max(row.seconds.high for row in rows)
    count = sum(row.seconds.count for row in rows)
    return WorkersRow(
        rows[0].variant,
        rows[0].workers,
        Sample(sum(medians) / len(medians), low, high, count),
        min(row.cpu_ms for row in rows),
        max(row.megabytes for row in rows),
    )


def _answers(lines: Sequence[Connection], barrier: Any) -> list[Counts]:
    """Of all workers. StartUpError with the reason of the one that failed first; the others, who
    would wait for it, are let go.
    """
    waiting, found, reasons = list(lines), list[Counts](), list[str]()
    while waiting:
        for line in wait(waiting):
            assert isinstance(line, Connection)
            waiting.remove(line)
            answer = _received(line)
            if isinstance(answer, str):
                barrier.abort()
                reasons.append(answer)
            else:
                found.append(answer)
    if reasons:
        own = [reason for reason in reasons if reason != _OTHER_FAILED]
        raise StartUpError(f"A worker could not measure: {(own or reasons)[0]}")
    return found


def _received(line: Connection) -> Counts | str:
    try:
        answer: Counts | str = line.recv()
    except EOFError:
        return "it ended without a word: was there memory enough?"
    return answer


def _worker(
    settings: Settings, data: bytes, callers: int, barrier: Any, seconds: float, line: Connection
) -> None:
    """The life of one process; answers counts, or a sentence when it cannot."""
    # What the models say at start was said before.
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    try:
        opened = load_models(settings)
        line.send(asyncio.run(_measure(opened, settings, data, callers, barrier, seconds)))
    except BrokenBarrierError:
        line.send(_OTHER_FAILED)
    except Exception as error:
        barrier.abort()
        line.send(str(error))


async def _measure(
    opened: Any, settings: Settings, data: bytes, callers: int, barrier: Any, seconds: float
) -> Counts:
    async with open_analyzer(opened, settings, lambda _: None) as analyzer:
        await _images(analyzer, data, time.perf_counter() + SLICE_SECONDS, [0])
        await asyncio.to_thread(barrier.wait, PATIENCE)
        counts = [0] * (int(seconds / SLICE_SECONDS) + 2)
        started, cpu = time.perf_counter(), time.process_time()
        until = started + len(counts) * SLICE_SECONDS
        await asyncio.gather(*(_images(analyzer, data, until, counts) for _ in range(callers)))
        return counts, time.process_time() - cpu, _megabytes()


async def _images(analyzer: Analyzer, data: bytes, until: float, counts: list[int]) -> None:
    """One caller: the next image when the one before is answered."""
    started = until - len(counts) * SLICE_SECONDS
    image = ImageInput(data, boxes=None if analyzer.models.detector else (_ANY_BOX,))
    while (now := time.perf_counter()) < until:
        await analyzer.analyze([image], Options(), Trace("tune"))
        place = int((now - started) / SLICE_SECONDS)
        counts[min(place, len(counts) - 1)] += 1


def _megabytes() -> float:
    """Largest resident size of this process so far; 0 where the system does not tell. Not from
    getrusage, where a process that was started inherits the size of the one that started it.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)
