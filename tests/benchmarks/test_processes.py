"""Processor time and memory of a process and its children, beside what they say themselves."""

import os
import subprocess
import sys

import pytest

from benchmarks import processes
from benchmarks.machine import LoadWatch, this_machine

BURN = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]]) if len(sys.argv) > 1 else None
held = bytearray(60_000_000)
until = time.process_time() + 0.5
while time.process_time() < until:
    pass
if child:
    child.wait()
print("done", flush=True)
sys.stdin.read()
"""
CHILD = "import time\nuntil = time.process_time() + 0.5\nwhile time.process_time() < until: pass"


@pytest.mark.parametrize(("arguments", "seconds"), [([], 0.5), ([CHILD], 1.0)])
def test_time_of_buried_children_counts(arguments: list[str], seconds: float) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BURN, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "done\n"
        used = processes.cpu_seconds(process.pid)
        resident, together = (
            processes.resident_mb(process.pid),
            processes.proportional_mb(process.pid),
        )
        process.stdin.close()
    # What the interpreters take to start comes on top.
    assert seconds <= used < seconds + 1.0
    assert 60 < sum(resident) < 120
    assert 60 < together <= sum(resident)


def test_a_process_that_has_ended_takes_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert processes.cpu_seconds(process.pid) == 0
    assert processes.resident_mb(process.pid) == []


def test_the_family_holds_the_child() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in processes.family(os.getpid())
        assert child.stdin is not None
        child.stdin.write(b"\n")


def test_own_work_is_not_that_of_others() -> None:
    watch = LoadWatch()
    total = 0
    while processes.cpu_seconds(os.getpid()) - watch._own < 0.2:
        total += 1
    load = watch.stop()
    busy = processes.machine_busy_seconds() - watch._busy
    assert total > 0
    assert load.others * load.seconds <= busy - 0.15


def test_the_machine_in_words() -> None:
    machine = this_machine(["numpy", "no-such-package"])
    assert machine.processors >= 1
    assert set(machine.versions) == {"Python", "numpy"}


ORPHANS = """
import os, subprocess, sys
from benchmarks import processes
if sys.argv[2] == "adopt":
    processes.adopt_orphans()
parent = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', sys.argv[1]]).pid)"
made = subprocess.run([sys.executable, "-c", parent, sys.argv[1]], capture_output=True, text=True)
orphan = int(made.stdout)
while os.path.exists(f"/proc/{orphan}") and processes._stat(orphan)[0] != "Z":
    pass
processes.bury([orphan])
print(processes._ticks(os.getpid()) / os.sysconf("SC_CLK_TCK") - os.times()[0] - os.times()[1])
"""


@pytest.mark.parametrize(("how", "counts"), [("adopt", True), ("leave", False)])
def test_time_of_adopted_orphans_counts(how: str, counts: bool) -> None:
    told = subprocess.run(
        [sys.executable, "-c", ORPHANS, CHILD, how], capture_output=True, text=True, check=True
    )
    # Starting two interpreters is in both.
    assert (float(told.stdout) > 0.45) == counts
