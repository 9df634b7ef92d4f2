"""How many CPUs this process may really use (its affinity, its cgroup's quota), and who gets them
first.

onnxruntime sees neither; sized after the host's core count its threads get in each other's way in
a container (`os.cpu_count()` on a 64-core host, quota 2: 64 threads on 2 cores).
"""

import math
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

CGROUP_ROOT = Path("/sys/fs/cgroup")
PROCESS_CGROUP = Path("/proc/self/cgroup")
_STEP_BACK = 2  # of 19: a thread then weighs two thirds of one that does not give way


def cpu_count(root: Path = CGROUP_ROOT, process_cgroup: Path = PROCESS_CGROUP) -> int:
    """CPUs that this process may use, at least 1.

    The quota is rounded down: with 1.5 CPUs two threads would be throttled half of the time.
    """
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    return max(1, math.floor(min(allowed, _quota(root, process_cgroup))))


def _quota(root: Path, process_cgroup: Path) -> float:
    """CPUs granted by the tightest cgroup above this process; infinity without a limit.

    With a cgroup namespace (the usual container) the process sits at the root; without one the
    quota may stand at any of its ancestors.
    """
    quota = math.inf
    for controllers, path in _memberships(process_cgroup):
        version_2 = not controllers
        if not version_2 and "cpu" not in controllers:
            continue
        mounts = [root] if version_2 else [root / "cpu", root / ",".join(controllers)]
        parts = [part for part in path.split("/") if part not in ("", "..")]
        for mount in mounts:
            for depth in range(len(parts) + 1):
                folder = mount.joinpath(*parts[:depth])
                quota = min(quota, _quota_2(folder) if version_2 else _quota_1(folder))
    return quota


def _memberships(process_cgroup: Path) -> list[tuple[list[str], str]]:
    """(controllers, path) per line of /proc/self/cgroup; no controllers means version 2."""
    try:
        lines = process_cgroup.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
    fields = [line.split(":", 2) for line in lines if line.count(":") >= 2]
    return [([name for name in names.split(",") if name], path) for _, names, path in fields]


def _quota_2(folder: Path) -> float:
    """cpu.max: `max 100000` or `150000 100000` (microseconds of each period)."""
    try:
        quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        return math.inf if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf


def _quota_1(folder: Path) -> float:
    """cpu.cfs_quota_us (-1: none) over cpu.cfs_period_us."""
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text(encoding="ascii"))
        period = int((folder / "cpu.cfs_period_us").read_text(encoding="ascii"))
        return quota / period if quota > 0 else math.inf
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf


def give_way() -> None:
    """Let the event loop run before this thread where both want the same CPU.

    At twice the capacity the slowest hundredth of the refusals then took 13 ms instead of 18, and
    as many requests were answered as before (two rounds in turns, by hand). Does nothing where
    priorities are not those of threads (they are on Linux), or where a sandbox forbids to lower
    them.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            now = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, min(now + _STEP_BACK, 19))
