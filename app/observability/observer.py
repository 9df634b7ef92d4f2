"""What is known about a request once it is over, and who is told.

`Observability` is the outermost layer. Whoever wants to know of requests (the log, the metrics) is
an `Observer` and gets one `RequestRecord` per request. A record never holds image content, file
names or query strings.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.batching.entries import BatchRecord
from app.observability.trace import Trace, new_trace, trace_of

__all__ = ["LogObserver", "Observability", "Observer", "RequestRecord", "Trace", "trace_of"]

CLIENT_CLOSED = 499
"""Status in the log for a client that hung up; nothing is sent."""
NO_ROUTE = "other"
"""The route of a path that is not one of ours: callers make up paths without end."""


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One answered request, for logs and metrics. route: the template of its path, without /v1."""

    id: str
    method: str
    path: str
    route: str
    status: int
    code: str | None
    ms: float
    stages: Mapping[str, float]
    images: int
    faces: int
    faces_per_image: tuple[int, ...]
    traceparent: str | None


class Observer(Protocol):
    """Told of every request once it is over, and of every batch of a model. Must not block."""

    def request(self, record: RequestRecord) -> None: ...

    def batch(self, record: BatchRecord) -> None: ...


class Observers:
    """Several observers as one."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def request(self, record: RequestRecord) -> None:
        for observer in self._observers:
            observer.request(record)

    def batch(self, record: BatchRecord) -> None:
        for observer in self._observers:
            observer.batch(record)


class LogObserver:
    """One structured line per request; batches only at level debug."""

    def __init__(self) -> None:
        self._log = logging.getLogger("mien.request")

    def request(self, record: RequestRecord) -> None:
        facts: dict[str, Any] = {
            "request_id": record.id,
            "method": record.method,
            "path": record.path,
            "status": record.status,
            "ms": round(record.ms, 2),
        }
        if record.images:
            facts["images"], facts["faces"] = record.images, record.faces
        if record.stages:
            facts["stages_ms"] = {name: round(ms, 2) for name, ms in record.stages.items()}
        if record.code is not None:
            facts["code"] = record.code
        if record.traceparent is not None:
            facts["traceparent"] = record.traceparent
        self._log.info("request", extra={"facts": facts})

    def batch(self, record: BatchRecord) -> None:
        if self._log.isEnabledFor(logging.DEBUG):
            ms = round(record.run_seconds * 1000, 2)
            facts = {"model": record.name, "size": record.size, "run_ms": ms}
            self._log.debug("batch", extra={"facts": facts})


class Observability:
    """ASGI layer: gives the request its trace, the answer its headers, the observer its record.

    paths: those of the application with their templates, by which a request that was refused before
    it was routed is known.
    """

    def __init__(
        self, app: ASGIApp, observer: Observer, paths: Mapping[str, str] | None = None
    ) -> None:
        self.app = app
        self.observer = observer
        self.paths = dict(paths or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["mien.trace"] = trace = new_trace(scope["headers"])
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", trace.id.encode("latin-1")),
                    (b"server-timing", _server_timing(trace).encode("latin-1")),
                ]
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except ClientDisconnect:
            status = CLIENT_CLOSED
        finally:
            self.observer.request(_record(scope, trace, status, self._route(scope)))

    def _route(self, scope: Scope) -> str:
        path: str | None = getattr(scope.get("route"), "path", None)
        return self.paths.get(scope["path"], NO_ROUTE) if path is None else path


def _server_timing(trace: Trace) -> str:
    entries = [f"{name};dur={ms:.2f}" for name, ms in trace.stages.items()]
    return ", ".join([*entries, f"total;dur={trace.elapsed_ms:.2f}"])


def _record(scope: Scope, trace: Trace, status: int, route: str) -> RequestRecord:
    return RequestRecord(
        id=trace.id,
        method=scope["method"],
        path=scope["path"],
        route=route,
        status=status,
        code=trace.code,
        ms=trace.elapsed_ms,
        stages=dict(trace.stages),
        images=trace.images,
        faces=trace.faces,
        faces_per_image=trace.faces_per_image,
        traceparent=trace.traceparent,
    )
