"""How many requests may be at one point at once: an honest refusal instead of an endless queue."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import Overloaded


class Admission:
    """Counts the requests inside. what: what they are, for the message, as "being analysed"."""

    def __init__(self, limit: int, what: str) -> None:
        self.limit = limit
        self.what = what
        self.under_way = 0

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Overloaded when `limit` requests are inside already."""
        if self.under_way >= self.limit:
            raise Overloaded(
                f"{self.limit} requests are {self.what}, which is all the service takes at once. "
                "Try again shortly."
            )
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1
