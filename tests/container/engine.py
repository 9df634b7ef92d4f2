"""Containers, by the command that the tests are given: docker, podman, or docker/container."""

import json
import os
import shlex
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds; nothing here takes that long, a hang must not either
# What docker-compose.yml asks for, and a limit of memory.
LOCKED = (
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--pids-limit=1024",
    "--memory=1g",
)


def until(condition: Callable[[], Any]) -> Any:
    """Wait for a condition that must come true soon; what it then is."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return value


@dataclass(frozen=True)
class Engine:
    """The command. Called with a verb and its arguments it gives what the command prints."""

    command: tuple[str, ...]

    def __call__(self, *arguments: str) -> str:
        done = self.attempt(*arguments)
        assert done.returncode == 0, f"{shlex.join(done.args)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def attempt(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*self.command, *arguments],
            cwd=ROOT,
            env=os.environ | {"BUILDAH_FORMAT": "docker"},  # else podman forgets health checks
            capture_output=True,
            text=True,
            check=False,
        )

    def inspect(self, name: str) -> dict[str, Any]:
        """What the engine knows of an image or a container."""
        (found,) = json.loads(self("inspect", name))
        return dict(found)

    @cached_property
    def locked(self) -> tuple[str, ...]:
        """Options of `run`: as little as the service may need."""
        # Docker's --read-only leaves nothing writable; podman's does only when told so.
        podman = "podman" in self("--version")
        return (*LOCKED, "--read-only-tmpfs=false") if podman else LOCKED

    @contextmanager
    def running(self, image: str, *options: str, cpus: str = "2") -> "Iterator[Container]":
        """A container of the image, removed in the end. options: further ones of `run`."""
        name, port = f"mien-test-{uuid.uuid4().hex[:12]}", _free_port()
        reached = (f"--env=MIEN_SERVER__PORT={port}", f"--publish=127.0.0.1:{port}:{port}")
        # A machine with fewer CPUs grants no more than it has.
        limited = f"--cpus={min(float(cpus), os.cpu_count() or 1):g}"
        self("run", "-d", f"--name={name}", *reached, limited, *self.locked, *options, image)
        started = time.monotonic()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
                yield Container(self, name, port, client, started)
        finally:
            self.attempt("rm", "-f", name)


@dataclass(frozen=True)
class Container:
    """A running container of the service. started: by the monotonic clock."""

    engine: Engine
    name: str
    port: int
    client: httpx.Client
    started: float = field(compare=False)

    @cached_property
    def health_check(self) -> list[str]:
        """The command by which an engine asks whether the service is healthy."""
        kind, *command = self.engine.inspect(self.name)["Config"]["Healthcheck"]["Test"]
        assert kind == "CMD"
        return [str(part) for part in command]

    def healthy(self) -> bool:
        """By the image's own health check. It is run here, since not every engine has a timer."""
        return self.engine.attempt("exec", self.name, *self.health_check).returncode == 0

    def wait_until_healthy(self) -> float:
        """Seconds since the start."""

        def healthy() -> bool:
            assert self.running, self.log
            return self.healthy()

        until(healthy)
        return time.monotonic() - self.started

    def python(self, code: str) -> Any:
        """Run a program inside, as the service's user; what it prints as JSON."""
        return json.loads(self.engine("exec", self.name, "python", "-c", code))

    @property
    def running(self) -> bool:
        return bool(self.engine.inspect(self.name)["State"]["Running"])

    @property
    def log(self) -> str:
        done = self.engine.attempt("logs", self.name)
        return done.stdout + done.stderr

    def lines(self, message: str) -> list[dict[str, Any]]:
        """Lines of the service's log whose message begins so."""
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith('{"time"')]
        return [line for line in lines if line["message"].startswith(message)]

    def exit_status(self) -> int:
        """After it has ended by itself."""
        until(lambda: not self.running)
        return int(self.engine.inspect(self.name)["State"]["ExitCode"])


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
