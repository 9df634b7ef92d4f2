"""Dockerfiles as a list of instructions."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVING = ("Dockerfile", "docker/gpu.Dockerfile")
ALL = (*SERVING, "docker/training.Dockerfile")


def instructions(name: str) -> list[str]:
    """Without comments, each on one line."""
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", "")
    return [re.sub(r" {2,}", " ", line) for line in joined.splitlines()]


def of_kind(name: str, kind: str) -> list[str]:
    """What follows the word, of each instruction that begins with it."""
    return [
        one.removeprefix(f"{kind} ") for one in instructions(name) if one.startswith(f"{kind} ")
    ]


def health_check(name: str) -> list[str]:
    (one,) = of_kind(name, "HEALTHCHECK")
    command = json.loads(one.partition(" CMD ")[2])
    return [str(part) for part in command]
