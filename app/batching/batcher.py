"""Dynamic batching: items of many callers, run together, each answered exactly once.

The contract: n items go in, n results come out, in the same order. Whatever happens (an error of
the model, a caller that went away, an overload, the end of the service), no caller waits for ever.
Nothing here knows of faces or of onnxruntime.

Everything but the run itself happens in the event loop, by plain callbacks: an item costs one hop
into the thread of the runs and one back.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from time import perf_counter
from typing import Generic, Self, TypeVar

from app.batching.entries import BatchRecord, Entry, ItemTiming
from app.batching.fair_queue import FairQueue
from app.batching.thread import BatchThread, Outcome
from app.errors import NotReady, Overloaded

__all__ = ["BatchRecord", "Batcher", "ItemTiming"]

T = TypeVar("T")
R = TypeVar("R")

LONGEST_RETRY_SECONDS = 60
_log = logging.getLogger(__name__)


class Batcher(Generic[T, R]):
    """Gathers items, runs them in its own single thread, settles every caller.

    Args:
        run: gets 1 to `max_batch` items and answers as many results in the same order. It is
            never called twice at a time; in one thread, unless somebody takes its place (`take`).
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
        self._on_batch = on_batch
        self._queue: FairQueue[Entry[T, R]] = FairQueue()
        self._accepting = False
        self._running = False
        # Whether the queue was looked through for leavers since the last run started.
        self._swept = False
        # Set from the first item until its batch is gathered.
        self._gathering: asyncio.Handle | None = None
        self._typical_run_seconds = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Future[None] | None = None
        self._thread = BatchThread(run, name)

    @property
    def waiting(self) -> int:
        """Items that wait in the queue now."""
        return len(self._queue)

    async def __aenter__(self) -> Self:
        if self._loop is not None:
            raise RuntimeError(f"batcher {self.name!r} can be entered once only; make a new one")
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        self._thread.start(self._loop, self._settle)
        self._accepting = True
        return self

    async def __aexit__(self, *_: object) -> None:
        """Refuse new items, answer those that wait, end the thread."""
        if self._loop is None or self._ended is None:
            return
        self._accepting = False
        if not self._running:
            self._gather()
        # Should this be cancelled: the callbacks go on, and answer what waits all the same.
        await asyncio.shield(self._ended)

    async def submit(
        self,
        item: T,
        *,
        deadline: float | None = None,
        timing: ItemTiming | None = None,
        caller: Hashable | None = None,
    ) -> R:
        """Wait for the item's result.

        Args:
            item: one item.
            deadline: event-loop time; if it passes before the item's run starts, the item is not
                computed.
            timing: filled with the item's waiting and running time before this returns.
            caller: on whose behalf. Callers are served in turn, so that one with many items does
                not hold up one with a single item. None: this item stands for itself.

        Raises:
            Overloaded: the queue is full.
            NotReady: the batcher is not running (yet, or any more).
            DeadlineExceeded: see `deadline`.
            Exception: whatever `run` raised for the batch of this item.
        """
        loop = self._loop
        if loop is None or not self._accepting:
            raise NotReady(
                f"The {self.name} is not running: the service is starting or shutting down. "
                "Send the request again, to another instance if there is one."
            )
        if len(self._queue) >= self.max_queue:
            self._make_room(loop.time())
        future: asyncio.Future[R] = loop.create_future()
        entry = Entry(item, future, perf_counter(), deadline, timing)
        self._queue.put(entry, entry if caller is None else caller)
        self._wake(loop)
        return await future

    def is_idle(self) -> bool:
        """Whether it may be taken: nothing runs, nothing waits."""
        return self._accepting and not self._running and not len(self._queue)

    def take(self) -> None:
        """Keep the runs, while it is idle, for a caller who does them in a thread of his own
        (`run_here`). What others submit meanwhile waits and makes the next batch. `give_back` must
        follow. RuntimeError when it is not idle.
        """
        if not self.is_idle():
            raise RuntimeError(f"{self.name} is in use")
        self._running = True

    def run_here(self, items: list[T]) -> Outcome[R]:
        """Run 1 to `max_batch` items in the calling thread. Raises nothing."""
        return self._thread.attempt(items)

    def give_back(self, outcomes: Iterable[Outcome[R]]) -> None:
        """What came of the runs since `take`, for the statistics; the next batch may run."""
        self._running = False
        self._gather()
        for outcome in outcomes:
            self._remember(outcome.seconds)
            self._report(outcome, (0.0,) * outcome.size)

    def _make_room(self, now: float) -> None:
        """Drop those whose caller left or whose time is up. Overloaded if all others still wait."""
        if not self._swept:
            self._swept = True
            self._queue.keep(lambda entry: entry.is_wanted(now))
        waiting = len(self._queue)
        if waiting < self.max_queue:
            return
        seconds = math.ceil(math.ceil(waiting / self.max_batch) * self._typical_run_seconds)
        seconds = min(max(1, seconds), LONGEST_RETRY_SECONDS)
        raise Overloaded(
            f"The {self.name} is busy ({waiting} of {self.max_queue} places in its queue are "
            f"taken). Send the request again in {seconds} s.",
            retry_after=seconds,
        )

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        """See to it that what waits is gathered in time."""
        if self._running:
            return
        full = len(self._queue) >= self.max_batch
        if self._gathering is None:
            # Not at once: what else this turn of the loop submits belongs into the same batch.
            wait = 0.0 if full else self.max_wait
            later = loop.call_later(wait, self._gather) if wait else loop.call_soon(self._gather)
            self._gathering = later
        elif full and self.max_wait:
            self._gathering.cancel()
            self._gathering = loop.call_soon(self._gather)

    def _gather(self) -> None:
        """Start the next run with what is wanted; at the end, end the thread."""
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        if self._loop is None or self._ended is None:
            return
        now = self._loop.time()
        batch: list[Entry[T, R]] = []
        while len(self._queue) and len(batch) < self.max_batch:
            entry = self._queue.take()
            if entry.is_wanted(now):
                batch.append(entry)
        self._swept = False
        if batch:
            self._running = True
            self._thread.run(batch)
        elif not self._accepting and not self._ended.done():
            self._thread.stop()
            self._ended.set_result(None)

    def _settle(self, batch: list[Entry[T, R]], outcome: Outcome[R]) -> None:
        """Answer the members of a run that has ended, after the next one has been started."""
        self._running = False
        if self._loop is not None and self._accepting and self.max_wait and len(self._queue):
            self._wake(self._loop)
        else:
            self._gather()
        self._remember(outcome.seconds)
        error = outcome.error
        for position, entry in enumerate(batch):
            if entry.timing is not None:
                entry.timing.queue_seconds = outcome.started - entry.arrived
                entry.timing.run_seconds = outcome.seconds
            if error is None:
                entry.settle(outcome.results[position])
            else:
                entry.fail(error)
        self._report(outcome, tuple(outcome.started - entry.arrived for entry in batch))

    def _remember(self, seconds: float) -> None:
        """The same typical time for all sizes: it only feeds the Retry-After of a full queue."""
        self._typical_run_seconds += 0.2 * (seconds - self._typical_run_seconds)

    def _report(self, outcome: Outcome[R], waits: tuple[float, ...]) -> None:
        if self._on_batch is None:
            return
        failed = outcome.error is not None
        try:
            self._on_batch(BatchRecord(self.name, waits, outcome.seconds, failed))
        except Exception:
            _log.exception("the statistics hook of %s failed", self.name)
