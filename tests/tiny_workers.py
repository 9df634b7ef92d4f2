"""A service of two workers around a tiny application, as a program, and a hold on it for tests.

    python -m tests.tiny_workers [serve | refuse]

It prints its port. GET /pid answers who answers; /wait answers after a third of a second; /block
keeps its worker from doing anything for that long.
With `refuse` no worker can start.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.observability.logs import configure_logging
from app.processes import server
from app.processes.channel import News, WorkerEnd
from app.processes.crew import Crew, WorkerState
from app.processes.server import listen, server_config
from app.processes.worker import WorkerServer
from app.processes.workers import Workers
from app.settings import ServerSettings

ROOT = Path(__file__).parents[1]
PAUSE = 0.35  # seconds of /wait and /block
PATIENCE = 30.0


class TinyApp:
    """Becomes ready at once and counts its requests."""

    def __init__(self, crew: Crew, index: int, line: WorkerEnd) -> None:
        self._crew = crew
        self._line = line
        self._count = crew.ledger(index).row(("requests",), 1)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            self._line.tell(News(WorkerState.READY))
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        self._count[0] += 1
        if scope["path"] == "/wait":
            await asyncio.sleep(PAUSE)
        elif scope["path"] == "/block":
            time.sleep(PAUSE)
        ledgers = [self._crew.ledger(index).read() for index in range(self._crew.count)]
        body = json.dumps(
            {
                "pid": os.getpid(),
                "parent": os.getppid(),
                "requests": sum(ledger.get(("requests",), [0.0])[0] for ledger in ledgers),
                "states": [state.name for state in self._crew.states],
                "opened": self._crew.opened,
                "replaced": self._crew.replaced,
            }
        ).encode()
        length = str(len(body)).encode()
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
        )
        await send({"type": "http.response.body", "body": body})


def main(manner: str) -> int:
    configure_logging("warning")
    # Long, for machines that are busy: who is answered is not made to wait by it.
    server.LAST_CALL_SECONDS = 5.0
    settings = ServerSettings(host="127.0.0.1", port=0, drain_seconds=10)
    listeners = listen(settings)
    crew = Crew(2)

    def work(index: int, line: WorkerEnd) -> int:
        if manner == "refuse":
            print(f"worker {index} cannot start", file=sys.stderr, flush=True)
            return 3
        app = TinyApp(crew, index, line)
        WorkerServer(server_config(app, settings), line, crew, index).run()
        return 0

    print(listeners[0].getsockname()[1], flush=True)
    return Workers(crew, listeners, work, settings.drain_seconds).run()


@dataclass(frozen=True)
class Program:
    """The running program. `errors` is its standard error."""

    process: subprocess.Popen[str]
    port: int
    errors: Path

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def get(self, path: str = "/pid") -> dict[str, Any]:
        with self.connect() as connection:
            ask(connection, path)
            return answer(connection)

    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.errors.read_text().splitlines()]


@contextmanager
def program(folder: Path, manner: str = "serve") -> Iterator[Program]:
    """The program, until the block ends; then nothing of it is left."""
    errors = folder / "errors"
    command = [sys.executable, "-W", "error", "-m", "tests.tiny_workers", manner]
    with (
        errors.open("w") as sink,
        subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=sink, text=True
        ) as process,
    ):
        assert process.stdout is not None
        try:
            yield Program(process, int(process.stdout.readline()), errors)
        finally:
            process.send_signal(signal.SIGKILL)  # its workers end when its line does


def ask(connection: socket.socket, path: str = "/pid") -> None:
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def answer(connection: socket.socket) -> dict[str, Any]:
    """The body of the next answer, and whether the connection ends with it as `close`."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65_536)
        if not piece:
            raise ConnectionResetError("closed without an answer")
        received += piece
    head, _, body = received.lower().partition(b"\r\n\r\n")
    assert head.startswith(b"http/1.1 200 "), head
    length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
    body = received[-len(body) :] if body else b""
    while len(body) < length:
        body += connection.recv(65_536)
    told: dict[str, Any] = json.loads(body)
    return {**told, "close": b"connection: close" in head}


def until(condition: Any) -> None:
    """Wait for a condition that must come true soon."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
