"""python -m app tune: what this machine does with these models, and the settings that follow."""

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import cv2
import numpy as np
from numpy.typing import NDArray

from app.accuracy_gate import golden_pictures
from app.commands.tune_workers import joined, workers_row
from app.errors import StartUpError
from app.face.card import CardError
from app.open_models import OpenModels
from app.settings import Settings
from app.threads import cpu_count
from app.tuning import report
from app.tuning.choice import WorkersRow, best_batch, best_workers, finalists
from app.tuning.sessions import session_rows
from app.tuning.variants import (
    Refused,
    Variant,
    candidates,
    open_variant,
    thread_counts,
    with_variant,
)

SHARE_OF_SESSIONS = 0.5
REPEATS = 2
BUSY = 0.9


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """arguments: seconds of measuring in all; write, a file or None."""
    try:
        with _open(arguments.write) as file:  # tells now, not after minutes, that it cannot
            text = _tune(settings, arguments.seconds)
            if file is not None:
                file.seek(0)
                file.truncate()
                file.write(text)
                print(f"\nWritten to {arguments.write}.")
    except (CardError, StartUpError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    return 0


def _open(path: str | None) -> AbstractContextManager[TextIO | None]:
    """The file, with what it holds until something else is written. StartUpError: it cannot be."""
    if path is None:
        return nullcontext()
    try:
        return Path(path).open("a+", encoding="utf-8")
    except OSError as error:
        raise StartUpError(f"{error}. Give --write a file that can be written.") from error


def _tune(settings: Settings, seconds: float) -> str:
    """Print what is measured; the best settings as the text of an environment file."""
    picture = golden_pictures(settings.models_dir)[0]
    share = _share_of_a_cpu(picture)
    opened, refused = _open_all(settings)
    _say(f"measuring {len(opened)} ways to run the models ...")
    largest = settings.inference.max_batch
    rows = session_rows(opened, picture, largest, seconds * SHARE_OF_SESSIONS)
    print(f"{report.SESSIONS}\n\n{report.sessions_table(rows)}\n{report.refusals(refused)}\n")
    opened.clear()  # the workers load their own, on the same accelerators
    data, rest = _jpeg(picture), seconds * (1 - SHARE_OF_SESSIONS)
    found, refused = _workers(settings, finalists(rows), data, rest)
    print(f"{report.WORKERS}\n\n{report.workers_table(found)}\n{report.refusals(refused)}\n")
    best = best_workers(found)
    batch = best_batch(rows, replace(best.variant, threads=1))
    if share < BUSY:
        print(
            f"This machine is busy: a thread of this program got {share:.0%} of a CPU. What is "
            "timed by the clock (images/s, and all with several threads) is too slow by what "
            "others used, and may be ranked wrongly: run this again when the machine is quiet.\n"
        )
    text = report.environment(best, batch)
    alone = "" if batch else " No batch size clearly gains, so MIEN_INFERENCE__MAX_BATCH stays."
    print(f"The best of these, and the simpler one where two are within noise.{alone}\n")
    print(text, end="")
    if best.variant.precision != "fp32":
        print(f"\n{report.PRECISION}")
    return text


def _open_all(settings: Settings) -> tuple[list[tuple[Variant, OpenModels]], list[Refused]]:
    opened, refused = [], []
    for candidate in candidates(settings):
        for threads in thread_counts() if candidate.on_cpu else [1]:
            variant = Variant(candidate.device, candidate.precision, threads)
            _say(f"opening the models: {variant}, threads={threads} ...")
            loaded = open_variant(settings, variant)
            if isinstance(loaded, Refused):
                refused.append(loaded)
                break
            opened.append((variant, loaded))
    if not opened:
        raise StartUpError(report.refusals(refused))
    return opened, refused


def _workers(
    settings: Settings, variants: Sequence[Variant], data: bytes, seconds: float
) -> tuple[list[WorkersRow], list[Refused]]:
    """On the CPU every split of the CPUs into workers and threads, on an accelerator one worker;
    each measured twice, one after the other. An accelerator that cannot do it is refused.
    """
    cpus = cpu_count()
    ways = [
        (replace(variant, threads=threads), max(1, cpus // threads) if variant.on_cpu else 1)
        for variant in variants
        for threads in (thread_counts() if variant.on_cpu else [1])
    ]
    measured: dict[tuple[Variant, int], list[WorkersRow]] = {way: [] for way in ways}
    refused: dict[Variant, Refused] = {}
    each = max(2.0, seconds / (REPEATS * len(ways)))
    for turn in range(REPEATS):
        for variant, workers in ways:
            if variant in refused:
                continue
            _say(
                f"measuring: {variant}, workers={workers}, threads={variant.threads}, "
                f"turn {turn + 1} of {REPEATS} ..."
            )
            own = with_variant(settings, variant, decode_threads=max(1, cpus // workers))
            try:
                measured[variant, workers].append(workers_row(own, variant, workers, data, each))
            except StartUpError as error:
                if variant.on_cpu:
                    raise
                refused[variant] = Refused(variant, str(error))
    rows = [joined(rows) for (variant, _), rows in measured.items() if variant not in refused]
    return rows, list(refused.values())


def _share_of_a_cpu(picture: NDArray[np.uint8]) -> float:
    """What one busy thread of this process gets of a CPU, 0..1; others' work lowers it."""
    wall, cpu = time.perf_counter(), time.thread_time()
    while time.perf_counter() < wall + 1.0:
        np.sort(picture, axis=None)
    return (time.thread_time() - cpu) / (time.perf_counter() - wall)


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    """The golden image as cameras send it."""
    done, data = cv2.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]))
    if not done:
        raise StartUpError("The golden image cannot be written as JPEG by this OpenCV.")
    return bytes(data)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
