"""Plots of a record as PNG files, where matplotlib is installed."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import Plot

_SIZE, _DPI = (7.2, 3.6), 110


def can_draw() -> bool:
    return find_spec("matplotlib") is not None


def draw(plot: Plot, file: Path) -> bool:
    """Whether it was drawn. Without matplotlib an old picture of other numbers is removed."""
    if not can_draw():
        file.unlink(missing_ok=True)
        return False
    import_module("matplotlib").use("Agg")
    pyplot: Any = import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(figsize=_SIZE, layout="constrained")
    {"bars": _bars, "stacked": _stacked, "lines": _lines}[plot.kind](axes, plot)
    axes.set(title=plot.title, xlabel=plot.x_label, ylabel=plot.y_label)
    axes.grid(alpha=0.3, axis="x" if plot.kind == "stacked" else "y")
    if plot.kind == "bars":  # room for the legend
        axes.set_ylim(top=1.3 * axes.get_ylim()[1])
    axes.legend(fontsize="small", ncols=2 if len(plot.series) > 4 else 1)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=_DPI, metadata={"Software": None})
    pyplot.close(figure)
    return True


def _bars(axes: Any, plot: Plot) -> None:
    places, width = np.arange(len(plot.x)), 0.8 / len(plot.series)
    for index, (name, values) in enumerate(plot.series.items()):
        at = places - 0.4 + width * (index + 0.5)
        axes.bar(at, values, width, label=name, yerr=_errors(plot, name), capsize=2)
    axes.set_xticks(places, [str(label) for label in plot.x])


def _stacked(axes: Any, plot: Plot) -> None:
    """Lying, one bar for each x, the series behind each other."""
    ends = np.zeros(len(plot.x))
    for name, values in plot.series.items():
        axes.barh([str(label) for label in plot.x], values, left=ends, label=name)
        ends += np.array(values)
    axes.invert_yaxis()


def _lines(axes: Any, plot: Plot) -> None:
    for name, values in plot.series.items():
        axes.errorbar(plot.x, values, yerr=_errors(plot, name), marker="o", ms=3, label=name)
    axes.set_ylim(bottom=0)


def _errors(plot: Plot, name: str) -> Any:
    if name not in plot.low or name not in plot.high:
        return None
    values = np.array(plot.series[name])
    return np.maximum(np.stack([values - plot.low[name], plot.high[name] - values]), 0)
