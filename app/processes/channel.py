"""The line between the parent process and one worker: a pair of connected sockets.

Downwards go connections that the worker is to serve, each riding on one byte; the end of them says
that it is to stop, whether the parent closed its side or died. Upwards go lines of JSON: what the
worker tells of itself.
"""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from app.processes.crew import WorkerState


@dataclass(frozen=True, slots=True)
class News:
    """What a worker tells of itself. STARTING: it serves its connections.

    why: why it is not ready, for the log; empty when it has been said. models: name -> SHA-256 of
    what it serves.
    """

    state: WorkerState
    why: str = ""
    models: dict[str, str] = field(default_factory=dict)


class ParentEnd:
    """The parent's side. Nothing here waits."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._line.setblocking(False)
        self._unread = b""

    def fileno(self) -> int:
        return self._line.fileno()

    def close(self) -> None:
        self._line.close()

    def give(self, connection: socket.socket) -> bool:
        """Hand a connection over; False when the worker has too many that it has not taken yet, or
        has died, or when all lines together hold as many as the system allows (ETOOMANYREFS).
        """
        try:
            socket.send_fds(self._line, [b"."], [connection.fileno()])
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """The worker hears it after it has taken what was handed over."""
        with suppress(OSError):  # it has died
            self._line.shutdown(socket.SHUT_WR)

    def news(self) -> Iterator[News]:
        """What has come since the last time. EOFError when nothing more can."""
        try:
            received = self._line.recv(65_536)
        except BlockingIOError:
            return
        except ConnectionResetError:
            received = b""
        if not received:
            raise EOFError
        *lines, self._unread = (self._unread + received).split(b"\n")
        for line in lines:
            told = json.loads(line)
            yield News(WorkerState(told["state"]), told["why"], told["models"])


class WorkerEnd:
    """The worker's side."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._line.setblocking(False)

    def fileno(self) -> int:
        return self._line.fileno()

    def tell(self, news: News) -> None:
        """Some hundred bytes, a few times in a worker's life: there is always room for them."""
        self._line.send(json.dumps(asdict(news)).encode() + b"\n")

    def take(
        self,
        serve: Callable[[socket.socket], None],
        lost: Callable[[], None] = lambda: None,
        most: int = 64,
    ) -> bool:
        """Pass on what connections have come, at most so many; False when the worker is to stop.

        lost: called for each that came while this process had no file descriptor left.
        """
        for _ in range(most):
            try:
                # One byte at a time, so that each comes with its own connection.
                message, given, _, _ = socket.recv_fds(self._line, 1, 1)
            except BlockingIOError:
                return True
            except ConnectionResetError:
                return False
            if not message:
                return False
            if not given:
                lost()
            for number in given:
                serve(socket.socket(fileno=number))
        return True
