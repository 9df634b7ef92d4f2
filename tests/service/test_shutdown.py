"""Who is still answered when a service shuts down."""

import socket
import time
from pathlib import Path

import pytest

from app.processes import server
from app.settings import Settings
from tests.service.serving import PATIENCE, Service, connected, running, until

ASK = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


def settings(models_dir: Path) -> Settings:
    return Settings(models_dir=models_dir, self_test=False)


def answer(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"}"):
        piece = connection.recv(65_536)
        assert piece, "closed without an answer"
        received += piece
    return received.lower()


def shut_down(service: Service) -> None:
    """Begin; returns when nobody else is let in."""
    service.server.should_exit = True

    def closed() -> bool:
        try:
            socket.create_connection(("127.0.0.1", service.port), PATIENCE).close()
        except ConnectionRefusedError:
            return True
        return False

    until(closed)


def test_an_idle_connection_gets_a_last_answer(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LAST_CALL_SECONDS", PATIENCE)
    with running(settings(models_dir)) as service:
        service.client.close()
        with connected(service) as used, connected(service) as fresh:
            used.sendall(ASK)
            assert b"connection: close" not in answer(used)
            shut_down(service)
            for connection in (used, fresh):
                connection.sendall(ASK)
                assert b"connection: close" in answer(connection)
                assert connection.recv(1) == b""
            service.thread.join(PATIENCE)
            assert not service.thread.is_alive()


def test_an_idle_connection_is_closed_after_that(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LAST_CALL_SECONDS", 0.05)
    with running(settings(models_dir)) as service:
        service.client.close()
        with connected(service) as used, connected(service) as fresh:
            used.sendall(ASK)
            answer(used)
            service.server.should_exit = True
            assert used.recv(1) == b""
            assert fresh.recv(1) == b""


def test_who_has_connected_is_answered(models_dir: Path) -> None:
    """Even when the service was too busy to accept them before it was told to stop."""
    with running(settings(models_dir)) as service:
        loop = service.server.servers[0].get_loop()
        loop.call_soon_threadsafe(time.sleep, 0.5)
        time.sleep(0.1)
        callers = [
            socket.create_connection(("127.0.0.1", service.port), PATIENCE) for _ in range(20)
        ]
        for caller in callers:
            caller.sendall(ASK)
        service.server.should_exit = True
        for caller in callers:
            assert b"200 ok" in answer(caller)
            caller.close()
