"""Plots of results and of training runs, drawn without a display."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from training.landmarks.metrics import area_under_ced, ced

_COUNTERS = ("epoch", "step", "samples", "seconds", "time")
_COLOURS = 10
_MOST_INSIDE = 8  # lines whose legend leaves room for them
_STROKES, _MARKERS = ("-", "--", ":"), "os^"


def plot_ced(
    path: Path,
    errors: Mapping[str, ArrayLike],
    *,
    limit: float = 0.10,
    peers: Mapping[str, float] | None = None,
    title: str = "",
    unit: str = "normalised mean error, %",
) -> None:
    """Cumulative error distributions: the share of faces below each error.

    errors: per-face errors (fractions) by the name of their line. peers: published or measured mean
    errors (fractions) of others, of whom no per-face errors are at hand; drawn as vertical lines.
    """
    figure, axes = _figure(title)
    for index, (name, values) in enumerate(errors.items()):
        thresholds, shares = ced(values, limit)
        label = f"{name} (AUC {area_under_ced(values, limit):.3f})"
        stroke = _STROKES[index // _COLOURS % len(_STROKES)]
        axes.plot(thresholds * 100, shares * 100, label=label, linewidth=1.8, linestyle=stroke)
    for index, (name, mean) in enumerate((peers or {}).items()):
        colour = f"C{len(errors) + index}"
        label = f"{name}, mean {mean * 100:.2f} %"
        axes.axvline(mean * 100, color=colour, linestyle="--", linewidth=1, label=label)
    axes.set(xlabel=unit, ylabel="faces, %", xlim=(0, limit * 100), ylim=(0, 100))
    if len(errors) > _MOST_INSIDE:
        figure.set_size_inches(9.0, 4.4)
        figure.legend(loc="outside right upper", fontsize=8)
    else:
        axes.legend(loc="lower right", fontsize=8)
    _save(figure, path)


def plot_history(log: Path, path: Path, title: str = "") -> None:
    """A training log (CSV with a header, one row per epoch) as one panel for each quantity.

    A column `val_x` shares the panel of `x`. Empty cells are skipped.
    """
    rows = _rows(log)
    counters = [name for name in _COUNTERS if name in rows]
    across = rows[counters[0]] if counters else None
    quantities = list(
        dict.fromkeys(name.removeprefix("val_") for name in rows if name not in counters)
    )
    if not quantities:
        raise ValueError(f"{log} has no column of numbers to draw")
    figure = Figure(figsize=(7, 2.6 * len(quantities)), layout="constrained")
    if title:
        figure.suptitle(title)
    for index, quantity in enumerate(quantities):
        axes = figure.add_subplot(len(quantities), 1, index + 1)
        for name, label in ((quantity, "training"), (f"val_{quantity}", "validation")):
            if name in rows:
                pairs = [
                    (position if across is None else across[position], value)
                    for position, value in enumerate(rows[name])
                    if value is not None
                ]
                axes.plot(*zip(*pairs, strict=True), label=label, linewidth=1.4)
        axes.set(xlabel=counters[0] if counters else "row", ylabel=quantity)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    _save(figure, path)


def plot_by_part(
    path: Path,
    rows: Mapping[str, Mapping[str, tuple[float, float, float]]],
    *,
    title: str = "",
    unit: str = "",
) -> None:
    """Values with their intervals by part of a test set, one line for each name.

    rows: by name and part, (value, low, high). Parts stand in the order of their first mention.
    """
    parts = list(dict.fromkeys(part for values in rows.values() for part in values))
    figure, axes = _figure(title)
    for index, (name, values) in enumerate(rows.items()):
        # Beside each other, so that intervals do not cover each other.
        apart = min(0.06, 0.5 / len(rows))
        places = [parts.index(part) + apart * (index - (len(rows) - 1) / 2) for part in values]
        middles = [value for value, _, _ in values.values()]
        below = [value - low for value, low, _ in values.values()]
        above = [high - value for value, _, high in values.values()]
        again = index // _COLOURS % len(_STROKES)
        axes.errorbar(
            places,
            middles,
            (below, above),
            label=name,
            marker=_MARKERS[again],
            linestyle=_STROKES[again],
            capsize=3,
            linewidth=1.4,
        )
    axes.set_xticks(range(len(parts)), parts)
    axes.set(ylabel=unit)
    axes.set_ylim(0, 1.3 * axes.get_ylim()[1])  # room for the legend
    axes.legend(fontsize=8, ncols=2, loc="upper left")
    _save(figure, path)


def plot_coverage(
    path: Path, covered: Mapping[str, tuple[ArrayLike, ArrayLike]], *, title: str = ""
) -> None:
    """What intervals really cover over what they promise; covered: by name, (levels, shares)."""
    figure, axes = _figure(title)
    axes.plot((0, 100), (0, 100), color="grey", linestyle="--", linewidth=1, label="as promised")
    for name, (levels, shares) in covered.items():
        axes.plot(100 * np.asarray(levels), 100 * np.asarray(shares), label=name, linewidth=1.6)
    axes.set(xlabel="promised, %", ylabel="covered, %", xlim=(0, 100), ylim=(0, 100))
    axes.legend(loc="upper left", fontsize=8)
    _save(figure, path)


def plot_angles(
    path: Path, pairs: Mapping[str, tuple[ArrayLike, ArrayLike]], *, title: str = ""
) -> None:
    """By the name of an angle, (true, predicted) degrees: above, one over the other; below, the
    error of each face, in the order of the true angle.
    """
    figure = Figure(figsize=(3.6 * len(pairs), 6.4), layout="constrained")
    figure.suptitle(title)
    for column, (name, values) in enumerate(pairs.items(), start=1):
        true, predicted = (np.asarray(side, np.float64) for side in values)
        above = figure.add_subplot(2, len(pairs), column)
        above.scatter(true, predicted, s=4, alpha=0.5)
        ends = (min(true.min(), predicted.min()), max(true.max(), predicted.max()))
        above.plot(ends, ends, color="grey", linestyle="--", linewidth=1)
        above.set(xlabel=f"true {name}, degrees", ylabel="predicted")
        below = figure.add_subplot(2, len(pairs), len(pairs) + column)
        order = np.argsort(true, kind="stable")
        below.scatter(np.arange(len(true)), (predicted - true)[order], s=4, alpha=0.5)
        below.axhline(0, color="grey", linewidth=1)
        below.set(xlabel=f"face, by true {name}", ylabel="error, degrees")
    _save(figure, path)


def _rows(log: Path) -> dict[str, list[float | None]]:
    """Columns by name; a column with anything that is not a number is left out."""
    with log.open(newline="") as stream:
        records = list(csv.DictReader(stream))
    if not records:
        raise ValueError(f"{log} holds no epochs")
    columns: dict[str, list[float | None]] = {}
    for name in records[0]:
        try:
            column = [float(record[name]) if record[name] else None for record in records]
        except ValueError:
            continue
        if any(value is not None for value in column):
            columns[name] = column
    return columns


def _figure(title: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.grid(alpha=0.3)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the version of matplotlib inside, the same numbers give the same file.
    figure.savefig(path, dpi=120, metadata={"Software": None} if path.suffix == ".png" else None)
