"""Tables, plots and demands of `benchmarks.growth`."""

from collections.abc import Sequence

from benchmarks.growth_measuring import CALLERS, LOADS, Batch, Memory, Overload, growth
from benchmarks.record import Demand, Plot, Table
from benchmarks.summary import spread


def sizes_table(found: Sequence[Batch]) -> Table:
    rows = []
    for count in dict.fromkeys(one.images for one in found):
        own = [one for one in found if one.images == count]
        latency = spread([one.milliseconds for one in own])
        cpu = spread([one.cpu_ms for one in own])
        rows.append([str(count), latency.text(), cpu.text(), f"{latency.median * count:.1f}"])
    head = ["images", "ms an image", "CPU-ms an image", "ms a request"]
    return Table("Images of one request, one caller", head, rows)


def starts_table(starts: Sequence[tuple[float, float]]) -> Table:
    ready = spread([seconds for seconds, _ in starts]).text()
    size = spread([megabytes for _, megabytes in starts]).text(0)
    return Table("Start", ["ready after, s", "MB of the largest process"], [[ready, size]])


def memory_table(samples: Sequence[Memory]) -> Table:
    head = ["requests", "MB of all processes", "shared once", "MB of the largest process"]
    shown = samples[:: max(1, len(samples) // 10)]
    if shown[-1] is not samples[-1]:
        shown = [*shown, samples[-1]]
    rows = [
        [
            f"{one.requests:,}",
            f"{one.together:.1f}",
            f"{one.proportional:.1f}",
            f"{one.largest:.1f}",
        ]
        for one in shown
    ]
    rows.append(["**growth**", f"{growth(samples):+.2%}", "", "last fifth to first fifth"])
    return Table(f"Memory, {CALLERS} callers", head, rows)


def loads_table(found: Sequence[Overload]) -> Table:
    head = ["load", "offered/s", "answered/s", "p50 ms", "p99 ms", "refused", "failed"]
    head += [
        "refusal p50 ms",
        "refusal p99 ms",
        "Retry-After",
        "client late p99 ms",
        "client CPU-ms",
    ]
    rows = []
    for load in LOADS:
        own = [one for one in found if one.load == load]
        numbers = [
            (spread([one.offered for one in own]), 0),
            (spread([one.answered for one in own]), 0),
            (spread([one.p50 for one in own]), 1),
            (spread([one.p99 for one in own]), 1),
        ]
        refusing = [one for one in own if one.refused]
        cells = [value.text(digits) for value, digits in numbers]
        cells += [str(sum(one.refused for one in own)), str(sum(one.failed for one in own))]
        if refusing:
            cells.append(spread([one.refusal_p50 for one in refusing]).text(1))
            cells.append(spread([one.refusal_p99 for one in refusing]).text(1))
            cells.append(f"{min(one.told for one in refusing):.0%}")
        else:
            cells += ["-", "-", "-"]
        cells.append(spread([one.late for one in own]).text(1))
        cells.append(spread([one.client_cpu_ms for one in own]).text(3))
        rows.append([f"{load:.0%} of the capacity", *cells])
    return Table("Overload", head, rows)


def plots(sized: Sequence[Batch], samples: Sequence[Memory]) -> list[Plot]:
    counts: list[str | float] = list(dict.fromkeys(one.images for one in sized))
    by_size = [spread([one.milliseconds for one in sized if one.images == n]) for n in counts]
    return [
        Plot(
            "growth-images",
            "lines",
            "Images of one request",
            "images",
            "ms an image",
            counts,
            {"one caller": [one.median for one in by_size]},
            {"one caller": [one.least for one in by_size]},
            {"one caller": [one.largest for one in by_size]},
        ),
        Plot(
            "growth-memory",
            "lines",
            "Memory of all processes",
            "requests",
            "MB",
            [float(one.requests) for one in samples],
            {"together": [one.together for one in samples]},
        ),
    ]


def demands(
    starts: Sequence[tuple[float, float]], samples: Sequence[Memory], pressed: Sequence[Overload]
) -> list[Demand]:
    ready = spread([seconds for seconds, _ in starts])
    largest = max(one.largest for one in samples)
    grown = growth(samples)
    easy, hard = ([one for one in pressed if one.load == load] for load in LOADS)
    ratio = spread([two.p99 / one.p99 for one, two in zip(easy, hard, strict=True)])
    made = [
        Demand("ready after start", "<= 2.5 s", f"{ready.text()} s", ready.median <= 2.5),
        Demand("memory of a worker", "<= 300 MB", f"{largest:.0f} MB", largest <= 300),
        Demand(
            f"memory over {samples[-1].requests:,} requests", "< 3 %", f"{grown:+.2%}", grown < 0.03
        ),
        Demand(
            "p99 at twice the capacity to that at 80 %",
            "<= 3",
            ratio.text(),
            ratio.median <= 3,
        ),
    ]
    refusing = [one for one in hard if one.refused]
    if not refusing:
        made.append(Demand("refusals, p99", "<= 20 ms", "none was refused", met=False))
        return made
    slowest = spread([one.refusal_p99 for one in refusing])
    told = min(one.told for one in refusing)
    failed = sum(one.failed for one in (*easy, *hard))
    return [
        *made,
        Demand("refusals, p99", "<= 20 ms", f"{slowest.text(1)} ms", slowest.median <= 20),
        Demand("refusals that say when to come again", "all", f"{told:.0%}", told == 1),
        Demand("requests that failed", "0", str(failed), failed == 0),
    ]
