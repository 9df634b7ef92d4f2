"""What the detector costs for several pictures at once: `python -m benchmarks.detection_batching`.

Eight pictures of mixed shapes go through it one by one, grouped by equal shape, and padded to
common shapes; then eight of one shape. A last line tells what a run costs besides its pixels, which
is the padding that pays (MIEN_INFERENCE__DETECTOR_PADDING). Only the network and the choice of its
boxes are timed; compare rows of one machine only.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from app.detection.detector import Detector, DetectorInput, DetectorSettings
from app.inference.model import Model

MIXED = (
    (640, 480),
    (1280, 720),
    (480, 640),
    (1000, 1000),
    (1920, 1080),
    (800, 600),
    (720, 1280),
    (1500, 1000),
)
SAME = ((640, 480),) * 8
# As (batch, height, width): few pixels and many, so that a line through them tells both costs.
_RUNS = ((1, 64, 64), (1, 256, 320), (4, 256, 320), (1, 320, 320), (8, 320, 320))


def prepared(
    detector: Detector, image: np.ndarray, sizes: Sequence[tuple[int, int]]
) -> list[DetectorInput]:
    return [detector.prepare(np.asarray(cv2.resize(image, size), np.uint8)) for size in sizes]


def milliseconds(ways: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Of each way; they take turns, so that a busy moment of the machine falls on all of them.

    The lower quartile: what slows one round down is somebody else.
    """
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for way, own in zip(ways, times, strict=True):
            started = time.perf_counter()
            way()
            own.append((time.perf_counter() - started) * 1000)
    return [float(np.quantile(own, 0.25)) for own in times]


def table(model: Model, image: np.ndarray, rounds: int, paddings: Sequence[int]) -> None:
    print("| pictures | way | runs | ms for all | ms each |")
    print("| --- | --- | --- | --- | --- |")
    for pictures, sizes in (("8 mixed", MIXED), ("8 of one shape", SAME)):
        detectors = [Detector(model, DetectorSettings(padding=padding)) for padding in paddings]
        inputs = prepared(detectors[0], image, sizes)
        names, runs = ["one by one"], [len(inputs)]
        ways: list[Callable[[], object]] = [partial(_one_by_one, detectors[0], inputs)]
        for padding, detector in zip(paddings, detectors, strict=True):
            names.append(f"padding up to {padding:,} pixels" if padding else "equal shapes")
            runs.append(len(detector.batches(inputs)))
            ways.append(partial(detector.run, inputs))
        for name, count, taken in zip(names, runs, milliseconds(ways, rounds), strict=True):
            each = taken / len(inputs)
            print(f"| {pictures} | {name} | {count} | {taken:.2f} | {each:.2f} |")


def cost_of_a_run(model: Model, rounds: int) -> tuple[float, float]:
    """(ms of a run, ns of a pixel): a line through the times of some runs, relative errors."""
    random = np.random.default_rng(0)
    feeds = [random.integers(0, 256, (*shape, 3), dtype=np.uint8) for shape in _RUNS]
    times = milliseconds([partial(model.run, feed) for feed in feeds], rounds)
    pixels = [float(np.prod(shape)) for shape in _RUNS]
    terms = np.stack([np.ones(len(pixels)), pixels], axis=1) / np.array(times)[:, None]
    run, pixel = np.linalg.lstsq(terms, np.ones(len(times)), rcond=None)[0].tolist()
    return run, pixel * 1e6


def _one_by_one(detector: Detector, inputs: Sequence[DetectorInput]) -> None:
    for one in inputs:
        detector.run([one])


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--padding", type=int, nargs="+", default=[0, 5_000, 20_000, 1_000_000])
    given = parser.parse_args(argv)
    model = Model.open(given.models / "detector", given.device, given.threads)
    path = given.models / "self-test" / "face.png"
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if image is None:
        print(f"{path} cannot be read", file=sys.stderr)
        return 1
    table(model, np.asarray(image, np.uint8), given.rounds, given.padding)
    run, pixel = cost_of_a_run(model, given.rounds)
    print(
        f"\n{model.provider}: a run costs {run:.2f} ms, a pixel {pixel:.1f} ns, so saving a run is "
        f"worth {max(run, 0.0) * 1e6 / pixel:,.0f} pixels of padding."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
