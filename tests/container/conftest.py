"""The image, built as a user builds it, and a page of numbers in the end.

CONTAINER names the command: docker, podman, or docker/container where there is neither.
"""

import os
import shlex
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.container.engine import ROOT, Container, Engine

IMAGE = "mien:test"
MEASURED = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MEASURED] = {}


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    terminalreporter.section("measured")
    for name, value in config.stash[MEASURED].items():
        terminalreporter.write_line(f"{name:32} {value}")


@pytest.fixture(scope="session")
def measured(request: pytest.FixtureRequest) -> dict[str, str]:
    """What is shown in the end."""
    return request.config.stash[MEASURED]


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine(tuple(shlex.split(os.environ["CONTAINER"])))


@pytest.fixture(scope="session")
def revision() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="session")
def image(engine: Engine, revision: str, measured: dict[str, str]) -> Iterator[str]:
    """Built from the unchanged Dockerfile, and removed in the end."""
    started = time.monotonic()
    engine("build", "-t", IMAGE, f"--build-arg=REVISION={revision}", ".")
    measured["build, seconds"] = f"{time.monotonic() - started:.0f}"
    yield IMAGE
    engine.attempt("rmi", IMAGE)


@pytest.fixture(scope="session")
def service(engine: Engine, image: str, measured: dict[str, str]) -> Iterator[Container]:
    """A healthy container: read-only, not root, without privileges, with limits."""
    with engine.running(image) as container:
        measured["start to healthy, seconds"] = f"{container.wait_until_healthy():.1f}"
        yield container
