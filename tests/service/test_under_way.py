"""Requests under way: batched, refused when there are too many, drained or told at the end."""

import logging
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app.observability.logs import JsonFormatter
from app.observability.observer import LogObserver
from app.settings import InferenceSettings, LimitSettings, ServerSettings, Settings
from tests.service.serving import (
    ONE_FACE,
    PATIENCE,
    Held,
    Service,
    answer,
    faces,
    half_sent,
    problem,
    raw,
    running,
    until,
)


def test_what_was_accepted_is_answered_before_the_end(
    golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(threading.enumerate())
    with (
        running(Settings(models_dir=golden)) as service,
        ThreadPoolExecutor(1) as pool,
    ):
        held = Held(service, monkeypatch)
        pending = pool.submit(raw, service.client, "/pose", ONE_FACE)
        assert held.started.wait(PATIENCE)
        service.server.should_exit = True
        time.sleep(0.2)
        assert not pending.done()
        held.release.set()
        assert len(faces(pending.result())) == 1
        service.thread.join(PATIENCE)
        assert not service.thread.is_alive()
    until(lambda: set(threading.enumerate()) <= before)


def test_an_answer_that_would_come_too_late_is_not_computed(
    golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        running(Settings(models_dir=golden, self_test=False)) as service,
        ThreadPoolExecutor(1) as pool,
    ):
        held = Held(service, monkeypatch)
        pending = pool.submit(raw, service.client, "/pose", ONE_FACE)
        assert held.started.wait(PATIENCE)
        headers = {"content-type": "image/png", "X-Deadline-Ms": "50"}
        late = service.client.post("/pose", content=ONE_FACE, headers=headers)
        problem(late, 504, "deadline-exceeded")
        held.release.set()
        assert len(faces(pending.result())) == 1
        batches = [batch.size for batch in service.observed.batches if batch.name == "detector"]
        assert batches == [1]  # the one that waited: the late one never ran


def test_a_fault_of_the_model_is_a_fixed_sentence(
    golden: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with running(Settings(models_dir=golden)) as service:
        batcher = service.app.state.readiness.get().models.detector.batcher
        run = batcher._thread._run

        def broken(_: Any) -> Any:
            raise RuntimeError("secret of the machine")

        monkeypatch.setattr(batcher._thread, "_run", broken)
        refused = raw(service.client, "/pose", ONE_FACE)
        problem(refused, 500, "internal")
        assert "secret" not in refused.text
        (logged,) = [record for record in caplog.records if record.levelname == "ERROR"]
        assert "secret" in logged.getMessage()
        assert logged.__dict__["facts"]["request_id"] == refused.headers["x-request-id"]
        monkeypatch.setattr(batcher._thread, "_run", run)
        assert faces(raw(service.client, "/pose", ONE_FACE))


def test_a_full_queue_is_said_and_passes(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        models_dir=golden,
        inference=InferenceSettings(max_queue=1, max_batch=1),
        limits=LimitSettings(),
    )
    with running(settings) as service, ThreadPoolExecutor(6) as pool:
        held = Held(service, monkeypatch)
        pending = [pool.submit(raw, service.client, "/pose", ONE_FACE)]
        # Until it runs, the first one itself fills the queue.
        assert held.started.wait(PATIENCE)
        pending += [pool.submit(raw, service.client, "/pose", ONE_FACE) for _ in range(5)]
        until(lambda: sum(one.done() for one in pending) == 4)
        held.release.set()
        responses = [one.result() for one in pending]
    refused = [response for response in responses if response.status_code != 200]
    assert len(refused) == 4
    for response in refused:
        problem(response, 503, "overloaded")
        assert int(response.headers["retry-after"]) >= 1


def test_requests_share_batches(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        running(Settings(models_dir=golden, self_test=False)) as service,
        ThreadPoolExecutor(5) as pool,
    ):
        held = Held(service, monkeypatch)
        pending = [pool.submit(raw, service.client, "/pose", ONE_FACE)]
        assert held.started.wait(PATIENCE)
        pending += [pool.submit(raw, service.client, "/pose", ONE_FACE) for _ in range(4)]
        until(lambda: service.app.state.readiness.get().models.detector.batcher.waiting == 4)
        held.release.set()
        assert all(len(faces(one.result())) == 1 for one in pending)
        sizes = [batch.size for batch in service.observed.batches if batch.name == "detector"]
        assert sizes == [1, 4]


def test_the_log_holds_no_content(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """Of a good request and of a bad one: no file name, no query string, nothing of the body."""
    secret = [("files", ("secret-name.png", ONE_FACE))]
    before = len(service.observed.requests)
    with caplog.at_level(logging.DEBUG):
        good = service.client.post("/landmarks", files=secret, params={"convention": "openvino"})
        answer(good)
        bad = service.client.post("/landmarks", files=secret, params={"convention": "secret-value"})
        problem(bad, 422, "invalid-parameter")
        until(lambda: len(service.observed.requests) == before + 2)
        for record in service.observed.requests[before:]:
            LogObserver().request(record)
    first, second = service.observed.requests[before:]
    assert (first.method, first.status, first.images, first.faces) == ("POST", 200, 1, 1)
    assert (second.status, second.code) == (422, "invalid-parameter")
    assert first.stages["decode"] > 0
    lines = [
        JsonFormatter().format(record)
        for record in caplog.records
        if record.name.startswith("mien")  # pytest makes uvicorn log what it does not otherwise
    ]
    assert len(lines) >= 2
    assert [line for line in lines if re.search("secret|openvino|PNG", line)] == []


def test_a_shutdown_that_cannot_wait_says_so(
    golden: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of one request that is being analysed and one whose body is still on its way."""
    settings = Settings(models_dir=golden, server=ServerSettings(drain_seconds=1))
    with running(settings) as service, ThreadPoolExecutor(1) as pool:
        held = Held(service, monkeypatch)
        pending = pool.submit(raw, service.client, "/pose", ONE_FACE)
        assert held.started.wait(PATIENCE)
        with half_sent(service, 1000, 10) as connection:
            until(lambda: service.app.state.receiving.under_way == 1)
            service.server.should_exit = True
            assert connection.recv(4096).startswith(b"HTTP/1.1 503 ")
        refused = pending.result()
        held.release.set()
    assert "shutting down" in problem(refused, 503, "not-ready")["detail"]
    assert int(refused.headers["retry-after"]) >= 1
    assert "Traceback" not in caplog.text
