"""SIGTERM, as `docker stop` sends it, while requests come in."""

import http.client
import threading
from dataclasses import dataclass, field

import pytest

from tests.container.engine import PATIENCE, ROOT, Container, Engine, until

FACE = (ROOT / "models" / "self-test" / "face.png").read_bytes()
CALLERS = 12


@dataclass
class Caller:
    """One connection that is kept open: it asks again and again until it is told to close."""

    port: int
    statuses: list[int] = field(default_factory=list)
    told_to_close: bool = False
    failure: Exception | None = None

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            while not self.told_to_close:
                connection.request("POST", "/analyze", FACE, {"Content-Type": "image/png"})
                response = connection.getresponse()
                response.read()
                self.statuses.append(response.status)
                self.told_to_close = response.getheader("Connection") == "close"
        except (OSError, http.client.HTTPException) as error:
            self.failure = error
        finally:
            connection.close()


def under_load(container: Container) -> tuple[list[Caller], list[threading.Thread]]:
    callers = [Caller(container.port) for _ in range(CALLERS)]
    threads = [threading.Thread(target=caller.run) for caller in callers]
    for thread in threads:
        thread.start()
    until(lambda: all(len(caller.statuses) >= 3 for caller in callers))
    return callers, threads


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_end_under_load_loses_no_request(
    engine: Engine, image: str, workers: str, measured: dict[str, str]
) -> None:
    with engine.running(image, f"--env=MIEN_WORKERS={workers}") as container:
        container.wait_until_healthy()
        callers, threads = under_load(container)
        engine("kill", "--signal=TERM", container.name)
        for thread in threads:
            thread.join(PATIENCE)
        assert [caller.failure for caller in callers if caller.failure] == []
        assert all(caller.told_to_close for caller in callers)
        answered = [status for caller in callers for status in caller.statuses]
        assert set(answered) == {200}
        assert container.exit_status() == 0
        seen = [line for line in container.lines("request") if line["path"] == "/analyze"]
        assert [line["status"] for line in seen] == answered
        measured[f"SIGTERM, {workers} workers"] = f"{len(answered)} requests, 0 lost"
