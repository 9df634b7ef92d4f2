"""What a worker runs: the HTTP server, on connections that the parent process has accepted."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator

import uvicorn

from app.processes.channel import News, WorkerEnd
from app.processes.crew import Crew, WorkerState
from app.processes.server import Server

_LOG = logging.getLogger("mien.workers")


class WorkerServer(Server):
    """Listens nowhere: serves what comes down the line, and stops when the line says so."""

    def __init__(self, config: uvicorn.Config, line: WorkerEnd, crew: Crew, index: int) -> None:
        super().__init__(config, connection_lost=lambda: crew.count_closed(index))
        self._line = line
        self._taking: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets or [])
        asyncio.get_running_loop().add_reader(self._line.fileno(), self._take)
        self._line.tell(News(WorkerState.STARTING))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().remove_reader(self._line.fileno())
        if self._taking:
            await asyncio.wait(self._taking)
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the parent's affair."""
        yield

    def _take(self) -> None:
        if not self._line.take(self._adopt, self._lose):
            asyncio.get_running_loop().remove_reader(self._line.fileno())
            self.should_exit = True

    def _lose(self) -> None:
        _LOG.warning("a connection was lost: no file descriptor is left (raise ulimit -n)")
        self._connection_lost()

    def _adopt(self, connection: socket.socket) -> None:
        task = asyncio.get_running_loop().create_task(self.serve_connection(connection))
        self._taking.add(task)
        task.add_done_callback(self._taking.discard)
