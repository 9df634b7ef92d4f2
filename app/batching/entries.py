"""What waits in a batcher's queue, and what is told about it afterwards."""

import asyncio
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.errors import DeadlineExceeded

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """What one batch cost. Seconds; `queue_seconds` has one entry per item, in batch order."""

    name: str
    queue_seconds: tuple[float, ...]
    run_seconds: float
    failed: bool

    @property
    def size(self) -> int:
        return len(self.queue_seconds)


@dataclass(slots=True)
class ItemTiming:
    """Filled for a caller that hands one to `submit`: where its item's time went, in seconds."""

    queue_seconds: float = 0.0
    run_seconds: float = 0.0


# Not frozen, which would make it three times as dear: one is made for every item.
@dataclass(slots=True, eq=False)
class Entry(Generic[T, R]):
    """One item and its caller's future. arrived: perf_counter; deadline: event-loop time."""

    item: T
    future: asyncio.Future[R]
    arrived: float
    deadline: float | None = None
    timing: ItemTiming | None = None

    def is_wanted(self, now: float) -> bool:
        """Whether somebody still waits; refuses the item if its deadline has passed."""
        if self.future.done():
            return False
        if self.deadline is None or now < self.deadline:
            return True
        self.fail(
            DeadlineExceeded(
                "The deadline passed while the request waited, so it was not computed. "
                "Allow more time in X-Deadline-Ms or send fewer requests at once."
            )
        )
        return False

    def settle(self, result: R) -> None:
        if not self.future.done():
            self.future.set_result(result)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)
            # Marks it as seen: a caller that is cancelled at this moment will never look.
            self.future.exception()
