"""No file takes the process down: each gives an image or a refusal, in a process of its own.

MIEN_HOSTILE_FILES=100000 decodes so many of each random kind, with a seed of its own each time.
"""

import os
import random
import subprocess
import sys
from pathlib import Path

from tests.hostile_files import spoilt_at_random

ROOT = Path(__file__).parents[2]
MANY = int(os.environ.get("MIEN_HOSTILE_FILES", "0"))
MOST_MEMORY = 250  # MiB; the libraries alone are 70, the largest picture is 3


def decoded_elsewhere(*arguments: object) -> list[str]:
    """The lines of `tests.hostile_files`; fails with its last words."""
    command = [sys.executable, "-W", "error", "-m", "tests.hostile_files", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, (done.returncode, lines[-3:], done.stderr[-2000:])
    if "hypothesis" not in arguments:  # which remembers every file it made
        assert int(lines[-1].removesuffix(" MiB")) < MOST_MEMORY
    return lines


def test_files_that_lie() -> None:
    lines = decoded_elsewhere("handmade")
    images, total = (int(word) for word in lines[-2].split() if word.isdecimal())
    assert total > 500
    assert images > 50, "most good files and some spoilt ones are images"


def test_files_spoilt_at_random() -> None:
    seed = random.randrange(2**32) if MANY else 20261120
    lines = decoded_elsewhere("random", MANY or 2000, seed)
    assert len(lines) == (MANY or 2000) + 2


def test_files_spoilt_by_hypothesis() -> None:
    assert len(decoded_elsewhere("hypothesis", MANY or 300)) > (MANY or 300) / 2


def test_a_seed_gives_the_same_files_each_time() -> None:
    first, second, other = (list(spoilt_at_random(seed, 60)) for seed in (7, 7, 8))
    assert first == second
    assert first != other
