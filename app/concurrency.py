"""Several coroutines at once, with one way to fail; and work in threads that can be forgotten."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")


async def all_of(coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Results of several coroutines in order; when one fails the others are cancelled."""
    work = list(coroutines)
    if len(work) == 1:  # without a task of its own
        return [await work[0]]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


async def in_thread(pool: Executor | None, work: Callable[..., T], *args: Any) -> T:
    """What `work` returns, in a thread of the pool (None: of asyncio's own).

    Cancelled before its turn it leaves nothing behind: an executor alone would keep the arguments,
    which may be a whole image, until the threads come to it. So would this frame, which hangs on
    the exception of the future that the executor still knows.
    """
    job = [(work, args)]
    del work, args

    def run() -> T:
        called, given = job.pop()
        return called(*given)

    try:
        return await asyncio.get_running_loop().run_in_executor(pool, run)
    except asyncio.CancelledError:
        job.clear()
        raise
