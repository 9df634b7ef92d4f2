"""The notes of a request, and the log line made of them."""

import json
import logging
import sys

import pytest

from app.logs import JsonFormatter
from app.observability import LogObserver, RequestRecord, Trace

RECORD = RequestRecord(
    id="abc",
    method="POST",
    path="/pose",
    status=200,
    code=None,
    ms=12.3456,
    stages={"decode": 1.0},
    images=2,
    faces=3,
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


def test_a_traceback_stays_on_its_line() -> None:
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "oh\nno", None, sys.exc_info())
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert "RuntimeError: broken" in json.loads(text)["traceback"]
