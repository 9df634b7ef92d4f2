"""CPUs from affinity and cgroup files in a temporary folder, and who gets them first."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.batching.batcher import Batcher
from app.threads import cpu_count, give_way

PLENTY = 8


@pytest.fixture(autouse=True)
def _affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(PLENTY)), raising=False)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


@pytest.mark.parametrize(
    ("cpu_max", "expected"),
    [
        ("max 100000\n", PLENTY),
        ("200000 100000\n", 2),
        ("150000 100000\n", 1),
        ("50000 100000\n", 1),
        ("9900000 100000\n", PLENTY),
        ("nonsense\n", PLENTY),
        ("1 0\n", PLENTY),
    ],
)
def test_version_2_quota(tmp_path: Path, cpu_max: str, expected: int) -> None:
    write(tmp_path / "self", "0::/\n")
    write(tmp_path / "cpu.max", cpu_max)
    assert cpu_count(tmp_path, tmp_path / "self") == expected


def test_the_tightest_ancestor_counts(tmp_path: Path) -> None:
    write(tmp_path / "self", "0::/pod/container\n")
    write(tmp_path / "pod" / "cpu.max", "300000 100000")
    write(tmp_path / "pod" / "container" / "cpu.max", "max 100000")
    assert cpu_count(tmp_path, tmp_path / "self") == 3


@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
@pytest.mark.parametrize(("quota", "expected"), [(-1, PLENTY), (400_000, 4)])
def test_version_1_quota(tmp_path: Path, mount: str, quota: int, expected: int) -> None:
    write(tmp_path / "self", "5:memory:/a\n4:cpu,cpuacct:/a\n")
    write(tmp_path / mount / "a" / "cpu.cfs_quota_us", str(quota))
    write(tmp_path / mount / "a" / "cpu.cfs_period_us", "100000")
    assert cpu_count(tmp_path, tmp_path / "self") == expected


def test_affinity_alone_without_cgroups(tmp_path: Path) -> None:
    assert cpu_count(tmp_path, tmp_path / "missing") == PLENTY


def _own_priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


linux = pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")


def _in_new_thread(work: Callable[[], int]) -> int:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


@linux
def test_a_thread_that_gives_way_does_so_alone_and_relative_to_the_service() -> None:
    def twice() -> int:
        give_way()
        first = _own_priority()
        give_way()
        return 100 * first + _own_priority()

    before = _own_priority()
    once, again = divmod(_in_new_thread(twice), 100)
    assert (once, again) == (min(before + 2, 19), min(before + 4, 19))
    assert _own_priority() == before


@linux
async def test_models_run_behind_the_event_loop() -> None:
    def run(items: list[str]) -> list[int]:
        return [_own_priority() for _ in items]

    async with Batcher[str, int](run, max_batch=1) as batcher:
        assert await batcher.submit("anything") == min(_own_priority() + 2, 19)
