"""What a process and all its children have used, from /proc: Linux alone."""

import ctypes
import os
import time
from collections.abc import Iterable
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_TICK = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> set[int]:
    """The process and its descendants that are there now."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, new = set[int](), {pid}
    while new:
        found |= new
        new = {child for one in new for child in children.get(one, [])} - found
    return found


def adopt_orphans(adopts: bool = True) -> None:
    """Whether descendants whose parent ends become children of this process: their processor time
    is lost to it otherwise, and would be taken for that of other programs. `bury` them.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(adopts), 0, 0, 0)


def bury(pids: Iterable[int], patience: float = 1.0) -> None:
    """Wait for those of these processes that are our children and have ended, or end soon."""
    until = time.monotonic() + patience
    left = set(pids)
    while left and time.monotonic() < until:
        for pid in list(left):
            try:
                ended, _ = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:  # somebody else's, or buried already
                ended = pid
            if ended:
                left.discard(pid)
        if left:
            time.sleep(0.005)


def cpu_seconds(pid: int) -> float:
    """Processor time of the process, its descendants, and those of them that it has buried.

    In steps of a hundredth of a second, so measure over seconds.
    """
    return sum(_ticks(one) for one in family(pid)) / _TICK


def _ticks(pid: int) -> int:
    # User, system, and both of children that were waited for.
    return sum(int(value) for value in _stat(pid)[11:15])


def _stat(pid: int) -> list[str]:
    """The fields behind the name, which may hold anything; none when the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


def resident_mb(pid: int) -> list[float]:
    """Resident memory of each process of the family, MB (10^6 bytes)."""
    sizes = (_kilobytes(one, "status", "VmRSS:") for one in family(pid))
    return [size * 1.024e-3 for size in sizes if size]


def proportional_mb(pid: int) -> float:
    """Memory of the whole family, MB; what processes share is counted once."""
    return sum(_kilobytes(one, "smaps_rollup", "Pss:") for one in family(pid)) * 1.024e-3


def _kilobytes(pid: int, file: str, field: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)


def machine_busy_seconds() -> float:
    """Processor time of everything on this machine since it started."""
    user, nice, system, _, _, irq, softirq = (
        int(value) for value in Path("/proc/stat").read_text().split()[1:8]
    )
    return (user + nice + system + irq + softirq) / _TICK
