"""Work in threads, and what is left of it when nobody waits any more."""

import asyncio
import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.concurrency import in_thread


class Image:
    """Something large."""


def test_the_result_and_the_fault_come_back() -> None:
    async def ask() -> None:
        assert await in_thread(None, sum, [1, 2, 3]) == 6
        with pytest.raises(ZeroDivisionError):
            await in_thread(None, divmod, 1, 0)

    asyncio.run(ask())


def test_cancelled_work_keeps_nothing_while_it_waits_for_a_thread() -> None:
    gate = threading.Event()
    seen: list[Image] = []

    async def ask(pool: ThreadPoolExecutor) -> None:
        busy = asyncio.ensure_future(in_thread(pool, gate.wait, 20.0))
        image = Image()
        held = weakref.ref(image)
        waiting = asyncio.ensure_future(in_thread(pool, seen.append, image))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        del waiting, image
        gc.collect()
        assert held() is None
        gate.set()
        assert await busy
        assert await in_thread(pool, len, "abc") == 3, "the thread goes on"

    with ThreadPoolExecutor(1) as pool:
        asyncio.run(ask(pool))
    assert seen == []
