"""The machine in words, and how much of it others used while something was measured."""

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from app.threads import cpu_count
from benchmarks import processes
from benchmarks.yardstick import measure

_PACKAGES = ("onnxruntime", "numpy", "opencv-python-headless", "simplejpeg", "uvicorn", "fastapi")
_QUIET, _CROWDED = 0.05, 0.3  # processors


@dataclass(frozen=True, slots=True)
class Machine:
    """processors: that this process may use. versions: of Python and of what computes."""

    processor: str
    processors: int
    memory_gb: float
    system: str
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class OtherLoad:
    """others: processors that other programs used on average. The load averages are Linux's.
    yardsticks: before and after, (arithmetic, memory) in ms; see benchmarks.yardstick.
    """

    seconds: float
    others: float
    load_before: float
    load_after: float
    yardsticks: Sequence[Sequence[float]] = field(default_factory=list)

    @property
    def quiet(self) -> bool:
        return self.others < _QUIET

    @property
    def sentence(self) -> str:
        used = f"other programs used {self.others:.2f} processors on average"
        if self.quiet:
            return f"The machine was quiet: {used}.{self._speed}"
        what = (
            "Times are too long by what that took; ratios within a round hold better"
            if self.others < _CROWDED
            else "Times, rates and their ratios say little; the processor's times (CPU-ms) hold"
        )
        return (
            f"**The machine was busy**: {used} (load average {self.load_before:.1f} before, "
            f"{self.load_after:.1f} after). {what}.{self._speed}"
        )

    @property
    def _speed(self) -> str:
        """How fast the machine was, whoever slowed it."""
        if not self.yardsticks:
            return ""
        before, after = (" and ".join(f"{ms:.1f}" for ms in both) for both in self.yardsticks)
        return f" Yardsticks: {before} ms before, {after} after."


def this_machine(packages: Sequence[str] = _PACKAGES) -> Machine:
    """Read from the system; what it does not tell is called unknown."""
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    versions = {"Python": platform.python_version()}
    for name in packages:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return Machine(
        _processor(),
        cpu_count(),
        round(pages * page / 1e9, 1),
        f"{platform.system()} {platform.release().partition('-')[0]} {platform.machine()}",
        versions,
    )


class LoadWatch:
    """Started when it is made; `stop` tells what others did since."""

    def __init__(self) -> None:
        self._before = measure()
        self._started = time.monotonic()
        self._busy = processes.machine_busy_seconds()
        self._own = processes.cpu_seconds(os.getpid())
        self._load = os.getloadavg()[0]

    def stop(self) -> OtherLoad:
        seconds = time.monotonic() - self._started
        busy = processes.machine_busy_seconds() - self._busy
        own = processes.cpu_seconds(os.getpid()) - self._own
        others = max(0.0, busy - own) / max(seconds, 1e-9)
        load = os.getloadavg()[0]
        return OtherLoad(seconds, others, self._load, load, [self._before, measure()])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    return ", ".join(sorted(names)) or platform.processor() or "unknown"
