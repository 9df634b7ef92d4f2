"""The one thread in which a batcher's runs happen."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from time import perf_counter
from typing import Generic, TypeVar

from app.batching.entries import Entry
from app.errors import InternalError
from app.threads import give_way

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[R]):
    """What came of a run: its results, or the error that all its members get.

    size: how many items went in. started: perf_counter. seconds: how long it took.
    """

    size: int
    results: Sequence[R]
    error: Exception | None
    started: float
    seconds: float

    def answers(self) -> Sequence[R]:
        """The results; raises the error."""
        if self.error is not None:
            raise self.error
        return self.results


Report = Callable[[list[Entry[T, R]], Outcome[R]], None]


class BatchThread(Generic[T, R]):
    """Runs one batch after the other and reports each to the event loop."""

    def __init__(self, run: Callable[[list[T]], Sequence[R]], name: str) -> None:
        self._run = run
        self._name = name
        self._batches: SimpleQueue[list[Entry[T, R]] | None] = SimpleQueue()

    def start(self, loop: asyncio.AbstractEventLoop, report: Report[T, R]) -> None:
        """report: called in the loop when a batch has run."""
        work = threading.Thread(
            target=self._work, args=(loop, report), name=self._name, daemon=True
        )
        work.start()

    def run(self, batch: list[Entry[T, R]]) -> None:
        self._batches.put(batch)

    def stop(self) -> None:
        """End the thread once what it was given has run."""
        self._batches.put(None)

    def _work(self, loop: asyncio.AbstractEventLoop, report: Report[T, R]) -> None:
        give_way()
        while self._one(loop, report):
            # Nothing of a batch is kept here: its images would stay in memory until the next one.
            pass

    def _one(self, loop: asyncio.AbstractEventLoop, report: Report[T, R]) -> bool:
        batch = self._batches.get()
        if batch is None:
            return False
        outcome = self.attempt([entry.item for entry in batch])
        try:
            loop.call_soon_threadsafe(report, batch, outcome)
        except RuntimeError:
            return False  # the loop is closed: nobody waits any more
        return True

    def attempt(self, items: list[T]) -> Outcome[R]:
        """Run items in the calling thread. Raises nothing."""
        started = perf_counter()
        results: Sequence[R] = ()
        error: Exception | None = None
        try:
            results = list(self._run(items))
        except BaseException as raised:
            # A future refuses StopIteration, and SystemExit would end this thread.
            error = self._deliverable(raised)
        seconds = perf_counter() - started
        if error is None and len(results) != len(items):
            error = InternalError(
                f"{self._name}: {len(items)} items went in and {len(results)} results came out"
            )
        return Outcome(len(items), results, error, started, seconds)

    def _deliverable(self, raised: BaseException) -> Exception:
        if isinstance(raised, Exception) and not isinstance(raised, StopIteration):
            return raised
        wrapped = InternalError(f"{self._name}: the run raised {raised!r}")
        wrapped.__cause__ = raised
        return wrapped
