"""Limits: on bytes before and while they arrive, on memory, on time, on requests at once."""

import builtins
import io
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.settings import LimitSettings, Settings
from tests.service.serving import (
    ONE_FACE,
    PATIENCE,
    Service,
    answer,
    encoded,
    faces,
    form,
    problem,
    raw,
    running,
    until,
)

HEAD = b"POST /landmarks HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"


def limited(models_dir: Path, **limits: Any) -> Settings:
    return Settings(models_dir=models_dir, self_test=False, limits=LimitSettings(**limits))


@pytest.fixture(scope="module")
def small(models_dir: Path) -> Iterator[Service]:
    with running(
        limited(models_dir, max_body_bytes=100_000, max_images=3, body_seconds=1.0)
    ) as service:
        yield service


def test_a_declared_length_is_refused_before_a_byte_is_read(small: Service) -> None:
    with socket.create_connection(("127.0.0.1", small.port), PATIENCE) as connection:
        # No body follows: the answer can only come from the header.
        connection.sendall(HEAD + b"Content-Length: 100001\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_an_undeclared_length_is_counted_while_it_arrives(small: Service) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(30):
            yield bytes(10_000)

    headers = {"content-type": "image/png"}
    response = small.client.post("/landmarks", content=endless(), headers=headers)
    problem(response, 413, "body-too-large")
    assert faces(raw(small.client, "/landmarks", ONE_FACE))


def test_a_large_body_gets_its_413_even_from_a_client_that_sends_all_first(small: Service) -> None:
    problem(raw(small.client, "/landmarks", bytes(5_000_000)), 413, "body-too-large")
    response = small.client.post("/landmarks", files=form(bytes(5_000_000)))
    problem(response, 413, "body-too-large")


def test_the_body_just_fits(small: Service) -> None:
    data = ONE_FACE + bytes(100_000 - len(ONE_FACE))  # PNG readers ignore what follows the end
    response = raw(small.client, "/landmarks", data)
    assert response.status_code != 413
    problem(raw(small.client, "/landmarks", data + b"\0"), 413, "body-too-large")


def test_the_number_of_images(small: Service) -> None:
    assert len(answer(small.client.post("/landmarks", files=form(*[ONE_FACE] * 3)))["results"]) == 3
    response = small.client.post("/landmarks", files=form(*[ONE_FACE] * 4))
    problem(response, 422, "too-many-images")


def test_a_body_that_stops_is_given_up(small: Service) -> None:
    with socket.create_connection(("127.0.0.1", small.port), PATIENCE) as connection:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\nabc")
        assert connection.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_nothing_is_written_to_disk(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A form of 4 MB, for which Starlette's own parser would open a temporary file."""
    opened: list[Any] = []

    def watch(module: Any, name: str) -> None:
        original = getattr(module, name)

        def spy(*args: Any, **kwargs: Any) -> Any:
            opened.append((name, args))
            return original(*args, **kwargs)

        monkeypatch.setattr(module, name, spy)

    noise = np.random.default_rng(0).integers(0, 90, (1200, 1200, 3), np.uint8)
    noise[100:300, 200:400] = (255, 0, 0)
    data = encoded(noise)
    assert len(data) > 3_500_000
    for module, name in (
        (tempfile, "TemporaryFile"),
        (tempfile, "SpooledTemporaryFile"),
        (tempfile, "NamedTemporaryFile"),
        (tempfile, "mkstemp"),
        (os, "open"),
        (io, "open"),
        (builtins, "open"),
    ):
        watch(module, name)
    response = service.client.post("/landmarks", files=form(data))
    monkeypatch.undo()
    assert len(faces(response)) == 1
    assert opened == []


def test_bodies_share_one_budget(models_dir: Path) -> None:
    settings = limited(models_dir, max_body_bytes=50_000, max_buffered_bytes=60_000)
    with running(settings) as service, _half_sent(service, 50_000, 40_000):
        until(lambda: service.app.state.budget.held == 40_000)
        refused = raw(service.client, "/landmarks", bytes(30_000))
        problem(refused, 503, "overloaded")
        assert int(refused.headers["retry-after"]) >= 1
        # A small one still finds a place.
        assert faces(raw(service.client, "/landmarks", ONE_FACE))


def test_the_budget_is_given_back(models_dir: Path) -> None:
    settings = limited(models_dir, max_body_bytes=50_000, max_buffered_bytes=50_000)
    with running(settings) as service:
        with _half_sent(service, 50_000, 40_000):
            until(lambda: service.app.state.budget.held == 40_000)
        until(lambda: service.app.state.budget.held == 0)
        for _ in range(20):
            assert raw(service.client, "/landmarks", bytes(45_000)).status_code != 503


def test_so_many_requests_at_once(models_dir: Path) -> None:
    with running(limited(models_dir, max_requests=1)) as service:
        with _half_sent(service, 1000, 10):
            until(lambda: service.app.state.admission.under_way == 1)
            refused = raw(service.client, "/landmarks", ONE_FACE)
            problem(refused, 503, "overloaded")
            assert "retry-after" in refused.headers
            assert service.client.get("/livez").status_code == 200
        until(lambda: service.app.state.admission.under_way == 0)
        assert faces(raw(service.client, "/landmarks", ONE_FACE))


def test_decoded_images_take_turns(models_dir: Path) -> None:
    with running(limited(models_dir, max_decoded_images=1)) as service:
        response = service.client.post("/landmarks", files=form(*[ONE_FACE] * 10))
        assert [len(result["faces"]) for result in answer(response)["results"]] == [1] * 10


def test_a_client_that_hangs_up_leaves_nothing_behind(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    before = service.app.state.admission.under_way
    with _half_sent(service, 100_000, 50_000):
        until(lambda: service.app.state.admission.under_way == before + 1)
    until(lambda: service.app.state.admission.under_way == before)
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

    monkeypatch.setattr(analyzer.models.detector.batcher, "_run", slow)
    body = HEAD + f"Content-Length: {len(ONE_FACE)}\r\n\r\n".encode() + ONE_FACE
    connection = socket.create_connection(("127.0.0.1", service.port), PATIENCE)
    connection.sendall(body)
    until(lambda: service.app.state.admission.under_way == 1)
    time.sleep(0.05)
    connection.close()
    until(lambda: service.app.state.admission.under_way == 0)
    held.set()
    monkeypatch.undo()
    assert faces(raw(service.client, "/landmarks", ONE_FACE))


class _half_sent:  # noqa: N801 -- used like a function
    """A request that has declared `length` bytes and sent `sent`; hangs up at the end."""

    def __init__(self, service: Service, length: int, sent: int) -> None:
        self.port = service.port
        self.data = HEAD + f"Content-Length: {length}\r\n\r\n".encode() + bytes(sent)

    def __enter__(self) -> None:
        self.connection = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self.connection.sendall(self.data)

    def __exit__(self, *_: object) -> None:
        self.connection.close()
