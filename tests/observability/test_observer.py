"""The notes of a request, and the log line made of them."""

import json
import logging
import re
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from app.batching.batcher import BatchRecord
from app.observability.logs import JsonFormatter
from app.observability.observer import LogObserver, Observability, Observers, RequestRecord, Trace
from app.observability.trace import new_trace

RECORD = RequestRecord(
    id="abc",
    method="POST",
    path="/pose",
    route="/pose",
    status=200,
    code=None,
    ms=12.3456,
    stages={"decode": 1.0},
    images=2,
    faces=3,
    faces_per_image=(3, 0),
    traceparent=None,
)


def test_the_slowest_image_counts() -> None:
    trace = Trace("x")
    for seconds in (0.001, 0.003, 0.002):
        trace.add("decode", seconds)
    assert trace.stages == {"decode": 3.0}


def test_a_stage_counts_even_when_it_fails() -> None:
    trace = Trace("x")
    with pytest.raises(ValueError, match="no"), trace.stage("decode"):
        raise ValueError("no")
    assert trace.stages["decode"] >= 0


def test_one_line_per_request(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "mien.request"):
        LogObserver().request(RECORD)
    (record,) = caplog.records
    line = json.loads(JsonFormatter().format(record))
    assert line | {"request_id": "abc", "status": 200, "ms": 12.35, "images": 2, "faces": 3} == line
    assert line["stages_ms"] == {"decode": 1.0}
    assert line["level"] == "info"


class Kept:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.requests: list[RequestRecord] = []
        self.batches: list[BatchRecord] = []

    def request(self, record: RequestRecord) -> None:
        self.requests.append(record)

    def batch(self, record: BatchRecord) -> None:
        self.batches.append(record)


def test_all_observers_are_told() -> None:
    kept = [Kept(), Kept()]
    batch = BatchRecord("detector", (0.1,), 0.2, failed=False)
    told = Observers(*kept)
    told.request(RECORD)
    told.batch(batch)
    assert [one.requests for one in kept] == [[RECORD], [RECORD]]
    assert [one.batches for one in kept] == [[batch], [batch]]


@pytest.mark.parametrize(
    ("route", "path", "label"),
    [
        ("/models/{name}", "/models/anything", "/models/{name}"),
        (None, "/pose", "/pose"),  # refused before it was routed
        (None, "/v1/pose", "/pose"),
        (None, "/models/anything", "other"),
        (None, "/v1", "other"),
        (None, "/docs", "/docs"),
        (None, "/v1/docs", "other"),
    ],
)
async def test_routes_are_templates(route: str | None, path: str, label: str) -> None:
    async def app(scope: Any, _: Any, send: Any) -> None:
        if route is not None:
            scope["route"] = SimpleNamespace(path=route)
        await send({"type": "http.response.start", "status": 204})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        pytest.fail("this application reads nothing")

    kept = Kept()
    paths = {path: path for path in ("/pose", "/docs", "/models/{name}")} | {"/v1/pose": "/pose"}
    layer = Observability(app, kept, paths=paths)
    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"x-request-id", b"a1")]}
    await layer(scope, receive, send)
    (record,) = kept.requests
    assert (record.route, record.path, record.status, record.id) == (label, path, 204, "a1")
    headers = dict(sent[0]["headers"])
    assert headers[b"x-request-id"] == b"a1"
    assert headers[b"server-timing"].startswith(b"total;dur=")


@pytest.mark.parametrize("given", [b"", b"a b", b"a" * 129, b"\xff", b"a\n"])
def test_an_unfit_id_is_replaced(given: bytes) -> None:
    trace = new_trace([(b"x-request-id", given), (b"traceparent", b"junk")])
    assert re.fullmatch(r"[0-9a-f]{32}", trace.id)
    assert trace.traceparent is None
    assert new_trace([]).id != new_trace([]).id


def test_a_traceback_stays_on_its_line() -> None:
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "oh\nno", None, sys.exc_info())
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert "RuntimeError: broken" in json.loads(text)["traceback"]
