"""Two fixed pieces of work, the same in every version: they tell a slow hour of a machine from slow
code.

A virtual machine that is quiet inside may still share caches, memory and clock with neighbours.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np

_REPEATS = 7
_SIDE, _PRODUCTS = 64, 400  # one thread's: BLAS divides larger ones among the processors
_NUMBERS, _SWEEPS = 1 << 20, 4  # 4 MB read and 4 MB written: more than a core's own cache


def measure() -> tuple[float, float]:
    """Milliseconds of some products of small matrices, and of some sweeps over 8 MB."""
    rng = np.random.default_rng(0)
    left, right = rng.random((2, _SIDE, _SIDE), np.float32)
    product = np.empty_like(left)
    source = rng.random(_NUMBERS, np.float32)
    target = np.empty_like(source)

    def arithmetic() -> None:
        for _ in range(_PRODUCTS):
            np.matmul(left, right, out=product)

    def memory() -> None:
        for _ in range(_SWEEPS):
            np.multiply(source, 0.5, out=target)

    return _typical(arithmetic), _typical(memory)


def _typical(work: Callable[[], None]) -> float:
    work()
    taken = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken)
