"""Somebody takes the runs for himself: others wait and make the next batch."""

import asyncio
import threading

import pytest

from app.batching.batcher import Batcher, BatchRecord
from app.batching.thread import Outcome


def squares(items: list[int]) -> list[int]:
    return [item * item for item in items]


def test_what_comes_meanwhile_is_the_next_batch() -> None:
    records: list[BatchRecord] = []

    async def test() -> None:
        async with Batcher(squares, max_batch=8, on_batch=records.append) as batcher:
            assert batcher.is_idle()
            batcher.take()
            assert not batcher.is_idle()
            others = [asyncio.ensure_future(batcher.submit(item)) for item in (3, 4)]
            await asyncio.sleep(0.01)
            assert batcher.waiting == 2
            assert not any(other.done() for other in others)
            outcome = await asyncio.to_thread(batcher.run_here, [5])
            assert list(outcome.answers()) == [25]
            batcher.give_back([outcome])
            assert await asyncio.gather(*others) == [9, 16]
            await asyncio.sleep(0)
            assert batcher.is_idle()

    asyncio.run(test())
    assert [record.size for record in records] == [1, 2]
    assert records[0].queue_seconds == (0.0,)


def test_the_end_waits_until_they_are_given_back() -> None:
    async def test() -> None:
        batcher = Batcher(squares, max_batch=8)
        await batcher.__aenter__()
        batcher.take()
        waits = asyncio.ensure_future(batcher.submit(2))
        await asyncio.sleep(0)
        ends = asyncio.ensure_future(batcher.__aexit__())
        await asyncio.sleep(0.01)
        assert not ends.done()
        batcher.give_back([])
        await ends
        assert await waits == 4, "what was accepted is answered"
        assert not batcher.is_idle()

    asyncio.run(test())


def test_an_error_is_kept_for_who_asks() -> None:
    def broken(_: list[int]) -> list[int]:
        raise ValueError(threading.current_thread().name)

    async def test() -> Outcome[int]:
        async with Batcher(broken, max_batch=8) as batcher:
            batcher.take()
            outcome = batcher.run_here([1])
            batcher.give_back([outcome])
        return outcome

    with pytest.raises(ValueError, match="MainThread"):
        asyncio.run(test()).answers()


def test_what_is_in_use_is_not_taken() -> None:
    async def test() -> None:
        async with Batcher(squares, max_batch=8) as batcher:
            batcher.take()
            with pytest.raises(RuntimeError, match="in use"):
                batcher.take()
            batcher.give_back([])

    asyncio.run(test())
