"""Dynamic batching: items of many callers, run together, each answered exactly once.

The contract: n items go in, n results come out, in the same order. Whatever happens (an error of
the model, a caller that went away, an overload, the end of the service), no caller waits for ever.
Nothing here knows of faces or of onnxruntime.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Generic, Self, TypeVar

from app.batch_entries import BatchRecord, Entry, ItemTiming
from app.errors import InternalError, NotReady, Overloaded

__all__ = ["BatchRecord", "Batcher", "ItemTiming"]

T = TypeVar("T")
R = TypeVar("R")

LONGEST_RETRY_SECONDS = 60
_log = logging.getLogger(__name__)


class Batcher(Generic[T, R]):
    """Gathers items, runs them in its own single thread, settles every caller.

    Args:
        run: gets 1 to `max_batch` items and answers as many results in the same order. It is
            called in one thread only, never twice at a time.
        max_batch: most items of one run.
        max_wait: seconds to wait for more once a first item is there. 0 takes what is there:
            while one batch runs the next one forms by itself.
        max_queue: most items that wait; beyond that `Overloaded` is raised at once.
        name: of the thread, and in messages and records.
        on_batch: called with a `BatchRecord` after each run, in the event loop.
    """

    def __init__(
        self,
        run: Callable[[list[T]], Sequence[R]],
        *,
        max_batch: int,
        max_wait: float = 0.0,
        max_queue: int = 256,
        name: str = "batcher",
        on_batch: Callable[[BatchRecord], None] | None = None,
    ) -> None:
        if max_batch < 1 or max_queue < 1 or max_wait < 0:
            raise ValueError(
                "max_batch and max_queue must be at least 1 and max_wait at least 0; "
                f"received {max_batch}, {max_queue}, {max_wait}"
            )
        self.name = name
        self.max_batch = max_batch
        self.max_wait = max_wait
        self.max_queue = max_queue
        self._run = run
        self._on_batch = on_batch
        # Bounded by hand, so that the stop marker (None) always finds a place.
        self._queue: asyncio.Queue[Entry[T, R] | None] = asyncio.Queue()
        self._accepting = False
        self._stopping = False
        self._batch: list[Entry[T, R]] = []
        self._typical_run_seconds = 0.0
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    @property
    def waiting(self) -> int:
        """Items that wait in the queue now."""
        return self._queue.qsize()

    async def __aenter__(self) -> Self:
        if self._task is not None:
            raise RuntimeError(f"batcher {self.name!r} can be entered once only; make a new one")
        self._accepting = True
        self._task = asyncio.create_task(self._work(), name=self.name)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Refuse new items, answer those that wait, end the thread."""
        self._accepting = False
        # By a marker and not by cancelling: a cancelled task would drop what it has gathered.
        self._queue.put_nowait(None)
        if self._task is not None:
            await asyncio.wait({self._task})

    async def submit(
        self, item: T, *, deadline: float | None = None, timing: ItemTiming | None = None
    ) -> R:
        """Wait for the item's result.

        Args:
            item: one item.
            deadline: event-loop time; if it passes before the item's run starts, the item is not
                computed.
            timing: filled with the item's waiting and running time before this returns.

        Raises:
            Overloaded: the queue is full.
            NotReady: the batcher is not running (yet, or any more).
            DeadlineExceeded: see `deadline`.
            Exception: whatever `run` raised for the batch of this item.
        """
        if not self._accepting:
            raise NotReady(
                f"The {self.name} is not running: the service is starting or shutting down. "
                "Send the request again, to another instance if there is one."
            )
        if self.waiting >= self.max_queue:
            raise self._overloaded()
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(Entry(item, future, perf_counter(), deadline, timing))
        return await future

    def _overloaded(self) -> Overloaded:
        batches = math.ceil(self.waiting / self.max_batch)
        seconds = math.ceil(batches * self._typical_run_seconds)
        seconds = min(max(1, seconds), LONGEST_RETRY_SECONDS)
        return Overloaded(
            f"The {self.name} is busy ({self.waiting} of {self.max_queue} places in its queue are "
            f"taken). Send the request again in {seconds} s.",
            retry_after=seconds,
        )

    async def _work(self) -> None:
        try:
            while not self._stopping:
                await self._gather()
                if self._batch:
                    await self._settle()
        finally:
            # Normally nothing is left here; after a cancellation from outside there may be.
            self._accepting = False
            while not self._queue.empty():
                if (entry := self._queue.get_nowait()) is not None:
                    self._batch.append(entry)
            for entry in self._batch:
                entry.fail(NotReady(f"The {self.name} was stopped. Send the request again."))
            self._thread.shutdown(wait=False)

    async def _gather(self) -> None:
        """Block for the first item, then take what waits; the clock of `max_wait` starts there."""
        loop = asyncio.get_running_loop()
        # On self, so that a cancellation in the middle of this still finds and settles them.
        self._batch = []
        until: float | None = None
        while len(self._batch) < self.max_batch:
            entry = await self._next(until)
            if entry is None:
                break
            if entry.is_wanted(loop.time()):
                self._batch.append(entry)
                until = loop.time() + self.max_wait if until is None else until
        # Some may have gone, or run out of time, while this waited for more.
        self._batch = [entry for entry in self._batch if entry.is_wanted(loop.time())]

    async def _next(self, until: float | None) -> Entry[T, R] | None:
        """The next entry; None when `until` (None: never) passes first or at the stop marker."""
        try:
            entry = self._queue.get_nowait()
        except asyncio.QueueEmpty:
            patience = None if until is None else until - asyncio.get_running_loop().time()
            if patience is not None and patience <= 0:
                return None
            try:
                entry = await asyncio.wait_for(self._queue.get(), patience)
            except TimeoutError:
                return None
        self._stopping = entry is None
        return entry

    async def _settle(self) -> None:
        loop = asyncio.get_running_loop()
        started = perf_counter()  # uvloop's own clock counts whole milliseconds
        items = [entry.item for entry in self._batch]
        results, error = await loop.run_in_executor(self._thread, self._attempt, items)
        seconds = perf_counter() - started
        # The same typical time for all sizes: it only feeds the Retry-After of a full queue.
        self._typical_run_seconds += 0.2 * (seconds - self._typical_run_seconds)
        batch, self._batch = self._batch, []
        for position, entry in enumerate(batch):
            if entry.timing is not None:
                entry.timing.queue_seconds = started - entry.arrived
                entry.timing.run_seconds = seconds
            if error is not None:
                entry.fail(error)
            else:
                entry.settle(results[position])
        waits = tuple(started - entry.arrived for entry in batch)
        self._report(BatchRecord(self.name, waits, seconds, failed=error is not None))

    def _attempt(self, items: list[T]) -> tuple[Sequence[R], Exception | None]:
        """In the thread: the results, or the error that all members get."""
        try:
            results = self._run(items)
            if len(results) == len(items):
                return results, None
            return [], InternalError(
                f"{self.name}: {len(items)} items went in and {len(results)} results came out"
            )
        except BaseException as error:
            # A future refuses StopIteration, and SystemExit would end the event loop.
            if isinstance(error, StopIteration) or not isinstance(error, Exception):
                wrapped = InternalError(f"{self.name}: the run raised {error!r}")
                wrapped.__cause__ = error
                return [], wrapped
            return [], error

    def _report(self, record: BatchRecord) -> None:
        if self._on_batch is None:
            return
        try:
            self._on_batch(record)
        except Exception:
            _log.exception("the statistics hook of %s failed", self.name)
