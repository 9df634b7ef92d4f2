"""How many analysis requests may be under way: an honest refusal instead of an endless queue."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import Overloaded


class Admission:
    """Counts requests that are being received or analysed."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.under_way = 0

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Overloaded when `limit` requests are under way already."""
        if self.under_way >= self.limit:
            raise Overloaded(
                f"{self.limit} requests are under way, which is all the service takes at once. "
                "Try again shortly."
            )
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1
