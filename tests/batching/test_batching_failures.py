"""Whatever happens, no caller of the batcher waits for ever: errors, departures, the end."""

import asyncio
import random
import threading
import time
import weakref
from collections.abc import Callable

import pytest

from app.batching.batcher import Batcher
from app.errors import DeadlineExceeded, InternalError, NotReady, Overloaded
from tests.batching_tools import LONG, Doubler, go, queued, submit_all


def test_a_caller_that_went_away_is_not_computed() -> None:
    async def test() -> None:
        model = Doubler()
        async with Batcher(model, max_batch=4) as batcher:
            first = await model.hold(batcher)
            tasks = submit_all(batcher, range(1, 5))
            await queued(batcher, 4)
            tasks[1].cancel()
            tasks[2].cancel()
            await asyncio.sleep(0)
            model.gate.set()
            results = await asyncio.gather(first, *tasks, return_exceptions=True)
        assert model.batches == [[0], [1, 4]]
        assert [results[0], results[1], results[4]] == [0, 2, 8]
        assert all(isinstance(results[i], asyncio.CancelledError) for i in (2, 3))

    go(test())


def test_a_caller_that_leaves_during_the_run_disturbs_nobody() -> None:
    async def test() -> None:
        model = Doubler()
        async with Batcher(model, max_batch=4) as batcher:
            first = await model.hold(batcher)
            first.cancel()
            tasks = submit_all(batcher, [3])
            model.gate.set()
            assert await tasks[0] == 6

    go(test())


def test_a_model_error_reaches_every_member_and_the_next_batch_runs() -> None:
    async def test() -> None:
        model = Doubler()
        async with Batcher(model, max_batch=3) as batcher:
            first = await model.hold(batcher)
            tasks = submit_all(batcher, [1, -1, 2, 5])
            await queued(batcher, 4)
            model.gate.set()
            results = await asyncio.gather(first, *tasks, return_exceptions=True)
        assert [isinstance(r, ValueError) for r in results] == [False, True, True, True, False]
        assert results[4] == 10

    go(test())


@pytest.mark.parametrize("error", [StopIteration, SystemExit, KeyboardInterrupt, GeneratorExit])
def test_even_the_strangest_error_is_delivered(error: type[BaseException]) -> None:
    def run(items: list[int]) -> list[int]:
        if items == [1]:
            raise error("strange")
        return items

    async def test() -> None:
        async with Batcher(run, max_batch=1) as batcher:
            with pytest.raises(InternalError, match="strange"):
                await batcher.submit(1)
            assert await batcher.submit(2) == 2

    go(test())


def test_a_wrong_number_of_results_is_named() -> None:
    def run(items: list[int]) -> list[int]:
        return items[:-1] if len(items) == 3 else items

    async def test() -> None:
        async with Batcher(run, max_batch=3) as batcher:
            tasks = [asyncio.create_task(batcher.submit(i)) for i in range(3)]
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(r, InternalError) for r in results)
            assert "3 items went in and 2 results came out" in str(results[0])
            assert await batcher.submit(9) == 9

    go(test())


def test_stopping_answers_all_that_wait() -> None:
    async def test() -> None:
        model = Doubler()
        batcher = Batcher(model, max_batch=2)
        await batcher.__aenter__()
        first = await model.hold(batcher)
        tasks = submit_all(batcher, range(5))
        await queued(batcher, 5)
        stop = asyncio.create_task(batcher.__aexit__())
        await asyncio.sleep(0)
        with pytest.raises(NotReady, match="shutting down"):
            await batcher.submit(1)
        model.gate.set()
        await stop
        assert [task.result() for task in (first, *tasks)] == [0, 0, 2, 4, 6, 8]

    go(test())


def test_it_runs_only_between_enter_and_exit() -> None:
    async def test() -> None:
        batcher = Batcher(Doubler(), max_batch=2)
        with pytest.raises(NotReady):
            await batcher.submit(1)
        async with batcher:
            assert await batcher.submit(1) == 2
        with pytest.raises(NotReady):
            await batcher.submit(1)
        with pytest.raises(RuntimeError, match="once"):
            await batcher.__aenter__()

    go(test())


@pytest.mark.parametrize("max_wait", [0.0, LONG])
def test_an_end_that_is_cut_short_still_answers_all(max_wait: float) -> None:
    async def test() -> None:
        model = Doubler()
        batcher = Batcher(model, max_batch=2, max_wait=max_wait)
        await batcher.__aenter__()
        model.gate.clear()
        tasks = submit_all(batcher, range(5))
        await asyncio.sleep(0.02)
        stop = asyncio.create_task(batcher.__aexit__())
        await asyncio.sleep(0)
        stop.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stop
        model.gate.set()
        assert await asyncio.gather(*tasks) == [0, 2, 4, 6, 8]

    go(test())


def test_the_thread_ends_with_the_batcher() -> None:
    async def test() -> None:
        async with Batcher(Doubler(), max_batch=2, name="finder-to-end") as batcher:
            await batcher.submit(1)
            (thread,) = [t for t in threading.enumerate() if t.name == "finder-to-end"]
        thread.join(LONG)
        assert not thread.is_alive()

    go(test())


def test_nothing_of_a_batch_is_kept() -> None:
    """Items are images: one that has been answered must not stay in memory."""

    class Item:
        pass

    async def test() -> None:
        batcher: Batcher[Item, int] = Batcher(lambda items: [1] * len(items), max_batch=2)
        async with batcher:
            item = Item()
            seen = weakref.ref(item)
            await batcher.submit(item)
            del item
            while seen() is not None:
                await asyncio.sleep(0.001)

    go(test())


# The model fails, or answers too few; it is too late, too much, over or no longer wanted.
_KNOWN = (
    RuntimeError,
    InternalError,
    DeadlineExceeded,
    Overloaded,
    NotReady,
    asyncio.CancelledError,
)


def _flaky(chance: random.Random) -> Callable[[list[int]], list[int]]:
    def run(items: list[int]) -> list[int]:
        time.sleep(chance.random() * 0.002)
        fate = chance.random()
        if fate < 0.1:
            raise RuntimeError("the model failed")
        return items[1:] if fate < 0.15 else [2 * item for item in items]

    return run


class Alone:
    """Runs like `run`, and notes where two runs are under way at once."""

    def __init__(self, run: Callable[[list[int]], list[int]]) -> None:
        self._run, self._running = run, threading.Lock()
        self.overlaps = 0

    def __call__(self, items: list[int]) -> list[int]:
        alone = self._running.acquire(blocking=False)
        self.overlaps += not alone
        try:
            return self._run(items)
        finally:
            if alone:
                self._running.release()


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_no_future_stays_pending(seed: int) -> None:
    """Random arrivals, cancellations, deadlines, failures, takers and an end amid all of it."""
    chance = random.Random(seed)

    async def caller(batcher: Batcher[int, int], item: int) -> int:
        await asyncio.sleep(chance.random() * 0.1)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + chance.random() * 0.01 if chance.random() < 0.3 else None
        whose = chance.choice([None, "a", "b"])
        return await batcher.submit(item, deadline=deadline, caller=whose)

    async def taker(batcher: Batcher[int, int], delay: float) -> bool:
        """Runs an item of its own in the place of the batcher's thread, if that is idle."""
        await asyncio.sleep(delay)
        if not batcher.is_idle():
            return False
        batcher.take()
        outcome = await asyncio.to_thread(batcher.run_here, [1])
        batcher.give_back([outcome])
        return True

    async def test() -> None:
        model = Alone(_flaky(chance))
        batcher = Batcher(model, max_batch=4, max_wait=chance.choice([0.0, 0.003]), max_queue=20)
        async with batcher:
            delays = [0.0, *(chance.random() * 0.1 for _ in range(40))]
            takers = [asyncio.create_task(taker(batcher, delay)) for delay in delays]
            tasks = [asyncio.create_task(caller(batcher, i)) for i in range(200)]
            cancelled = chance.sample(range(len(tasks)), 40)
            for i in cancelled:
                asyncio.get_running_loop().call_later(chance.random() * 0.1, tasks[i].cancel)
            await asyncio.sleep(chance.choice([0.05, 0.2]))
        results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 2)
        taken = await asyncio.wait_for(asyncio.gather(*takers), 2)
        assert taken[0], "then nobody else was there"
        assert model.overlaps == 0
        assert batcher.waiting == 0
        for i, result in enumerate(results):
            assert result == 2 * i or isinstance(result, _KNOWN)
            assert i in cancelled or not isinstance(result, asyncio.CancelledError)
        assert any(result == 2 * i for i, result in enumerate(results))

    go(test())
