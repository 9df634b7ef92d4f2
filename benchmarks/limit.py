"""The in-process limit: `benchmarks.pipeline` on every processor at once, one process on each."""

import os
import time
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Reached:
    """images a second of all processes together; cpu_ms: processor time of one image."""

    rate: float
    cpu_ms: float


class Limit:
    """The processes, ready and idle between runs. A context manager: leaving it ends them."""

    def __init__(self, models: Path, processors: int) -> None:
        context = get_context("spawn")  # a fork would copy the threads of whatever runs here
        cores = sorted(os.sched_getaffinity(0))[:processors]
        self._pipes: list[Connection] = []
        self._workers = []
        for core in cores:
            ours, theirs = context.Pipe()
            worker = context.Process(target=_work, args=(theirs, models, core), daemon=True)
            worker.start()
            theirs.close()
            self._pipes.append(ours)
            self._workers.append(worker)
        for pipe in self._pipes:
            pipe.recv()  # its models are loaded: not before that does a time mean anything

    def run(self, jpeg: bytes, seconds: float, warm_up: float = 0.0) -> Reached:
        """All of them at once, for so long."""
        begin = time.monotonic() + 0.05
        for pipe in self._pipes:
            pipe.send((jpeg, begin + warm_up, begin + warm_up + seconds))
        answers = [pipe.recv() for pipe in self._pipes]
        images = sum(count for count, _, _ in answers)
        rate = sum(count / taken for count, taken, _ in answers)
        return Reached(rate, sum(used for _, _, used in answers) * 1000 / images)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pipe in self._pipes:
            pipe.close()
        for worker in self._workers:
            worker.join()


def _work(pipe: Connection, models: Path, core: int) -> None:
    """(jpeg, begin, end) -> (images, seconds, processor seconds), until the pipe is closed."""
    os.sched_setaffinity(0, {core})
    pipeline = Pipeline(models)
    pipe.send("ready")
    while True:
        try:
            jpeg, begin, end = pipe.recv()
        except EOFError:
            return
        while time.monotonic() < begin:
            pipeline(jpeg)
        images, used, started = 0, time.process_time(), time.monotonic()
        while (now := time.monotonic()) < end or images == 0:
            pipeline(jpeg)
            images += 1
        pipe.send((images, now - started or 1e-9, time.process_time() - used))
