"""Stand-ins and helpers for the tests of the batcher."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

from app.batching.batcher import Batcher

LONG = 5.0


def go(test: Coroutine[Any, Any, None]) -> None:
    """Run a test in its own loop; anything that waits for ever fails it."""
    asyncio.run(asyncio.wait_for(test, LONG))


class Doubler:
    """A model: doubles, remembers its batches, and can be held, so that a queue builds up."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.threads: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def __call__(self, items: list[int]) -> list[int]:
        self.batches.append(items)
        self.threads.add(threading.current_thread().name)
        self.entered.set()
        assert self.gate.wait(LONG)
        if any(item < 0 for item in items):
            raise ValueError(f"negative: {items}")
        return [2 * item for item in items]

    async def hold(self, batcher: Batcher[int, int]) -> asyncio.Task[int]:
        """Start a run that does not end before `gate` is set."""
        self.gate.clear()
        self.entered.clear()
        task = asyncio.create_task(batcher.submit(0))
        while not self.entered.is_set():
            await asyncio.sleep(0.001)
        return task


async def queued(batcher: Batcher[int, int], count: int) -> None:
    while batcher.waiting < count:
        await asyncio.sleep(0.001)


def submit_all(batcher: Batcher[int, int], items: range | list[int]) -> list[asyncio.Task[int]]:
    return [asyncio.create_task(batcher.submit(item)) for item in items]
