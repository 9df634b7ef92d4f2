"""A real server on a loopback port with tiny models, and the requests that tests send to it."""

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from numpy.typing import NDArray

from app.batching.batcher import BatchRecord
from app.main import create_app
from app.observability.observer import RequestRecord
from app.processes.server import Server, listen, server_config
from app.schemas import Answer, Problem
from app.settings import LimitSettings, Settings
from tests.tiny_models import picture, write_detector, write_landmarks

DEFAULT = Settings().landmarks[0]  # the name under which the tiny landmark model is served
PATIENCE = 20.0  # seconds; nothing here takes that long, a hang must not either


@dataclass
class Recorder:
    """An observer that keeps what it is told."""

    requests: list[RequestRecord] = field(default_factory=list)
    batches: list[BatchRecord] = field(default_factory=list)

    def request(self, record: RequestRecord) -> None:
        self.requests.append(record)

    def batch(self, record: BatchRecord) -> None:
        self.batches.append(record)


@dataclass(frozen=True)
class Service:
    """A running service. `client` speaks to it; `port` is for raw sockets."""

    app: FastAPI
    client: httpx.Client
    port: int
    observed: Recorder
    server: Server
    thread: threading.Thread

    def wait_until_ready(self) -> None:
        until(lambda: self.client.get("/readyz").status_code == 200)


def until(condition: Any) -> None:
    """Wait for a condition that must come true soon."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def write_models(folder: Path) -> Path:
    """A models folder with the two tiny models."""
    write_detector(folder / "detector")
    write_landmarks(folder / DEFAULT)
    return folder


def limited(models_dir: Path, **limits: Any) -> Settings:
    """Settings for tests with these limits."""
    return Settings(models_dir=models_dir, self_test=False, limits=LimitSettings(**limits))


@contextmanager
def running(settings: Settings, *, ready: bool = True) -> Iterator[Service]:
    """A service on a free port of the loopback interface, until the block ends."""
    observed = Recorder()
    app = create_app(settings, observed)
    loopback = settings.server.model_copy(update={"host": "127.0.0.1", "port": 0})
    server = Server(server_config(app, loopback))
    listeners = listen(loopback)

    def serve() -> None:
        # A start that fails ends by sys.exit.
        with suppress(SystemExit):
            server.run(sockets=listeners)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        assert server.started, "the server did not start"
        port: int = listeners[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            service = Service(app, client, port, observed, server, thread)
            if ready:
                service.wait_until_ready()
            yield service
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        for listener in listeners:
            listener.close()
        assert not thread.is_alive()


def encoded(image: NDArray[np.uint8], kind: str = ".png") -> bytes:
    """RGB pixels -> the bytes of an image file."""
    done, data = cv2.imencode(kind, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    assert done
    return data.tobytes()


RED = (40, 50, 80, 100)
BLUE = (200, 60, 60, 60)
ONE_FACE = encoded(picture(320, 240, {"red": RED}))
TWO_FACES = encoded(picture(320, 240, {"red": RED, "blue": BLUE}))
NO_FACE = encoded(picture(320, 240, {}))


def form(*images: bytes, name: str = "files") -> list[tuple[str, tuple[str, bytes]]]:
    """The multipart files of a request."""
    return [(name, (f"{index}.png", data)) for index, data in enumerate(images)]


def as_json(*images: bytes, boxes: Sequence[Any] | None = None) -> dict[str, Any]:
    """The JSON form of a request."""
    entries = [{"data": base64.b64encode(data).decode()} for data in images]
    if boxes is not None:
        entries = [{**entry, "boxes": own} for entry, own in zip(entries, boxes, strict=True)]
    return {"images": entries}


def answer(response: httpx.Response) -> dict[str, Any]:
    """The JSON of a good answer, checked against the documented schema."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    Answer.model_validate_json(response.content, strict=True)
    value: dict[str, Any] = json.loads(response.content)
    assert value["id"] == response.headers["x-request-id"]
    return value


def faces(response: httpx.Response) -> list[dict[str, Any]]:
    """The faces of the only image."""
    (result,) = answer(response)["results"]
    assert result["error"] is None
    found: list[dict[str, Any]] = result["faces"]
    return found


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The JSON of a refusal, checked against RFC 9457 as documented."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    Problem.model_validate_json(response.content, strict=True)
    value: dict[str, Any] = json.loads(response.content)
    assert value["type"] == f"urn:mien:problem:{code}"
    assert value["status"] == status
    assert value["instance"] == response.headers["x-request-id"]
    assert len(value["detail"]) > 20
    return value


def raw(client: httpx.Client, path: str, data: bytes, **query: Any) -> httpx.Response:
    """A raw PNG body."""
    return client.post(path, content=data, params=query, headers={"content-type": "image/png"})


HEAD = b"POST /landmarks HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"


@contextmanager
def connected(service: Service) -> Iterator[socket.socket]:
    """A raw connection."""
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as connection:
        yield connection


@contextmanager
def half_sent(service: Service, length: int, sent: int) -> Iterator[socket.socket]:
    """A request that has declared `length` bytes and sent `sent`; hangs up at the end."""
    with connected(service) as connection:
        connection.sendall(HEAD + f"Content-Length: {length}\r\n\r\n".encode() + bytes(sent))
        yield connection


class Held:
    """Keeps the detector's runs waiting until `release`."""

    def __init__(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started = threading.Event()
        self.release = threading.Event()
        thread = service.app.state.readiness.get().models.detector.batcher._thread
        self._run = thread._run
        monkeypatch.setattr(thread, "_run", self._wait)

    def _wait(self, items: Any) -> Any:
        self.started.set()
        self.release.wait(PATIENCE)
        return self._run(items)
