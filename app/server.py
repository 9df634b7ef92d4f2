"""The HTTP server: uvicorn, with a bound on the headers that its parser does not have.

The parser joins the pieces of an unfinished header again and again: an endless one costs memory and
the time of everybody, long before the application hears of the request.
"""

import asyncio
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.settings import ServerSettings

HEADER_BYTES = 64 * 1024
HEADER_SECONDS = 10.0
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
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.drain_seconds,
    )


class BoundedProtocol(HttpToolsProtocol):
    """One connection. Refuses (431) `HEADER_BYTES` in which neither the headers, nor a piece of the
    body, nor the request came to an end, and closes when headers take longer than `HEADER_SECONDS`.

    Both may be exceeded by what one read of the socket brings.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unfinished = 0  # bytes since the parser last finished something
        self._advanced = False
        self._headers_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._advanced = False
        super().data_received(data)
        self._unfinished = 0 if self._advanced else self._unfinished + len(data)
        if self._unfinished > HEADER_BYTES and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_headers()

    def on_headers_complete(self) -> None:
        self._advanced = True
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._advanced = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._advanced = True
        super().on_message_complete()

    def _await_headers(self) -> None:
        self._stop_waiting()
        self._headers_due = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _refuse(self) -> None:
        # Half an answer may be out, where trailers or a next request follow a request.
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(
                b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
                b"Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(_REFUSAL), _REFUSAL)
            )
        self.transport.close()
