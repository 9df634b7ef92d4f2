"""The HTTP server: uvicorn, with a bound on the headers that its parser does not have.

The parser joins the pieces of an unfinished header again and again: an endless one costs memory and
the time of everybody, long before the application hears of the request.
"""

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.settings import ServerSettings

HEADER_BYTES = 64 * 1024
HEADER_SECONDS = 10.0
LAST_CALL_SECONDS = 0.5
"""How long an idle connection still gets an answer once the service is shutting down."""
_BACKLOG = 2048
_REFUSAL = (
    b"The request headers (or the trailers after the body) are too long. Send shorter ones.\n"
)


def server_config(app: ASGIApp, settings: ServerSettings) -> uvicorn.Config:
    """How the application is served. Log lines and `Server:` headers are not uvicorn's affair."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here asks who the caller is
        timeout_graceful_shutdown=settings.drain_seconds,
    )


def listen(settings: ServerSettings) -> list[socket.socket]:
    """A listening socket for each address of the host. OSError when one cannot be had."""
    found = socket.getaddrinfo(
        settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    listeners = []
    with ExitStack() as closing:  # those that are open already, if another one fails
        for family, _, _, _, address in dict.fromkeys(found):
            listener = closing.enter_context(socket.socket(family, socket.SOCK_STREAM))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:  # else it takes the port of IPv4 as well
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
            listener.setblocking(False)
            listeners.append(listener)
        closing.pop_all()
    return listeners


class Server(uvicorn.Server):
    """uvicorn's server, which on its way out also serves who has connected and not been accepted,
    and returns after an orderly end instead of dying of the signal that asked for it.

    connection_lost: called for each connection that is over.
    """

    def __init__(
        self, config: uvicorn.Config, connection_lost: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(config)
        self._connection_lost = connection_lost

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def serve_connection(self, connection: socket.socket) -> None:
        """Serve a connection that somebody else has accepted."""
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(self._protocol, connection)
        except OSError:  # it is over already
            connection.close()
            self._connection_lost()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        waiting = [one for listener in sockets or () for one in _connected(listener)]
        for server in self.servers:
            server.close()
        for connection in waiting:
            await self.serve_connection(connection)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        return BoundedProtocol(
            self.config,
            self.server_state,
            self.lifespan.state,
            connection_lost=self._connection_lost,
        )


def _connected(listener: socket.socket) -> Sequence[socket.socket]:
    found = []
    try:
        while True:
            found.append(listener.accept()[0])
    except OSError:  # nobody is left, most likely
        return found


class BoundedProtocol(HttpToolsProtocol):
    """One connection. Refuses (431) `HEADER_BYTES` in which neither the headers, nor a piece of the
    body, nor the request came to an end, and closes when headers take longer than `HEADER_SECONDS`.

    Both may be exceeded by what one read of the socket brings. At a shutdown it answers what comes
    within `LAST_CALL_SECONDS` as well: an idle connection may be one whose next request is on its
    way.
    """

    def __init__(
        self, *args: Any, connection_lost: Callable[[], None] = lambda: None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._told_when_lost = connection_lost
        self._last_call: asyncio.TimerHandle | None = None
        self._closing = False
        self._unfinished = 0  # bytes since the parser last finished something
        self._advanced = False
        self._headers_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._end_last_call()
        super().connection_lost(exc)
        self._told_when_lost()

    def shutdown(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self._last_call = self.loop.call_later(LAST_CALL_SECONDS, self.transport.close)
        else:
            super().shutdown()

    def data_received(self, data: bytes) -> None:
        self._advanced = False
        super().data_received(data)
        self._unfinished = 0 if self._advanced else self._unfinished + len(data)
        if self._unfinished > HEADER_BYTES and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._closing = self._closing or self._end_last_call()
        self._await_headers()

    def on_headers_complete(self) -> None:
        self._advanced = True
        self._stop_waiting()
        super().on_headers_complete()
        if self._closing:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._advanced = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._advanced = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # Refused before its body came: the rest of that has as long as headers have. (A pipelined
        # request behind it is another cycle, which has its own time.)
        cycle = self.cycle
        if cycle.response_complete and cycle.more_body and not self.transport.is_closing():
            self._await_headers()

    def _await_headers(self) -> None:
        self._stop_waiting()
        self._headers_due = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _end_last_call(self) -> bool:
        """Whether there was one."""
        if self._last_call is None:
            return False
        self._last_call.cancel()
        self._last_call = None
        return True

    def _refuse(self) -> None:
        # Half an answer may be out, where trailers or a next request follow a request.
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(
                b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
                b"Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(_REFUSAL), _REFUSAL)
            )
        self.transport.close()
