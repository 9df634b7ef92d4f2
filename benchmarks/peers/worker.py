"""One detector in a process: `python -m benchmarks.peers.worker NAME` (started by the client).

It greets with a line of JSON, then answers each line of JSON on its standard input with one. A
request names files: {"images": npz, "curve": bool, "answers": npz} to detect, {"image": npy,
"runs": N} to be timed.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.blazeface import BlazeFace
from benchmarks.peers.dlib_hog import DlibHog
from benchmarks.peers.haar import HaarCascade
from benchmarks.peers.peer import Peer

PEERS: Mapping[str, Callable[[], Peer]] = {
    "blazeface-full": lambda: BlazeFace(full_range=True),
    "blazeface-short": lambda: BlazeFace(full_range=False),
    "dlib-hog": DlibHog,
    "opencv-haar": HaarCascade,
}


def open_peer(name: str) -> Peer:
    """A peer by its name; any other name is a folder with a model of mien's."""
    if name in PEERS:
        return PEERS[name]()
    # Only here: the peers' environment has none of mien's dependencies.
    ours: Peer = import_module("benchmarks.peers.ours").OurDetector(Path(name))
    return ours


def answer(peer: Peer, request: Mapping[str, Any]) -> dict[str, Any]:
    """Carries out one request."""
    if "runs" in request:
        return {"milliseconds": _time(peer, Path(request["image"]), request["runs"])}
    with np.load(request["images"]) as images:
        found = [peer.detect(images[name], curve=request["curve"]) for name in images.files]
    np.savez(
        request["answers"],
        boxes=np.concatenate([np.empty((0, 4)), *(one.boxes for one in found)]),
        scores=np.concatenate([np.empty(0), *(one.scores for one in found)]),
        counts=np.array([len(one.scores) for one in found], np.int64),
    )
    return {}


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        # One core, whatever threads a package starts; before it starts any.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    # Packages print what they like; answers have a channel of their own.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    peer = open_peer(sys.argv[1])
    print(json.dumps(asdict(peer.about)), file=answers)
    for line in sys.stdin:
        print(json.dumps(answer(peer, json.loads(line))), file=answers)


def _time(peer: Peer, file: Path, runs: int) -> list[float]:
    image = np.load(file)
    peer.detect(image)  # the other detectors ran since, and emptied the caches
    milliseconds = []
    for _ in range(runs):
        started = time.perf_counter()
        peer.detect(image)
        milliseconds.append((time.perf_counter() - started) * 1000)
    return milliseconds


if __name__ == "__main__":
    main()
