"""What every library of the comparison looks like to its worker."""

from collections.abc import Callable
from typing import Any, Protocol

from benchmarks.peers.peer import About


class Library(Protocol):
    """Ready to run on one thread."""

    about: About

    def __call__(self, jpeg: bytes, decoded: Callable[[], None]) -> Any:
        """From the file to what it finds; calls `decoded` as soon as there are pixels."""
        ...

    def faces(self, answer: Any) -> int:
        """How many are in an answer."""
        ...
