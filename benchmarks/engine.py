"""Faces a second of each model, by batch size and threads: `python -m benchmarks.engine`.

Only the networks, fed with ready arrays; what a picture needs besides is in `benchmarks.stages`.
"""

import itertools
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from app.errors import ProviderError
from app.face.card import load_card
from app.inference.model import Model
from app.inference.precision import Precision
from app.inference.providers import Device
from app.threads import cpu_count
from benchmarks.command import Effort, Measuring, effort, parser
from benchmarks.pictures import HEIGHT, WIDTH
from benchmarks.record import Plot, Table
from benchmarks.summary import spread

USUAL, QUICK = Effort(15, 0.3), Effort(1, 0.02)
# In what a device can compute a file of fp32 (app.inference.precision).
_COMPUTED: dict[Device, tuple[Precision, ...]] = {"openvino": ("bf16",), "tensorrt": ("fp16",)}


@dataclass(frozen=True, slots=True)
class Setting:
    """One row. unit: what one item of a batch is."""

    model: str
    version: str
    precision: str
    provider: str
    threads: int
    batch: int
    unit: str


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A setting, ready to run."""

    setting: Setting
    model: Model
    feed: NDArray[np.uint8]

    def milliseconds(self, seconds: float) -> float:
        """Of one run, the median of those that fit into so much time, at least one."""
        taken, until = list[float](), time.perf_counter() + seconds
        while (started := time.perf_counter()) < until or not taken:
            self.model.run(self.feed)
            taken.append((time.perf_counter() - started) * 1000)
        return statistics.median(taken)


def candidates(
    folders: Sequence[Path], devices: Sequence[Device], threads: Sequence[int], most: int
) -> Iterator[Candidate]:
    """Every model on every device, in every precision that can be had there, with every number of
    threads and every batch size it declares, up to `most`. Says what cannot be had.
    """
    random = np.random.default_rng(0)
    for model, count in opened(folders, devices, threads):
        card = model.card
        for batch in sorted({1, *card.batch_sizes}):
            if batch > most:
                continue
            setting = Setting(
                card.name,
                card.version,
                model.precision,
                model.provider,
                count,
                batch,
                "images" if card.task == "detection" else "faces",
            )
            feed = random.integers(0, 256, (batch, *_size(model), 3), dtype=np.uint8)
            model.run(feed)
            yield Candidate(setting, model, feed)


def opened(
    folders: Sequence[Path], devices: Sequence[Device], threads: Sequence[int]
) -> Iterator[tuple[Model, int]]:
    """Models and the threads that each runs in."""
    for folder, device in itertools.product(folders, devices):
        for precision, count in itertools.product(precisions(folder, device), threads):
            try:
                yield Model.open(folder, device, count, precision=precision), count
            except ProviderError as error:
                if precision == "fp32":
                    raise
                print(f"{folder.name} on {device} in {precision}: {error}", file=sys.stderr)
                break


def precisions(folder: Path, device: Device) -> list[Precision]:
    """That the model has a file for, or the device computes in."""
    files: list[Precision] = [file.precision for file in load_card(folder).precisions]
    return ["fp32", *files, *_COMPUTED.get(device, ())]


def _size(model: Model) -> tuple[int, int]:
    """Height and width of the input; a detector's for a picture of 640x480."""
    card = model.card.input
    if card.height and card.width:
        return card.height, card.width
    long_side = card.long_side or WIDTH
    step = card.multiple_of
    return -(-round(long_side * HEIGHT / WIDTH) // step) * step, -(-long_side // step) * step


def rows(found: Sequence[tuple[Candidate, Sequence[float]]]) -> Iterator[list[str]]:
    for candidate, taken in found:
        one = candidate.setting
        run, rate = spread(taken), spread([1000 * one.batch / ms for ms in taken])
        yield [
            f"{one.model} {one.version}",
            one.precision,
            one.provider.removesuffix("ExecutionProvider"),
            str(one.threads),
            str(one.batch),
            run.text(),
            f"{run.median / one.batch:.2f}",
            f"{rate.text(0)} {one.unit}",
        ]


def plots(found: Sequence[tuple[Candidate, Sequence[float]]]) -> Iterator[Plot]:
    """One a model: items a second by batch size, a line for each number of threads."""
    by_model = itertools.groupby(found, lambda pair: pair[0].setting.model)
    for name, pairs in by_model:
        lines: dict[str, list[float]] = {}
        sizes: list[str | float] = []
        for candidate, taken in pairs:
            one = candidate.setting
            provider = one.provider.removesuffix("ExecutionProvider")
            label = f"{provider} {one.precision}, {one.threads} thread{'s' * (one.threads > 1)}"
            lines.setdefault(label, []).append(1000 * one.batch / statistics.median(taken))
            if one.batch not in sizes:
                sizes.append(one.batch)
        unit = f"{one.unit} a second"
        yield Plot(f"engine-{name}", "lines", name, "batch size", unit, sizes, lines)


def main(argv: list[str]) -> int:
    command = parser(__doc__, USUAL)
    command.add_argument(
        "--device",
        nargs="+",
        choices=get_args(Device),
        default=["cpu"],
        metavar="DEVICE",
        help="as MIEN_INFERENCE__DEVICE; several are measured in turns",
    )
    command.add_argument("--threads", type=int, nargs="+", help="default: 1 and all processors")
    command.add_argument("--most", type=int, default=64, help="largest batch")
    given = command.parse_args(argv)
    how = effort(given, USUAL, QUICK)
    measuring = Measuring(given, "engine", "The networks alone", "benchmarks.engine")
    folders = sorted(card.parent for card in given.models.glob("*/card.json"))
    if not folders:
        print(f"{given.models} holds no model with a card. Check --models.", file=sys.stderr)
        return 1
    threads = given.threads or sorted({1, cpu_count()})
    ready = list(candidates(folders, given.device, threads, given.most))
    taken: list[list[float]] = [[] for _ in ready]
    for _ in range(how.rounds):
        for candidate, own in zip(ready, taken, strict=True):
            own.append(candidate.milliseconds(how.seconds))
    found = list(zip(ready, taken, strict=True))
    head = ["model", "precision", "provider", "threads", "batch", "ms a run", "ms each", "a second"]
    measuring.finish(
        [
            f"Detectors get the input of a {WIDTH}x{HEIGHT} picture, face models their crops. "
            f"{how.rounds} rounds, in each {how.seconds:g} s of each row."
        ],
        [Table("Each model alone", head, list(rows(found)))],
        list(plots(found)),
        raw={"runs": [{**asdict(one.setting), "ms": own} for one, own in found]},
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
