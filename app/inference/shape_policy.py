"""Which batch sizes a model is ever fed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Fill = Literal["exact", "pad", "split"]
"""How a number of items that is no declared size is run.

exact: as it is. A CPU does not care for sizes, and would compute padding for nothing.
pad: filled up to the next declared size. A GPU should meet only the shapes of its warm-up: a new
one costs memory and a search for algorithms.
split: as several runs of declared sizes, 7 as 4, 2 and 1. For what is compiled for each shape, and
gains little from a large batch.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """Items `start` to `start + count` of a batch, fed as a batch of `size` (rest: padding)."""

    start: int
    count: int
    size: int


@dataclass(frozen=True, slots=True)
class ShapePolicy:
    """Splits any number of items into runs.

    Args:
        batch_sizes: the declared sizes, ascending.
        fill: see `Fill`.
    """

    batch_sizes: tuple[int, ...]
    fill: Fill

    def __post_init__(self) -> None:
        sizes = self.batch_sizes
        if not sizes or sizes[0] < 1 or list(sizes) != sorted(set(sizes)):
            raise ValueError(f"batch sizes must be positive and ascending. Received: {sizes}")

    @property
    def largest(self) -> int:
        return self.batch_sizes[-1]

    def runs(self, total: int) -> Sequence[Run]:
        """Full runs of the largest size, then what the remainder takes. Nothing for 0 items."""
        return list(self._runs(total))

    def _runs(self, total: int) -> Iterator[Run]:
        start = 0
        while start < total:
            count = min(self.largest, total - start)
            size = count
            if self.fill == "pad" or (self.fill == "split" and count < self.batch_sizes[0]):
                size = next(size for size in self.batch_sizes if size >= count)
            elif self.fill == "split":
                count = size = next(size for size in self.batch_sizes[::-1] if size <= count)
            yield Run(start, count, size)
            start += count
