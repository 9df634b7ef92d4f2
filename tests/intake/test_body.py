"""Work that ends when its caller hangs up, and only then."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from app.intake.body import unless_gone

LONG = 60.0


def hang_up_after(turns: int | None) -> Callable[[], Awaitable[Message]]:
    """`receive` of a client that hangs up after so many turns of the loop; None: never."""

    async def receive() -> Message:
        if turns is None:
            await asyncio.sleep(LONG)
        for _ in range(turns or 0):
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    return receive


async def others() -> set[asyncio.Task[None]]:
    """Tasks besides this one that are left after the loop has turned."""
    await asyncio.sleep(0)
    return asyncio.all_tasks() - {asyncio.current_task()}


async def test_the_result_comes_and_nothing_stays_behind() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    assert await unless_gone(work(), hang_up_after(None)) == "done"
    assert not await others()


async def test_an_error_of_the_work_is_the_callers() -> None:
    async def work() -> None:
        raise KeyError("broken")

    with pytest.raises(KeyError):
        await unless_gone(work(), hang_up_after(None))
    assert not await others()


@pytest.mark.parametrize("turns", [0, 1, 5])
async def test_a_hang_up_cancels_the_work_and_leaves_the_task_usable(turns: int) -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(LONG)
        finally:
            ended.set()

    with pytest.raises(ClientDisconnect):
        await unless_gone(work(), hang_up_after(turns))
    assert ended.is_set()
    this = asyncio.current_task()
    assert this is not None
    assert this.cancelling() == 0
    assert not await others()


async def test_a_deadline_is_a_timeout_and_no_hang_up() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await unless_gone(asyncio.sleep(LONG), hang_up_after(None))
    assert not await others()


@pytest.mark.parametrize("turns", [None, 0])
async def test_a_cancelled_request_is_cancelled_whoever_hangs_up_too(turns: int | None) -> None:
    task = asyncio.ensure_future(unless_gone(asyncio.sleep(LONG), hang_up_after(turns)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not await others()


@pytest.mark.parametrize("turns", range(8))
async def test_a_hang_up_at_any_moment_ends_in_one_of_two_ways(turns: int) -> None:
    async def work() -> str:
        for _ in range(4):
            await asyncio.sleep(0)
        return "done"

    try:
        assert await unless_gone(work(), hang_up_after(turns)) == "done"
    except ClientDisconnect:
        assert turns <= 4
    await asyncio.sleep(0)  # a cancellation left over would be raised here
    assert not await others()
