"""Where connections arrive when there are several workers: each goes to that with the fewest.

Measured with two workers, eight trials each: of 8 connections each worker got 4, of 32 each 16,
always. The kernel, with a listener for each worker (SO_REUSEPORT), throws dice: 5 and 3 or worse in
6 of 8 trials, up to 22 and 10 of 32; with one listener shared by both, 8 and 0 in 3 of 8, 32 and 0
in 2 of 8. A connection that is kept alive stays where it fell. Handing one over costs 11 us.
"""

import logging
import selectors
import socket
from collections.abc import Sequence
from functools import partial
from time import monotonic

from app.processes.worker_process import WorkerProcess

_AT_ONCE = 64  # connections accepted before anything else gets its turn
_PAUSE = 0.05  # seconds without accepting when nobody can take a connection

_log = logging.getLogger("mien.workers")


class Reception:
    """Accepts on the listening sockets while a worker serves; waits in the caller's selector.

    Attributes:
        due: when (time.monotonic) `resume` wants to be called; None when it need not.
    """

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        workers: Sequence[WorkerProcess],
        selector: selectors.BaseSelector,
    ) -> None:
        self.due: float | None = None
        self._listeners = list(listeners)
        self._workers = workers
        self._selector = selector
        self._held: socket.socket | None = None  # accepted, and nobody could take it yet
        self._open = False
        for listener in self._listeners:
            listener.setblocking(False)

    def update(self) -> None:
        """Begin or cease to accept, as the workers are now. What comes meanwhile waits outside."""
        able = self.due is None and any(worker.serving for worker in self._workers)
        if able == self._open:
            return
        self._open = able
        for listener in self._listeners:
            if able:
                then = partial(self._accept, listener)
                self._selector.register(listener, selectors.EVENT_READ, then)
            else:
                self._selector.unregister(listener)

    def resume(self) -> None:
        """After a pause: the connection that nobody took, then the others."""
        if self._held is None or self._give(self._held):
            self._held = self.due = None
            self.update()
        else:
            self.due = monotonic() + _PAUSE

    def close(self) -> None:
        """Hand over whoever has connected already, and let nobody else in."""
        if self._held is not None:
            self._give(self._held)
        for listener in self._listeners:
            self._accept(listener, most=1_000_000)  # all of them
        if self._open:
            for listener in self._listeners:
                self._selector.unregister(listener)
        self.drop()

    def drop(self) -> None:
        """Close everything at once, in a process that has no use for it."""
        for one in (*self._listeners, self._held):
            if one is not None:
                one.close()
        self._listeners, self._held, self.due, self._open = [], None, None, False

    def _accept(self, listener: socket.socket, most: int = _AT_ONCE) -> None:
        if listener not in self._listeners:  # closed by what happened in the same moment
            return
        for _ in range(most):
            try:
                connection, _ = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:  # no file descriptors are left, most likely
                _log.error("connections cannot be accepted: %s", error)
                self._pause()
                return
            if not self._give(connection):
                self._held = connection
                self._pause()
                return

    def _give(self, connection: socket.socket) -> bool:
        """Ready workers come first: one that is still loading would only refuse."""
        able = [worker for worker in self._workers if worker.serving]
        ready = [worker for worker in able if worker.ready]
        for worker in sorted(ready or able, key=lambda one: one.connections):
            if worker.give(connection):
                connection.close()
                return True
        return False

    def _pause(self) -> None:
        self.due = monotonic() + _PAUSE
        self.update()
