"""Limits: on bytes before and while they arrive, on memory, on time, on requests at once."""

import builtins
import io
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.service.serving import (
    HEAD,
    ONE_FACE,
    PATIENCE,
    Service,
    answer,
    connected,
    encoded,
    faces,
    form,
    half_sent,
    limited,
    problem,
    raw,
    running,
    until,
)


@pytest.fixture(scope="module")
def small(models_dir: Path) -> Iterator[Service]:
    with running(
        limited(models_dir, max_body_bytes=100_000, max_images=3, body_seconds=1.0)
    ) as service:
        yield service


def test_a_declared_length_is_refused_before_a_byte_is_read(small: Service) -> None:
    with connected(small) as connection:
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


def test_a_body_that_stops_is_given_up(models_dir: Path) -> None:
    with (
        running(limited(models_dir, idle_seconds=0.2)) as service,
        half_sent(service, 1000, 3) as connection,
    ):
        received = connection.recv(4096)
        assert received.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in received.lower()


def test_a_body_that_trickles_is_given_up(small: Service) -> None:
    with half_sent(small, 1000, 3) as connection:
        connection.settimeout(0.05)
        started = time.monotonic()
        while time.monotonic() < started + PATIENCE:
            connection.sendall(b"x")
            try:
                received = connection.recv(4096)
            except TimeoutError:
                continue
            break
        assert received.startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - started > 0.9


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
    with running(settings) as service, half_sent(service, 50_000, 40_000):
        until(lambda: service.app.state.budget.held == 40_000)
        refused = raw(service.client, "/landmarks", bytes(30_000))
        problem(refused, 503, "overloaded")
        assert int(refused.headers["retry-after"]) >= 1
        # A small one still finds a place.
        assert faces(raw(service.client, "/landmarks", ONE_FACE))


def test_the_budget_is_given_back(models_dir: Path) -> None:
    settings = limited(models_dir, max_body_bytes=50_000, max_buffered_bytes=50_000)
    with running(settings) as service:
        with half_sent(service, 50_000, 40_000):
            until(lambda: service.app.state.budget.held == 40_000)
        until(lambda: service.app.state.budget.held == 0)
        for _ in range(20):
            assert raw(service.client, "/landmarks", bytes(45_000)).status_code != 503
