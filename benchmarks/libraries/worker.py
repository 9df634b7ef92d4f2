"""One library in a process, on one processor: `python -m benchmarks.libraries.worker NAME`.

Speaks as `benchmarks.peers.worker` does. A request: {"jpeg": file, "runs": N}.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.libraries.dlib_boxes import DlibBoxes
from benchmarks.libraries.face_mesh import FaceMesh
from benchmarks.libraries.library import Library

PEERS: Mapping[str, Callable[[], Library]] = {
    "mesh": partial(FaceMesh, attention=False, tracking=False),
    "mesh-attention": partial(FaceMesh, attention=True, tracking=False),
    "mesh-tracking": partial(FaceMesh, attention=False, tracking=True),
    "dlib": DlibBoxes,
}


def open_library(name: str) -> Library:
    """A peer by its name; any other name is the folder of mien's models."""
    if name in PEERS:
        return PEERS[name]()
    # Only here: the peers' environment has none of mien's dependencies.
    ours: Library = import_module("benchmarks.libraries.ours").Ours(Path(name))
    return ours


def answer(library: Library, request: Mapping[str, Any]) -> dict[str, Any]:
    """Carries out one request: milliseconds of each run, how many of them decoding took, the
    processor's milliseconds of one run with all threads, and the faces found.
    """
    jpeg, marks = Path(request["jpeg"]).read_bytes(), list[float]()

    def decoded() -> None:
        marks.append(time.perf_counter())

    # The other libraries ran since, and emptied the caches.
    found = library.faces(library(jpeg, decoded))
    marks.clear()
    whole, decoding, used = list[float](), list[float](), time.process_time()
    for _ in range(request["runs"]):
        started = time.perf_counter()
        library(jpeg, decoded)
        whole.append((time.perf_counter() - started) * 1000)
        decoding.append((marks[-1] - started) * 1000)
    cpu = (time.process_time() - used) * 1000 / len(whole)
    return {"milliseconds": whole, "decoding": decoding, "cpu": cpu, "faces": found}


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        # One processor, whatever threads a package starts; before it starts any.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    # Packages print what they like; answers have a channel of their own.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    library = open_library(sys.argv[1])
    print(json.dumps(asdict(library.about)), file=answers)
    for line in sys.stdin:
        print(json.dumps(answer(library, json.loads(line))), file=answers)


if __name__ == "__main__":
    main()
