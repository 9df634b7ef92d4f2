"""What one benchmark found: tables, plots, and whether demands are met. Written as JSON, from which
`benchmarks.page` makes docs/performance.md.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from benchmarks.machine import Machine, OtherLoad


@dataclass(frozen=True, slots=True)
class Table:
    """head: of the columns. rows: cells as they are shown."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Plot:
    """x: one label or number for each value of a series. low, high: ends of the spread, where a
    series has one.
    """

    name: str
    kind: Literal["bars", "stacked", "lines"]
    title: str
    x_label: str
    y_label: str
    x: Sequence[str | float]
    series: Mapping[str, Sequence[float]]
    low: Mapping[str, Sequence[float]] = field(default_factory=dict)
    high: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Demand:
    """Something the project wants of itself, and what came of it here."""

    what: str
    wanted: str
    measured: str
    met: bool


@dataclass(frozen=True, slots=True)
class Record:
    """name: of the file. command: that repeats it. text: paragraphs before the tables. raw: every
    round's numbers.
    """

    name: str
    title: str
    command: str
    quick: bool
    machine: Machine
    load: OtherLoad
    text: Sequence[str]
    tables: Sequence[Table]
    plots: Sequence[Plot] = ()
    demands: Sequence[Demand] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """As JSON; makes the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.name}.json"
        text = json.dumps(_rounded(asdict(self)), indent=1, ensure_ascii=False)
        file.write_text(text + "\n", encoding="utf-8")
        return file

    @classmethod
    def read(cls, file: Path) -> Self:
        """What `write` wrote."""
        value = json.loads(file.read_text(encoding="utf-8"))
        made = {
            "machine": Machine(**value["machine"]),
            "load": OtherLoad(**value["load"]),
            "tables": [Table(**table) for table in value["tables"]],
            "plots": [Plot(**plot) for plot in value["plots"]],
            "demands": [Demand(**demand) for demand in value["demands"]],
        }
        return cls(**{**value, **made})


def _rounded(value: Any) -> Any:
    """Digits that no clock tells are left out, and what is no number is null."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
