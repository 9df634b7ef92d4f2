"""Which of the measured settings to take: the fastest, or the simplest of those within noise."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    """The smallest batch size that no other clearly beats per item, for the model that gains most
    from a larger one. Where none gains, the largest that costs none of them anything; None when all
    do: then there is nothing to set.
    """
    mine = [row for row in rows if row.variant == variant]
    sizes = {row.batch for row in mine}
    gains, harmless = 1, set(sizes)
    for model in dict.fromkeys(row.model for row in mine):
        own = [row for row in mine if row.model == model]
        fastest = min(own, key=lambda row: row.seconds.median).seconds
        slow = {row.batch for row in own if fastest.clearly_less(row.seconds)}
        gains = max(gains, min({row.batch for row in own} - slow))
        harmless -= slow
    if gains > 1:
        return gains
    return None if max(sizes) in harmless else max(harmless)


def best_workers(rows: Sequence[WorkersRow]) -> WorkersRow:
    """The most workers of those within noise of the fastest, of whatever device: what HTTP costs on
    top of this is shared by them, and not by threads.
    """
    fastest = min(rows, key=lambda row: row.seconds.median).seconds
    enough = [row for row in rows if not fastest.clearly_less(row.seconds)]
    return max(enough, key=lambda row: row.workers)


def _sum(first: Sample, second: Sample) -> Sample:
    return Sample(
        first.median + second.median,
        first.low + second.low,
        first.high + second.high,
        min(first.count, second.count),
    )
