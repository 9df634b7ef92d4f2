"""What a load on a service brought, and the connections it goes over: one process, one thread."""

import selectors
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from benchmarks.summary import percentile
from benchmarks.wire import Address, Answer, Connection, WireError

OK, BUSY = 200, 503
PATIENCE = 60.0  # seconds without any answer


class LoadError(Exception):
    """The service does not answer as it should."""


def nothing() -> float:
    """For `server_cpu`, where nobody asks for it."""
    return 0.0


@dataclass(slots=True)
class Taken:
    """What one load brought. Latencies in ms, of answers that came in the counted time.

    answered: status 200. refused: 503, retry_after of them said when to come again. failed:
    everything else. server_cpu, client_cpu: seconds in the counted time. late: ms that requests of
    an open load were sent after their time, because this client was not given a processor.
    """

    seconds: float = 0.0
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    retry_after: int = 0
    failed: int = 0
    server_cpu: float = 0.0
    client_cpu: float = 0.0
    late: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Of all answers."""
        return len(self.answered) + len(self.refused) + self.failed

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.answered) / self.seconds if self.seconds else 0.0

    @property
    def server_cpu_ms(self) -> float:
        """Of one answered request."""
        return self.server_cpu * 1000 / max(len(self.answered), 1)

    @property
    def client_cpu_ms(self) -> float:
        """Of one request."""
        return self.client_cpu * 1000 / max(self.count, 1)

    def quantile(self, share: float) -> float:
        """Of the answered requests, ms; share 0..100."""
        return percentile(self.answered, share)

    def add(self, answer: Answer, since: float) -> None:
        milliseconds = (answer.at - since) * 1000
        if answer.status == OK:
            self.answered.append(milliseconds)
        elif answer.status == BUSY:
            self.refused.append(milliseconds)
            self.retry_after += answer.retry_after
        else:
            self.failed += 1


class Callers:
    """Connections to a service and what comes over them. A context manager: it closes them."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._selector = selectors.DefaultSelector()
        self._open: set[Connection] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for connection in self._open:
            connection.close()
        self._selector.close()

    def new(self) -> Connection:
        """LoadError when the service cannot be reached."""
        try:
            connection = Connection(self._address)
        except OSError as error:
            raise LoadError(f"port {self._address.port} cannot be reached: {error}") from error
        self._open.add(connection)
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        return connection

    def drop(self, connection: Connection) -> None:
        self._selector.unregister(connection.socket)
        self._open.discard(connection)
        connection.close()

    def send(self, connection: Connection, request: bytes, since: float) -> None:
        connection.send(request, since)
        self._watch(connection)

    def answers(
        self, patience: float = PATIENCE
    ) -> Iterator[tuple[Connection, Answer | WireError]]:
        """What has come by now; waits for something to happen, but no longer than `patience`.

        Raises:
            LoadError: nothing happened for `PATIENCE` seconds.
        """
        happened = self._selector.select(patience)
        if not happened and patience >= PATIENCE:
            raise LoadError(f"the service answered nothing for {PATIENCE:.0f} s")
        for key, _ in happened:
            connection: Connection = key.data
            try:
                answer = connection.step(time.perf_counter())
            except WireError as error:
                yield connection, error
                continue
            self._watch(connection)
            if answer is not None:
                yield connection, answer

    def _watch(self, connection: Connection) -> None:
        """For answers always, for room to send while there is something to send."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.sending else 0)
        if self._selector.get_key(connection.socket).events != events:
            self._selector.modify(connection.socket, events, connection)
