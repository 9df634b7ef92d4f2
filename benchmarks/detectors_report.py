"""The tables of `benchmarks.detectors`: docs/detectors.md and a JSON file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from app.face.card import Metric
from benchmarks.detectors_comparing import Entry
from benchmarks.detectors_judging import AS_DRAWN, BY_SET, CORRECTED, Row
from benchmarks.detectors_times import Time


class Column(NamedTuple):
    """Which number a column of a table shows."""

    title: str
    test_set: str
    metric: str = "recall"
    slice: str = "all"


_PHOTOGRAPHS = (
    Column("LFPW test, found %", "lfpw"),
    Column("Pointing'04 11-12, found %", "pointing04"),
    Column("of these pan beyond 60", "pointing04", slice="pan beyond 60"),
    Column("WIDER part, AP", "wider", "average_precision"),
    Column("false boxes an image", "negatives", "false_boxes_per_image"),
)
_RENDERS = (
    Column("all, found %", "renders"),
    Column("yaw 0-30", "renders", slice="yaw 0-30"),
    Column("yaw 30-60", "renders", slice="yaw 30-60"),
    Column("yaw beyond 60", "renders", slice="yaw beyond 60"),
)
_HEAD = """# Detectors beside each other

Made by `python -m benchmarks.detectors`, which says how to repeat it. Ours run through the
service's code, the others through their own packages with their default settings, each in a process
of its own, on the same pixels. Every number has its 95 % interval, over pictures; n is in the head.

"""
_HOW = """
Found: IoU >= 0.5 with the labelled box, at the detector's default threshold. AP: area under
precision over recall at IoU >= 0.5, down to very low scores; faces of at least 20 px in pictures of
400 px, smaller and invalid ones count neither way. False boxes: photographs without faces, at the
default threshold.

What to keep in mind:

- **Ours were trained on other pictures of these same sets** (their cards say which) and draw boxes
  as these label them; the others were trained elsewhere. How all do on sets that nobody trained on
  is another matter.
- **The others' boxes are corrected** by one shift and one scale of each axis, fitted to {count}
  training pictures each of 300-W, Pointing'04 and WIDER, so that nobody is judged on where a face
  ends. Under "Boxes" stands what a correction for each set, or none, would give them.
- Intervals of Pointing'04 are over pictures of two persons and say nothing of others.
"""
_RENDERS_NOTE = """
Rendered heads, each turned in its picture by any angle from -180 to 180 degrees; some are masked or
half hidden. A correction of upright boxes says little about a head on its side, so a face is found
when the box as drawn *or* as corrected hits. Where ours were trained on renders, these were other
heads of the same renderer; the others never saw one.
"""
_TIMES_NOTE = """
One picture of 640x480 with one face, from upright pixels to boxes, preparation included, each
detector bound to one and the same core. Every round asks all of them in turn; the last column is
the median over the rounds of a detector's median time over that of the first in the same round.
Milliseconds are those of one machine at that hour, and of whatever else it did.
"""
_MISSING = """
## Not here

YuNet, SCRFD, Ultra-Light and others: their weights are files from elsewhere, not part of the
packages that are used here. MediaPipe is of release 0.10.21, since that of release 1.2.2 holds no
weights.
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that was measured. training_images: of each set that a correction is fitted to."""

    entries: Sequence[Entry]
    rows: Sequence[Row]
    times: Sequence[Time]
    training_images: int


def write_json(comparison: Comparison, file: Path) -> None:
    """All rows with protocols; creates the folder."""
    rows = [
        {
            "detector": row.detector,
            "set": row.test_set,
            "boxes": row.boxes,
            **row.metric.model_dump(mode="json"),
        }
        for row in comparison.rows
    ]
    content = {
        "detectors": [asdict(entry) for entry in comparison.entries],
        "rows": rows,
        "times": [asdict(time) for time in comparison.times],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def markdown(comparison: Comparison) -> str:
    """The page."""
    parts = [_HEAD, _results(comparison, _PHOTOGRAPHS)]
    parts.append(_HOW.format(count=comparison.training_images))
    if any(row.test_set == "renders" for row in comparison.rows):
        parts += ["\n## Heads at any roll\n\n", _results(comparison, _RENDERS), _RENDERS_NOTE]
    parts += ["\n## Time\n\n", _times(comparison), _TIMES_NOTE]
    parts += ["\n## Detectors\n\n", _detectors(comparison)]
    parts += ["\n## Boxes\n\n", _boxes(comparison), _MISSING]
    return "".join(parts)


def _results(comparison: Comparison, columns: Sequence[Column]) -> str:
    first = comparison.entries[0].name
    counts = [_metric(comparison, first, AS_DRAWN, column).n for column in columns]
    titles = [f"{one.title} (n = {count})" for one, count in zip(columns, counts, strict=True)]
    body = []
    for entry in comparison.entries:
        boxes = CORRECTED if entry.correction else AS_DRAWN
        cells = [cell(_metric(comparison, entry.name, boxes, column)) for column in columns]
        body.append([entry.about.title, *cells])
    return table(["detector", *titles], body)


def _boxes(comparison: Comparison) -> str:
    columns = [one for one in _PHOTOGRAPHS if one.test_set != "negatives"]
    body = []
    for entry in comparison.entries:
        for boxes in (CORRECTED, BY_SET, AS_DRAWN) if entry.correction else ():
            cells = [cell(_metric(comparison, entry.name, boxes, column)) for column in columns]
            body.append([entry.about.title, boxes, *cells])
    return table(["detector", "boxes", *(one.title for one in columns)], body)


def _metric(comparison: Comparison, detector: str, boxes: str, column: Column) -> Metric:
    wanted = (detector, boxes, column.test_set, column.metric, column.slice)
    (metric,) = (
        row.metric
        for row in comparison.rows
        if (row.detector, row.boxes, row.test_set, row.metric.name, row.metric.slice) == wanted
    )
    return metric


def _times(comparison: Comparison) -> str:
    titles = {entry.name: entry.about.title for entry in comparison.entries}
    rounds = comparison.times[0].n
    body = [
        [
            titles[time.detector],
            f"{time.least:.2f}",
            f"{time.median:.2f}",
            f"{time.least / comparison.times[0].least:.2f}",
            f"{time.ratio:.2f} [{time.ratio_interval95[0]:.2f}, {time.ratio_interval95[1]:.2f}]",
        ]
        for time in comparison.times
    ]
    to_first = f"median to the first's (n = {rounds} rounds)"
    head = ["detector", "least ms", "median ms", "least to the first's", to_first]
    return table(head, body)


def _detectors(comparison: Comparison) -> str:
    body = [
        [
            entry.about.title,
            entry.about.version,
            entry.about.licence,
            entry.about.input,
            entry.about.threshold,
            str(entry.correction or "none"),
        ]
        for entry in comparison.entries
    ]
    head = ["detector", "version", "licence", "input", "default threshold", "shift, scale of boxes"]
    return table(head, body)


def cell(metric: Metric) -> str:
    """A value with its interval, as many digits as they can bear."""
    digits = 1 if metric.unit == "%" else 3
    low, high = metric.interval95 or (metric.value, metric.value)
    return f"{metric.value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
