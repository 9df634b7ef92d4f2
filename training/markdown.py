"""Tables and numbers of the pages that training writes."""

from collections.abc import Iterable, Sequence

from app.face.card import Metric


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(head), line(["---"] * len(head)), *(line(row) for row in rows)])


def number(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def measured(metric: Metric | None) -> str:
    """The value with its interval and n; nothing for None."""
    if metric is None:
        return ""
    unit = {"%": " %", "degrees": "°"}.get(metric.unit, "")
    interval = ""
    if metric.interval95 is not None:
        low, high = metric.interval95
        interval = f" ({number(low)} to {number(high)})"
    return f"**{number(metric.value)}{unit}**{interval}, n {metric.n:,}"
