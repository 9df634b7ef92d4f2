"""`python -m app serve` with two workers and tiny models, as an operator starts it."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.service.serving import DEFAULT, NO_FACE, ONE_FACE, PATIENCE, faces, raw, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and workers fork")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Together:
    """The running program."""

    process: subprocess.Popen[str]
    log: Path

    def lines(self, message: str = "") -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if line["message"].startswith(message)]

    @property
    def url(self) -> str:
        until(lambda: self.process.poll() is not None or self.lines("listening"))
        (line,) = self.lines("listening")
        (url,) = line["at"]
        return str(url)

    @property
    def workers(self) -> list[int]:
        pid = self.process.pid
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=PATIENCE)


@contextmanager
def serving(folder: Path, models_dir: Path, **settings: str) -> Iterator[Together]:
    environment = {
        **os.environ,
        "MIEN_MODELS_DIR": str(models_dir),
        "MIEN_WORKERS": "2",
        "MIEN_SERVER__HOST": "127.0.0.1",
        "MIEN_SERVER__PORT": "0",
        **settings,
    }
    log = folder / "log"
    command = [sys.executable, "-W", "error", "-m", "app", "serve"]
    with (
        log.open("w") as sink,
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=sink, text=True) as process,
    ):
        try:
            yield Together(process, log)
        finally:
            process.kill()  # its workers end when it does


@pytest.fixture(scope="module")
def service(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    with serving(tmp_path_factory.mktemp("together"), golden) as running:
        with running.client() as client:
            until(lambda: client.get("/readyz").status_code == 200)
        yield running


def total(client: httpx.Client, name: str, **labels: str) -> float:
    """The sum of the samples of that name with these labels."""
    text = client.get("/metrics").text
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    fitting = [one for one in samples if one.name == name and labels.items() <= one.labels.items()]
    return sum(one.value for one in fitting)


def analyses(client: httpx.Client) -> float:
    return total(client, "mien_requests_total", route="/analyze", status="200")


def test_ready_means_both_and_is_said_once(service: Together) -> None:
    assert len(service.workers) == 2
    (line,) = service.lines("ready")
    assert line["workers"] == 2
    assert set(line["models"]) == {DEFAULT, "detector"}
    with service.client() as client:
        assert total(client, "mien_workers", state="ready") == 2
        assert client.get("/v2/health/ready").status_code == 200
        assert faces(raw(client, "/analyze", ONE_FACE))


def test_one_view_whichever_answers(service: Together) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(service.client()) for _ in range(4)]
        before = analyses(clients[0])
        for client in clients:
            for _ in range(3):
                raw(client, "/analyze", NO_FACE).raise_for_status()
        # A worker counts an answer when it is out: another may be asked a moment before.
        until(lambda: analyses(clients[0]) >= before + 12)
        assert [analyses(client) for client in clients] == [before + 12] * 4


def test_a_worker_that_dies_takes_nothing_with_it(service: Together) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(service.client()) for _ in range(2)]
        for client in clients:
            raw(client, "/analyze", ONE_FACE).raise_for_status()
        counted = analyses(clients[0])
        victim = service.workers[1]
        os.kill(victim, signal.SIGKILL)

        def back() -> bool:
            nonlocal counted
            with service.client() as fresh:  # only workers that are ready get new connections
                assert fresh.get("/readyz").status_code == 200
                raw(fresh, "/analyze", NO_FACE).raise_for_status()
                counted += 1
                # An answer is counted once it is out, which its reader may know a little sooner.
                until(lambda: analyses(fresh) == counted)
                return total(fresh, "mien_workers", state="ready") == 2

        until(lambda: victim not in service.workers)
        until(back)
        with service.client() as fresh:
            assert total(fresh, "mien_workers_replaced_total") == 1
    until(lambda: service.lines("a worker is ready again"))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_end_under_load_loses_no_answer(golden: Path, tmp_path: Path, workers: str) -> None:
    statuses: list[int] = []
    failures: list[Exception] = []

    def caller(url: str) -> None:
        with httpx.Client(base_url=url, timeout=PATIENCE) as client:
            while True:
                try:
                    response = raw(client, "/analyze", ONE_FACE)
                except httpx.ConnectError:
                    return  # nobody is let in any more
                except httpx.HTTPError as error:
                    failures.append(error)
                    return
                statuses.append(response.status_code)

    with serving(tmp_path, golden, MIEN_WORKERS=workers) as running:
        url = running.url
        with running.client() as client:
            until(lambda: client.get("/readyz").status_code == 200)
        threads = [threading.Thread(target=caller, args=(url,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        until(lambda: len(statuses) > 30)
        running.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(PATIENCE)
        assert running.process.wait(PATIENCE) == 0
        assert failures == []
        assert set(statuses) == {200}
        assert [line for line in running.lines() if line["level"] in ("error", "critical")] == []


def test_models_that_cannot_be_served_are_reported_once(golden: Path, tmp_path: Path) -> None:
    with serving(tmp_path, golden, MIEN_DETECTOR="nothing-here") as running:
        with running.client() as client:
            until(lambda: "nothing-here" in client.get("/readyz").text)
            assert client.get("/livez").status_code == 200
            until(lambda: total(client, "mien_workers", state="unready") == 2)
            assert total(client, "mien_ready") == 0
        assert len(running.lines("not ready")) == 1
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(PATIENCE) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_start_that_cannot_succeed(golden: Path, tmp_path: Path, workers: str) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    with serving(tmp_path, golden, MIEN_WORKERS=workers, MIEN_INFERENCE__DEVICE="cuda") as refusing:
        assert refusing.process.wait(PATIENCE) == 3
        (line,) = [line for line in refusing.lines() if "device=cuda" in line["message"]]
        assert line["level"] == "critical"


def test_a_port_that_is_taken(golden: Path, tmp_path: Path, service: Together) -> None:
    port = service.url.rpartition(":")[2]
    with serving(tmp_path, golden, MIEN_SERVER__PORT=port) as refused:
        assert refused.process.wait(PATIENCE) == 3
        (line,) = refused.lines()
        assert "MIEN_SERVER__PORT" in line["message"]
        assert line["level"] == "critical"
