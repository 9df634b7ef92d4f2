"""Which of the measured settings to take: the fastest, or the simplest of those within noise."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.tuning.sessions import Row
from app.tuning.timing import Sample
from app.tuning.variants import Variant


@dataclass(frozen=True, slots=True)
class WorkersRow:
    """seconds: per image, all workers together. cpu_ms: of one image. megabytes: of one worker."""

    workers: int
    threads: int
    seconds: Sample
    cpu_ms: float
    megabytes: float


def best_variant(rows: Sequence[Row]) -> Variant:
    """The device and precision whose models take least for one image with one face, with one
    thread; the first of those within noise of it, and the CPU in fp32 is measured first.
    """
    totals: dict[Variant, Sample] = {}
    for row in rows:
        if row.batch == 1 and row.variant.threads == 1:
            before = totals.get(row.variant)
            totals[row.variant] = row.seconds if before is None else _sum(before, row.seconds)
    fastest = min(totals.values(), key=lambda total: total.median)
    return next(variant for variant, total in totals.items() if not fastest.clearly_less(total))


def best_batch(rows: Sequence[Row], variant: Variant) -> int | None:
    """The smallest batch size that no other clearly beats per item, for the model that gains most
    from a larger one. None when none gains: then there is nothing to set.
    """
    best = 1
    for model in dict.fromkeys(row.model for row in rows):
        mine = [row for row in rows if row.model == model and row.variant == variant]
        fastest = min(mine, key=lambda row: row.seconds.median).seconds
        enough = [row.batch for row in mine if not fastest.clearly_less(row.seconds)]
        best = max(best, min(enough))
    return best if best > 1 else None


def best_workers(rows: Sequence[WorkersRow]) -> WorkersRow:
    """The most workers of those within noise of the fastest: what HTTP costs on top of this is
    shared by them, and not by threads.
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
