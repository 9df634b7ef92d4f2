"""A queue that serves its callers in turn: one item of each, then the next one's."""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """First come, first served among callers; each caller's items keep their order.

    Whoever puts 64 items in delays the single item of another by one of them, not by 64.
    """

    def __init__(self) -> None:
        self._lines: OrderedDict[Hashable, deque[T]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, item: T, caller: Hashable) -> None:
        """Add an item at the end of its caller's line."""
        line = self._lines.get(caller)
        if line is None:
            self._lines[caller] = deque((item,))
        else:
            line.append(item)
        self._count += 1

    def take(self) -> T:
        """The first item of the caller whose turn it is. LookupError when nothing waits."""
        caller, line = self._lines.popitem(last=False)
        item = line.popleft()
        if line:
            self._lines[caller] = line
        self._count -= 1
        return item

    def keep(self, wanted: Callable[[T], bool]) -> None:
        """Drop the items that are not `wanted`; the others keep their places."""
        if all(wanted(item) for line in self._lines.values() for item in line):
            return
        lines = ((caller, deque(filter(wanted, line))) for caller, line in self._lines.items())
        self._lines = OrderedDict((caller, line) for caller, line in lines if line)
        self._count = sum(map(len, self._lines.values()))
