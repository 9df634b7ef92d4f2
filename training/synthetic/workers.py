"""Several processes that render one series, their samples handed over in order."""

import multiprocessing
import queue
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

_AHEAD = 32  # samples that a process may be ahead of the reader
_PATIENCE = 5.0  # seconds between looks whether a silent process still lives

T = TypeVar("T")
Open = Callable[[], Callable[[int], T]]


class WorkerError(RuntimeError):
    """A process failed; the message holds its traceback."""


def in_order(open_renderer: Open[T], indices: Sequence[int], workers: int) -> Iterator[T]:
    """What the renderer makes of each index, in the order of `indices`.

    open_renderer is called once in each process (and must therefore be picklable); with one worker
    everything happens here. Raises WorkerError when a process fails or dies.
    """
    if workers <= 1 or len(indices) < 2:
        render = open_renderer()
        yield from (render(index) for index in indices)
        return
    context = multiprocessing.get_context("spawn")
    queues = [context.Queue(_AHEAD) for _ in range(workers)]
    processes = [
        context.Process(
            target=_work, args=(open_renderer, indices[k::workers], queues[k]), daemon=True
        )
        for k in range(workers)
    ]
    for process in processes:
        process.start()
    try:
        for position in range(len(indices)):
            turn = position % workers
            yield _next(queues[turn], processes[turn])
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _work(open_renderer: Open[Any], indices: Sequence[int], results: Any) -> None:
    try:
        render = open_renderer()
        for index in indices:
            results.put((render(index), None))
    except Exception:  # whatever it was, the reader must hear of it
        results.put((None, traceback.format_exc()))


def _next(results: Any, process: BaseProcess) -> Any:
    while True:
        try:
            value, error = results.get(timeout=_PATIENCE)
        except queue.Empty:
            if process.is_alive():
                continue
            raise WorkerError(f"a rendering process ended with code {process.exitcode}") from None
        if error is not None:
            raise WorkerError(error)
        return value
