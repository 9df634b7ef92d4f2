"""What is known about a request: its id, how long each stage took, and the one record of it.

`Observability` is the outermost layer. Whoever wants to know of requests (the log, metrics later)
is an `Observer` and gets one `RequestRecord` per request. A record never holds image content, file
names or query strings.
"""

import logging
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.batch_entries import BatchRecord

CLIENT_CLOSED = 499
"""Status in the log for a client that hung up; nothing is sent."""

_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(slots=True)
class Trace:
    """The notes of one request, written while it walks through the stages.

    id: X-Request-ID when it is 1..128 harmless characters, else made here. started:
    time.perf_counter at arrival. stages: milliseconds per stage; where a stage ran for several
    images, the slowest.
    """

    id: str
    started: float = field(default_factory=time.perf_counter)
    traceparent: str | None = None
    stages: dict[str, float] = field(default_factory=dict)
    images: int = 0
    faces: int = 0
    code: str | None = None

    def add(self, stage: str, seconds: float) -> None:
        self.stages[stage] = max(self.stages.get(stage, 0.0), seconds * 1000)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - started)

    @property
    def elapsed_ms(self) -> float:
        return (time.perf_counter() - self.started) * 1000


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One answered request, for logs and metrics."""

    id: str
    method: str
    path: str
    status: int
    code: str | None
    ms: float
    stages: Mapping[str, float]
    images: int
    faces: int
    traceparent: str | None


class Observer(Protocol):
    """Told of every request once it is over, and of every batch of a model. Must not block."""

    def request(self, record: RequestRecord) -> None: ...

    def batch(self, record: BatchRecord) -> None: ...


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


def trace_of(scope: Scope) -> Trace:
    """The trace that `Observability` put into the scope."""
    trace: Trace = scope["mien.trace"]
    return trace


def new_trace(headers: Headers) -> Trace:
    """A trace for a request with these headers; an unfit id or traceparent is dropped."""
    given = headers.get("x-request-id", "")
    parent = headers.get("traceparent", "")
    return Trace(
        id=given if _ID.fullmatch(given) else uuid.uuid4().hex,
        traceparent=parent if _TRACEPARENT.fullmatch(parent) else None,
    )


class Observability:
    """ASGI layer: gives the request its trace, the answer its headers, the observer its record."""

    def __init__(self, app: ASGIApp, observer: Observer) -> None:
        self.app = app
        self.observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        trace = new_trace(Headers(scope=scope))
        scope["mien.trace"] = trace
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = trace.id
                headers["Server-Timing"] = _server_timing(trace)
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except ClientDisconnect:
            status = CLIENT_CLOSED
        finally:
            self.observer.request(_record(scope, trace, status))


def _server_timing(trace: Trace) -> str:
    entries = [*trace.stages.items(), ("total", trace.elapsed_ms)]
    return ", ".join(f"{name};dur={ms:.2f}" for name, ms in entries)


def _record(scope: Scope, trace: Trace, status: int) -> RequestRecord:
    return RequestRecord(
        id=trace.id,
        method=scope["method"],
        path=scope["path"],
        status=status,
        code=trace.code,
        ms=trace.elapsed_ms,
        stages=dict(trace.stages),
        images=trace.images,
        faces=trace.faces,
        traceparent=trace.traceparent,
    )
