"""Tables, plot and demands of `benchmarks.serving`."""

import statistics
from collections.abc import Mapping, Sequence

from benchmarks.record import Demand, Plot, Table
from benchmarks.serving.measuring import Run
from benchmarks.summary import spread

LEAST_LEAD = {1: 1.0, 8: 1.25, 32: 1.25}

Found = Mapping[str, Sequence[Sequence[Run]]]
"""Title -> rounds -> runs, one for each number of callers."""


def rates(found: Found) -> Table:
    first = next(iter(found.values()))
    callers = [one.callers for one in first[0]]
    head = ["server", *(f"requests/s, {count}" for count in callers)]
    head += [f"ours to it, {count}" for count in callers]
    rows = []
    for title, rounds in found.items():
        own = [[one[index] for one in rounds] for index in range(len(callers))]
        cells = [spread([run.rate for run in by]).text(0) for by in own]
        lead = [spread(leads(first, rounds, index)).text() for index in range(len(callers))]
        rows.append([title, *cells, *lead])
    return Table("Requests a second by so many callers", head, rows)


def leads(first: Sequence[Sequence[Run]], other: Sequence[Sequence[Run]], at: int) -> list[float]:
    """Our rate over the other's, within each round."""
    pairs = zip(first, other, strict=True)
    return [mine[at].rate / theirs[at].rate for mine, theirs in pairs]


def costs(found: Found) -> Table:
    first = next(iter(found.values()))
    callers = [one.callers for one in first[0]]
    head = ["server", *(f"p50, p99 ms, {count}" for count in callers)]
    head += [f"CPU-ms, {count}" for count in callers] + ["ready s", "MB", "not 200"]
    rows = []
    for title, rounds in found.items():
        cells = []
        for index in range(len(callers)):
            by = [one[index] for one in rounds]
            p50, p99 = (
                statistics.median(values)
                for values in zip(*((run.p50, run.p99) for run in by), strict=True)
            )
            cells.append(f"{p50:.1f}, {p99:.1f}")
        cpu = [
            spread([one[index].cpu_ms for one in rounds]).text() for index in range(len(callers))
        ]
        flat = [run for one in rounds for run in one]
        ready, memory = (spread([run.ready for run in flat]), spread([run.memory for run in flat]))
        rows.append(
            [
                title,
                *cells,
                *cpu,
                ready.text(1),
                memory.text(0),
                str(sum(run.failed for run in flat)),
            ]
        )
    return Table("Latency, processor time of one request, start and memory", head, rows)


def demands(found: Found) -> list[Demand]:
    (_, first), *others = found.items()
    made = []
    for index, run in enumerate(first[0]):
        if not others or run.callers not in LEAST_LEAD:
            continue
        wanted = LEAST_LEAD[run.callers]
        least = {title: spread(leads(first, rounds, index)) for title, rounds in others}
        title, lead = min(least.items(), key=lambda pair: pair[1].median)
        made.append(
            Demand(
                f"requests/s to the best other server ({title}), {run.callers} callers",
                f">= {wanted:.2f}",
                lead.text(),
                lead.median >= wanted,
            )
        )
    return made


def plot(found: Found) -> Plot:
    callers = [str(run.callers) for run in next(iter(found.values()))[0]]
    spreads = {
        title: [spread([one[index].rate for one in rounds]) for index in range(len(callers))]
        for title, rounds in found.items()
    }
    return Plot(
        "serving",
        "bars",
        "The same work behind several servers",
        "callers",
        "requests a second",
        callers,
        {title: [one.median for one in own] for title, own in spreads.items()},
        {title: [one.least for one in own] for title, own in spreads.items()},
        {title: [one.largest for one in own] for title, own in spreads.items()},
    )
