"""Which of the measured settings to take: the fastest, or the simplest of those within noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from app.tuning.sessions import Row
from app.tuning.timing import Sample
from app.tuning.variants import Variant


@dataclass(frozen=True, slots=True)
class WorkersRow:
    """variant: its threads are those of each worker's sessions. seconds: per image, all workers
    together. cpu_ms: of one image. megabytes: of one worker.
    """

    variant: Variant
    workers: int
    seconds: Sample
    cpu_ms: float
    megabytes: float


def finalists(rows: Sequence[Row]) -> list[Variant]:
    """What is worth the whole way: of the CPU's the best, and every accelerator, of which one image
    at a time tells little.
    """
    variants = dict.fromkeys(row.variant for row in rows)
    return [_best_on_cpu(rows), *(variant for variant in variants if not variant.on_cpu)]


def _best_on_cpu(rows: Sequence[Row]) -> Variant:
    """The precision whose models take least for one image with one face, with one thread; the first
    of those within noise of it, and fp32 is measured first.
    """
    totals: dict[Variant, Sample] = {}
    for row in rows:
        if row.batch == 1 and row.variant.threads == 1 and row.variant.on_cpu:
            before = totals.get(row.variant)
            totals[row.variant] = row.seconds if before is None else _sum(before, row.seconds)
    fastest = min(totals.values(), key=lambda total: total.median)
    return next(variant for variant, total in totals.items() if not fastest.clearly_less(total))


def best_batch(rows: Sequence[Row], variant: Variant) -> int | None:
    """The smallest batch size at which all models together take no more per item than at any other.
    Where that is 1, the largest that costs nothing; None when even the largest of all does not:
    then there is nothing to set.
    """
    mine = [row for row in rows if row.variant == variant]
    totals: dict[int, Sample] = {}
    for size in sorted({row.batch for row in mine}):
        # A model that takes no such batch is given its largest.
        fitting = {row.model: row for row in sorted(mine, key=_batch) if row.batch <= size}
        totals[size] = reduce(_sum, (row.seconds for row in fitting.values()))
    fastest = min(totals.values(), key=lambda total: total.median)
    enough = [size for size, total in totals.items() if not fastest.clearly_less(total)]
    if min(enough) > 1:
        return min(enough)
    return None if max(totals) in enough else max(enough)


def best_workers(rows: Sequence[WorkersRow]) -> WorkersRow:
    """The most workers of those within noise of the fastest, of whatever device: what HTTP costs on
    top of this is shared by them, and not by threads.
    """
    fastest = min(rows, key=lambda row: row.seconds.median).seconds
    enough = [row for row in rows if not fastest.clearly_less(row.seconds)]
    return max(enough, key=lambda row: row.workers)


def _batch(row: Row) -> int:
    return row.batch


def _sum(first: Sample, second: Sample) -> Sample:
    return Sample(
        first.median + second.median,
        first.low + second.low,
        first.high + second.high,
        min(first.count, second.count),
    )
