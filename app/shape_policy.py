"""Which batch sizes a model is ever fed."""

from collections.abc import Sequence
from dataclasses import dataclass


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
        pad: whether each run is filled up to a declared size. A GPU should meet only the shapes of
            its warm-up: a new one costs memory and a search for algorithms. A CPU does not care,
            and would compute the padding for nothing.
    """

    batch_sizes: tuple[int, ...]
    pad: bool

    def __post_init__(self) -> None:
        sizes = self.batch_sizes
        if not sizes or sizes[0] < 1 or list(sizes) != sorted(set(sizes)):
            raise ValueError(f"batch sizes must be positive and ascending. Received: {sizes}")

    @property
    def largest(self) -> int:
        return self.batch_sizes[-1]

    def runs(self, total: int) -> Sequence[Run]:
        """Full runs of the largest size, then one for the remainder. Nothing for 0 items."""
        starts = range(0, total, self.largest)
        counts = [min(self.largest, total - start) for start in starts]
        return [
            Run(start, count, self._size(count))
            for start, count in zip(starts, counts, strict=True)
        ]

    def _size(self, count: int) -> int:
        if not self.pad:
            return count
        return next(size for size in self.batch_sizes if size >= count)
