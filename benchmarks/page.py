"""docs/performance.md from the JSON of the benchmarks: `python -m benchmarks.page`.

Plots are drawn where matplotlib is installed: in the training environment, which `make bench` sets
up for them. The tables need nothing.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.machine import Machine
from benchmarks.plots import can_draw, draw
from benchmarks.record import Record

ORDER = ("stages", "engine", "http", "serving", "libraries", "growth")
_ACCELERATORS = {
    "CUDAExecutionProvider": ("NVIDIA's GPUs", "cuda"),
    "TensorrtExecutionProvider": ("TensorRT", "tensorrt"),
    "OpenVINO": ("OpenVINO", "openvino"),
    "CoreMLExecutionProvider": ("CoreML", "coreml"),
}
_HEAD = """# How fast it is

Made by `make bench` (each part: the command under its heading) from the JSON files in
[performance/]({folder}/); nothing here is written by hand. Rows of a table were measured in turns
in one run. A number is the median over the rounds, with the least and the largest round behind it:
`3.1 [2.9, 3.4]`. Compare rows of one table; times of other machines and hours are other times. They
are of the code and the models as they were then (`git log docs/performance`). How fast the machine
was in that hour is told by two yardsticks that never change, one of arithmetic and one of memory
(`benchmarks/yardstick.py`): before two sections are compared, they should be.

"""


def write_page(folder: Path, drawn: str | None = None) -> Path:
    """The page beside `folder`, from all records in it. drawn: the record that is new; its plots
    are drawn again, or removed where they cannot be. None: all plots are, where they can be.
    """
    found = {file.stem: Record.read(file) for file in sorted(folder.glob("*.json"))}
    names = [name for name in ORDER if name in found]
    for name in (names if can_draw() else ()) if drawn is None else [drawn]:
        for plot in found[name].plots:
            draw(plot, folder / f"{plot.name}.png")
    page = folder.with_suffix(".md")
    records = [found[name] for name in names]
    page.write_text("".join(_page(records, folder)), encoding="utf-8")
    return page


def _page(records: Sequence[Record], folder: Path) -> Iterator[str]:
    yield _HEAD.format(folder=folder.name)
    if any(record.demands for record in records):
        yield from _demands(records)
    machines: list[Machine] = []
    for record in records:
        if record.machine not in machines:
            machines.append(record.machine)
    for record in records:
        yield from _section(record, machines.index(record.machine) + 1, folder)
    yield from _not_measured(records)
    yield "\n## Machines\n\n"
    for number, machine in enumerate(machines, start=1):
        versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
        yield (
            f"{number}. {machine.processor}, {machine.processors} processors to use, "
            f"{machine.memory_gb:g} GB, {machine.system}. {versions}.\n"
        )


def _demands(records: Sequence[Record]) -> Iterator[str]:
    yield "## What we ask of it\n\n| demand | wanted | measured | met |\n"
    yield "| --- | --- | --- | --- |\n"
    busy = False
    for record in records:
        for demand in record.demands:
            doubt = "" if record.load.quiet and not record.quick else " *"
            busy = busy or bool(doubt)
            met = ("yes" if demand.met else "**no**") + doubt
            yield f"| {demand.what} | {demand.wanted} | {demand.measured} | {met} |\n"
    if busy:
        yield "\n\\* measured on a busy machine or by a quick run: says little. See below.\n"
    yield "\n"


def _not_measured(records: Sequence[Record]) -> Iterator[str]:
    """What a reader might look for in vain."""
    yield "\n## Not measured yet\n\n"
    if missing := [name for name in ORDER if name not in {record.name for record in records}]:
        yield "".join(f"- `make bench-{name}`: no numbers on this page.\n" for name in missing)
    runs = [run for record in records for run in record.raw.get("runs", ())]
    providers = {run.get("provider", "") for run in runs if isinstance(run, Mapping)}
    for provider, (title, device) in _ACCELERATORS.items():
        if provider not in providers:
            yield (
                f"- **{title}**: faces a second by batch size; `python -m benchmarks.engine "
                f"--device {device}` measures them where it is at hand.\n"
            )
    yield (
        "- **Of GPUs** also whether CPU and CUDA agree and whether memory stays flat over changing "
        "batch sizes: nothing here measures these yet.\n"
    )


def _section(record: Record, machine: int, folder: Path) -> Iterator[str]:
    yield f"\n## {record.title}\n\n`{record.command}`, machine {machine}, "
    yield f"{record.load.seconds:.0f} s. {record.load.sentence}\n"
    if record.quick:
        yield "\n**A quick run, only to see that it works: these numbers say nothing.**\n"
    for paragraph in record.text:
        yield f"\n{paragraph}\n"
    for table in record.tables:
        yield f"\n{table.title}\n\n{table.markdown()}"
    for plot in record.plots:
        if (folder / f"{plot.name}.png").exists():
            yield f"\n![{plot.title}]({folder.name}/{plot.name}.png)\n"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("docs/performance"))
    given = parser.parse_args(argv)
    print(write_page(given.out))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
