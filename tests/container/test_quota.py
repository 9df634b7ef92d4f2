"""Workers and threads follow the CPUs that the container is granted, not those of the machine."""

import os

import pytest

from tests.container.engine import Engine

_THREADS = """
import json, pathlib
status = pathlib.Path("/proc/1/status").read_text()
print(json.dumps([int(line.split()[1]) for line in status.splitlines()
                  if line.startswith("Threads:")]))
"""

pytestmark = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one CPU: no quota is tighter")


@pytest.mark.parametrize(("cpus", "workers"), [("0.5", 1), ("1.5", 1), ("2", 2)])
def test_as_many_workers_as_whole_cpus(engine: Engine, image: str, cpus: str, workers: int) -> None:
    with engine.running(image, cpus=cpus) as container:
        container.wait_until_healthy()
        (line,) = container.lines("ready")
        assert line["workers"] == workers


def test_threads_of_one_worker(engine: Engine, image: str, measured: dict[str, str]) -> None:
    """Each of the two models has a thread per CPU, one of which is the batcher's; so has decoding,
    whose threads start when they are needed.
    """
    found = {}
    for cpus in (1, 2):
        with engine.running(image, "--env=MIEN_WORKERS=1", cpus=str(cpus)) as container:
            container.wait_until_healthy()
            (found[cpus],) = container.python(_THREADS)
    measured["threads, 1 CPU and 2"] = f"{found[1]} and {found[2]}"
    assert found[2] - found[1] >= 2
