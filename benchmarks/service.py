"""A server in processes of its own: started, waited for, measured and stopped."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks import processes
from benchmarks.wire import Address

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
_PATIENCE = 90.0  # seconds until a server must be ready; the slowest peer takes 20 here
_STOPPING = 25.0


class ServiceError(Exception):
    """A server did not start, or ended by itself."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a server is started. command: `{port}` stands for the port. path: where JPEGs go.
    ready: the path that answers 200 when it is; empty: ask `path` itself.
    """

    name: str
    title: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    path: str = "/analyze"
    ready: str = ""


def ours(
    models: Path, python: str = sys.executable, extra: Mapping[str, str] | None = None
) -> Launch:
    """The service as an operator starts it: everything by default, so one process a processor."""
    return Launch(
        "mien",
        "mien",
        [python, "-m", "app", "serve"],
        {
            "MIEN_SERVER__HOST": HOST,
            "MIEN_SERVER__PORT": "{port}",
            "MIEN_MODELS_DIR": str(models.resolve()),
            **(extra or {}),
        },
        ready="/readyz",
    )


class Service:
    """A running server. A context manager: leaving it ends the server and all its processes.

    ready_seconds: from the start to the first answer that it is ready.
    """

    def __init__(self, launch: Launch, sample: bytes) -> None:
        """sample: a JPEG, for servers that have no probe. ServiceError when it does not start."""
        self.launch = launch
        self.address = Address(HOST, _free_port())
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        port = str(self.address.port)
        own = {name: value.replace("{port}", port) for name, value in launch.environment.items()}
        processes.adopt_orphans()
        started = time.perf_counter()
        try:
            self._process = subprocess.Popen(
                [part.replace("{port}", port) for part in launch.command],
                cwd=ROOT,
                env={**os.environ, **own},
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
            )
        except OSError as error:
            self._log.close()
            raise ServiceError(f"{launch.title} cannot be started: {error}") from error
        try:
            self._wait(sample)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.ready_seconds = time.perf_counter() - started

    def cpu_seconds(self) -> float:
        """Of all its processes since they started."""
        return processes.cpu_seconds(self._process.pid)

    def resident_mb(self) -> list[float]:
        """Of each of its processes."""
        return processes.resident_mb(self._process.pid)

    def proportional_mb(self) -> float:
        """Of all its processes, what they share counted once."""
        return processes.proportional_mb(self._process.pid)

    def ask(self, body: bytes, content_type: str = "image/jpeg") -> tuple[int, bytes]:
        """Status and body of one POST."""
        return self._request("POST", self.launch.path, body, content_type)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        members = processes.family(self._process.pid)
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOPPING)
        self._signal(signal.SIGKILL)  # what is left of its session
        self._process.wait()
        processes.bury(members)
        processes.adopt_orphans(False)
        self._log.close()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _wait(self, sample: bytes) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise ServiceError(f"{self.launch.title} ended by itself:\n{self._last_words()}")
            with suppress(OSError, http.client.HTTPException):
                if self._is_ready(sample):
                    return
            time.sleep(0.02)
        raise ServiceError(
            f"{self.launch.title} was not ready after {_PATIENCE:.0f} s:\n{self._last_words()}"
        )

    def _is_ready(self, sample: bytes) -> bool:
        if self.launch.ready:
            return self._request("GET", self.launch.ready)[0] == http.client.OK
        return self.ask(sample)[0] == http.client.OK

    def _request(
        self, method: str, path: str, body: bytes | None = None, content_type: str = ""
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(HOST, self.address.port, timeout=30)
        try:
            headers = {"Content-Type": content_type} if content_type else {}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _last_words(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-3000:].strip() or "it said nothing"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
