"""The notes of one request, and where they are kept while it is answered."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import perf_counter
from types import TracebackType

from starlette.types import Scope

_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(slots=True)
class Trace:
    """The notes of one request, written while it walks through the stages.

    id: X-Request-ID when it is 1..128 harmless characters, else made here. started:
    time.perf_counter at arrival. stages: milliseconds per stage; where a stage ran for several
    images, the slowest. faces: of all images together; faces_per_image: one number per image
    that was analysed.
    """

    id: str
    started: float = field(default_factory=perf_counter)
    traceparent: str | None = None
    stages: dict[str, float] = field(default_factory=dict)
    images: int = 0
    faces: int = 0
    faces_per_image: tuple[int, ...] = ()
    code: str | None = None

    def add(self, stage: str, seconds: float) -> None:
        self.stages[stage] = max(self.stages.get(stage, 0.0), seconds * 1000)

    def stage(self, name: str) -> "Stage":
        return Stage(self, name)

    @property
    def elapsed_ms(self) -> float:
        return (perf_counter() - self.started) * 1000


class Stage:
    """`with trace.stage(name)`: what runs inside counts, even when it fails. A class of its own
    costs a third of a generator, and there are several in every request.
    """

    __slots__ = ("_name", "_started", "_trace")

    def __init__(self, trace: Trace, name: str) -> None:
        self._trace = trace
        self._name = name

    def __enter__(self) -> None:
        self._started = perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._trace.add(self._name, perf_counter() - self._started)


def trace_of(scope: Scope) -> Trace:
    """The trace that `Observability` put into the scope."""
    trace: Trace = scope["mien.trace"]
    return trace


def new_trace(headers: Iterable[tuple[bytes, bytes]]) -> Trace:
    """A trace for a request with these headers; an unfit id or traceparent is dropped."""
    given = parent = ""
    for name, value in headers:
        if name == b"x-request-id":
            given = value.decode("latin-1")
        elif name == b"traceparent":
            parent = value.decode("latin-1")
    return Trace(
        id=given if _ID.fullmatch(given) else os.urandom(16).hex(),
        traceparent=parent if _TRACEPARENT.fullmatch(parent) else None,
    )
