"""How much is under way at once, and what is left of it when a client hangs up."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from app.images import decoding
from app.intake import json_text
from tests.service.serving import (
    HEAD,
    ONE_FACE,
    PATIENCE,
    Held,
    Service,
    answer,
    faces,
    form,
    half_sent,
    limited,
    problem,
    raw,
    running,
    until,
)


def test_so_many_bodies_at_once(models_dir: Path) -> None:
    with running(limited(models_dir, max_receiving=1)) as service:
        with half_sent(service, 1000, 10):
            until(lambda: service.app.state.receiving.under_way == 1)
            refused = raw(service.client, "/landmarks", ONE_FACE)
            problem(refused, 503, "overloaded")
            assert "retry-after" in refused.headers
            assert service.client.get("/livez").status_code == 200
        until(lambda: service.app.state.receiving.under_way == 0)
        assert faces(raw(service.client, "/landmarks", ONE_FACE))


def test_so_many_requests_at_once(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(limited(models_dir, max_requests=1)) as service, ThreadPoolExecutor(1) as pool:
        held = Held(service, monkeypatch)
        pending = pool.submit(raw, service.client, "/landmarks", ONE_FACE)
        assert held.started.wait(PATIENCE)
        refused = raw(service.client, "/landmarks", ONE_FACE)
        problem(refused, 503, "overloaded")
        held.release.set()
        assert faces(pending.result())
        assert faces(raw(service.client, "/landmarks", ONE_FACE))


def test_idle_connections_take_no_place_from_others(models_dir: Path) -> None:
    with running(limited(models_dir, max_requests=1)) as service, ExitStack() as idle:
        for _ in range(5):
            idle.enter_context(half_sent(service, 1000, 1))
        until(lambda: service.app.state.receiving.under_way == 5)
        assert faces(raw(service.client, "/landmarks", ONE_FACE))


def test_decoded_images_take_turns(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one image waits for the detector, no other is decoded, of whichever request."""
    decoded = []

    def counted(*args: Any) -> Any:
        decoded.append(1)
        return decoding.decode(*args)

    monkeypatch.setattr("app.image_steps.decode", counted)
    settings = limited(models_dir, max_decoded_images=1)
    with running(settings) as service, ThreadPoolExecutor(2) as pool:
        held = Held(service, monkeypatch)
        pending = [
            pool.submit(service.client.post, "/landmarks", files=form(*[ONE_FACE] * 3))
            for _ in range(2)
        ]
        assert held.started.wait(PATIENCE)
        until(lambda: service.app.state.analysing.under_way == 2)
        time.sleep(0.2)
        assert len(decoded) == 1
        held.release.set()
        for one in pending:
            assert [len(result["faces"]) for result in answer(one.result())["results"]] == [1] * 3
        assert len(decoded) == 6


def test_a_client_that_hangs_up_leaves_nothing_behind(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    before = service.app.state.receiving.under_way
    with half_sent(service, 100_000, 50_000):
        until(lambda: service.app.state.receiving.under_way == before + 1)
    until(lambda: service.app.state.receiving.under_way == before)
    until(lambda: service.observed.requests and service.observed.requests[-1].status == 499)
    assert faces(raw(service.client, "/landmarks", ONE_FACE))
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_client_that_hangs_up_stops_its_work(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyzer = service.app.state.readiness.get()
    held = threading.Event()
    run = analyzer.models.detector.detector.run

    def slow(items: Any) -> Any:
        held.wait(PATIENCE)
        return run(items)

    monkeypatch.setattr(analyzer.models.detector.batcher._thread, "_run", slow)
    body = HEAD + f"Content-Length: {len(ONE_FACE)}\r\n\r\n".encode() + ONE_FACE
    connection = socket.create_connection(("127.0.0.1", service.port), PATIENCE)
    connection.sendall(body)
    until(lambda: service.app.state.analysing.under_way == 1)
    time.sleep(0.05)
    connection.close()
    until(lambda: service.app.state.analysing.under_way == 0)
    held.set()
    monkeypatch.undo()
    assert faces(raw(service.client, "/landmarks", ONE_FACE))


def test_nobody_waits_while_a_long_answer_is_written_down(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, gate, dump = threading.Event(), threading.Event(), json_text.dump

    def held(value: Any) -> bytes:
        entered.set()
        assert gate.wait(PATIENCE)
        return dump(value)

    with running(limited(models_dir)) as service, ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr("app.routes.analysis._MANY_FACES", 0)
        monkeypatch.setattr("app.routes.analysis.json_text.dump", held)
        long = pool.submit(raw, service.client, "/landmarks", ONE_FACE)
        assert entered.wait(PATIENCE)
        assert service.client.get("/livez").status_code == 200
        gate.set()
        assert faces(long.result(PATIENCE))
