"""The batcher's contract, one test per sentence; plain functions stand in for the model."""

import asyncio
import time
from typing import Any

import pytest

from app.batching.batcher import Batcher, BatchRecord, ItemTiming
from app.errors import DeadlineExceeded, Overloaded
from tests.batching_tools import Doubler, go, queued, submit_all


def test_each_caller_gets_its_own_result() -> None:
    async def test() -> None:
        async with Batcher(Doubler(), max_batch=4) as batcher:
            tasks = submit_all(batcher, range(50))
            assert await asyncio.gather(*tasks) == [2 * i for i in range(50)]

    go(test())


def test_a_batch_takes_what_waits_up_to_the_largest_size() -> None:
    async def test() -> None:
        model = Doubler()
        async with Batcher(model, max_batch=4) as batcher:
            first = await model.hold(batcher)
            tasks = submit_all(batcher, range(1, 11))
            await queued(batcher, 10)
            model.gate.set()
            await asyncio.gather(first, *tasks)
        assert model.batches == [[0], [1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
        assert len(model.threads) == 1

    go(test())


def test_without_a_wait_a_single_item_runs_at_once() -> None:
    async def test() -> None:
        async with Batcher(Doubler(), max_batch=100) as batcher:
            started = time.perf_counter()
            for i in range(20):
                await batcher.submit(i)
            assert time.perf_counter() - started < 1.0

    go(test())


def test_max_wait_gathers_items_that_come_later() -> None:
    async def test() -> None:
        model = Doubler()
        async with Batcher(model, max_batch=3, max_wait=2.0) as batcher:
            tasks = []
            for i in range(3):
                tasks.append(asyncio.create_task(batcher.submit(i)))
                await asyncio.sleep(0.01)
            started = time.perf_counter()
            await asyncio.gather(*tasks)
            assert time.perf_counter() - started < 1.0, "a full batch does not wait"
        assert model.batches == [[0, 1, 2]]

    go(test())


def test_max_wait_ends() -> None:
    async def test() -> None:
        async with Batcher(Doubler(), max_batch=3, max_wait=0.02) as batcher:
            assert await batcher.submit(4) == 8

    go(test())


def test_a_full_queue_refuses_at_once_and_says_when_to_come_back() -> None:
    async def test() -> None:
        model = Doubler()
        async with Batcher(model, max_batch=8, max_queue=64, name="finder") as batcher:
            first = await model.hold(batcher)
            tasks = submit_all(batcher, range(100))
            await asyncio.sleep(0.01)
            refused = [task.exception() for task in tasks if task.done()]
            assert len(refused) == 36
            assert all(isinstance(error, Overloaded) for error in refused)
            assert isinstance(refused[0], Overloaded)
            assert int(refused[0].headers["Retry-After"]) >= 1
            assert "finder" in refused[0].detail
            model.gate.set()
            results = await asyncio.gather(first, *tasks, return_exceptions=True)
        assert sum(isinstance(r, int) for r in results) == 65

    go(test())


def test_a_passed_deadline_is_answered_and_not_computed() -> None:
    async def test() -> None:
        model = Doubler()
        async with Batcher(model, max_batch=4) as batcher:
            now = asyncio.get_running_loop().time()
            first = await model.hold(batcher)
            late = asyncio.create_task(batcher.submit(1, deadline=now + 0.02))
            calm = asyncio.create_task(batcher.submit(2, deadline=now + 60))
            await asyncio.sleep(0.03)
            model.gate.set()
            with pytest.raises(DeadlineExceeded):
                await late
            assert (await first, await calm) == (0, 4)
        assert model.batches == [[0], [2]]

    go(test())


def test_a_queue_that_was_full_takes_items_again() -> None:
    async def test() -> None:
        model = Doubler()
        async with Batcher(model, max_batch=4, max_queue=2) as batcher:
            first = await model.hold(batcher)
            waiting = submit_all(batcher, [1, 2])
            await queued(batcher, 2)
            with pytest.raises(Overloaded):
                await batcher.submit(3)
            model.gate.set()
            assert await asyncio.gather(first, *waiting) == [0, 2, 4]
            assert await batcher.submit(9) == 18

    go(test())


def test_one_caller_with_many_items_does_not_hold_up_another() -> None:
    async def test() -> None:
        model = Doubler()
        async with Batcher(model, max_batch=4) as batcher:
            first = await model.hold(batcher)
            many = [asyncio.create_task(batcher.submit(item, caller="a")) for item in range(1, 65)]
            await queued(batcher, 64)
            single = submit_all(batcher, [100])
            pair = [asyncio.create_task(batcher.submit(i, caller="b")) for i in (200, 201)]
            await queued(batcher, 67)
            model.gate.set()
            await asyncio.gather(first, *many, *single, *pair)
        assert model.batches[1:3] == [[1, 100, 200, 2], [201, 3, 4, 5]]

    go(test())


def test_places_of_those_who_left_or_are_late_are_free() -> None:
    async def test() -> None:
        model = Doubler()
        async with Batcher(model, max_batch=4, max_queue=2) as batcher:
            now = asyncio.get_running_loop().time()
            first = await model.hold(batcher)
            gone = asyncio.create_task(batcher.submit(1))
            late = asyncio.create_task(batcher.submit(2, deadline=now + 0.02))
            await queued(batcher, 2)
            gone.cancel()
            await asyncio.sleep(0.03)
            fresh = submit_all(batcher, [3, 4])
            await asyncio.sleep(0)
            with pytest.raises(DeadlineExceeded):
                await late
            with pytest.raises(Overloaded):
                await batcher.submit(5)
            model.gate.set()
            assert await asyncio.gather(first, *fresh) == [0, 6, 8]
        assert model.batches == [[0], [3, 4]]

    go(test())


def test_times_are_told_to_the_caller_and_to_the_hook() -> None:
    records: list[BatchRecord] = []

    def run(items: list[int]) -> list[int]:
        time.sleep(0.01)
        return items

    async def test() -> None:
        async with Batcher(run, max_batch=2, name="finder", on_batch=records.append) as batcher:
            timing = ItemTiming()
            await asyncio.gather(
                batcher.submit(1), batcher.submit(2), batcher.submit(3, timing=timing)
            )
            assert timing.run_seconds >= 0.01
            assert timing.queue_seconds >= 0.01, "it waited for the first batch"

    go(test())
    assert [record.size for record in records] == [2, 1]
    assert all(r.name == "finder" and r.run_seconds >= 0.01 and not r.failed for r in records)


def test_a_failing_hook_disturbs_nobody() -> None:
    def hook(_: BatchRecord) -> None:
        raise ZeroDivisionError

    async def test() -> None:
        async with Batcher(Doubler(), max_batch=2, on_batch=hook) as batcher:
            assert [await batcher.submit(i) for i in range(3)] == [0, 2, 4]

    go(test())


@pytest.mark.parametrize("arguments", [{"max_batch": 0}, {"max_queue": 0}, {"max_wait": -1.0}])
def test_senseless_settings_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="at least"):
        Batcher(Doubler(), **{"max_batch": 1, **arguments})
