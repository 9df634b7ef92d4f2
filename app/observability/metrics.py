"""What is counted, and how it is read: docs/operations.md says what each name means.

A worker counts into its own ledger from its event loop alone, so counting needs no lock. Whoever is
asked for /metrics adds up the ledgers of all workers.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from app.batching.entries import BatchRecord
from app.observability.observer import RequestRecord
from app.processes.crew import Crew
from app.processes.ledger import Ledger, Name

# Finest where a request of this service spends its time: 1 to 25 ms.
_MS: Final = (0.1, 0.2, 0.5, 1, 2, 3, 4, 6, 8, 12, 16, 25, 50, 100, 250, 500, 1000, 2500, 5000, 1e4)
SECONDS: Final = tuple(ms / 1000 for ms in _MS)
SIZES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
FACES: Final = (0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0)


@dataclass(frozen=True, slots=True)
class Counter:
    """Something that is counted, by the values of its labels."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gauge:
    """Something that each worker has a number of; the sum is shown."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Histogram:
    """Something that is measured. Its row holds a number per bound, one for what is above, and the
    sum.
    """

    name: str
    help: str
    labels: tuple[str, ...]
    bounds: tuple[float, ...]


Family = Counter | Gauge | Histogram

REQUESTS = Counter("mien_requests_total", "Requests that are over.", ("route", "status"))
REFUSALS = Counter("mien_refusals_total", "Requests answered with a problem.", ("code",))
IMAGES = Counter("mien_images_total", "Images of requests that came to be analysed.")
REQUEST_SECONDS = Histogram("mien_request_seconds", "Arrival to answer.", ("route",), SECONDS)
STAGE_SECONDS = Histogram(
    "mien_stage_seconds", "Stages of a request; of several images the slowest.", ("stage",), SECONDS
)
FACES_PER_IMAGE = Histogram("mien_faces_per_image", "Faces answered per image.", (), FACES)
QUEUE_WAIT = Histogram(
    "mien_queue_wait_seconds", "Waiting in a model's queue.", ("model",), SECONDS
)
QUEUE_DEPTH = Gauge("mien_queue_depth", "Items in a model's queue.", ("model",))
BATCH_SIZE = Histogram("mien_batch_size", "Items of one run of a model.", ("model",), SIZES)
BATCH_SECONDS = Histogram("mien_batch_seconds", "One run of a model.", ("model",), SECONDS)

FAMILIES: Final[tuple[Family, ...]] = (
    REQUESTS,
    REQUEST_SECONDS,
    STAGE_SECONDS,
    QUEUE_WAIT,
    QUEUE_DEPTH,
    BATCH_SIZE,
    BATCH_SECONDS,
    IMAGES,
    FACES_PER_IMAGE,
    REFUSALS,
)


class Metrics:
    """An observer that counts into a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._rows: dict[Name, memoryview[float]] = {}
        self._row(IMAGES, 1)  # shown from the start, as 0
        for name in ledger.read():  # in the place of one that died, whose queues are no more
            if name[0] == QUEUE_DEPTH.name:
                self._row(QUEUE_DEPTH, 1, *name[1:])[0] = 0

    def request(self, record: RequestRecord) -> None:
        self._count(REQUESTS, 1, record.route, str(record.status))
        self._observe(REQUEST_SECONDS, record.ms / 1000, record.route)
        for stage, ms in record.stages.items():
            self._observe(STAGE_SECONDS, ms / 1000, stage)
        if record.images:
            self._count(IMAGES, record.images)
        for faces in record.faces_per_image:
            self._observe(FACES_PER_IMAGE, faces)
        if record.code is not None:
            self._count(REFUSALS, 1, record.code)

    def batch(self, record: BatchRecord) -> None:
        self._observe(BATCH_SIZE, record.size, record.name)
        self._observe(BATCH_SECONDS, record.run_seconds, record.name)
        for seconds in record.queue_seconds:
            self._observe(QUEUE_WAIT, seconds, record.name)

    def queues(self, waiting: Mapping[str, int]) -> None:
        """How many items wait in front of each model now."""
        for model, count in waiting.items():
            self._row(QUEUE_DEPTH, 1, model)[0] = count

    def _count(self, counter: Counter, amount: int, *labels: str) -> None:
        self._row(counter, 1, *labels)[0] += amount

    def _observe(self, histogram: Histogram, value: float, *labels: str) -> None:
        row = self._row(histogram, len(histogram.bounds) + 2, *labels)
        row[bisect_left(histogram.bounds, value)] += 1
        row[-1] += value

    def _row(self, family: Family, width: int, *labels: str) -> "memoryview[float]":
        name = (family.name, *labels)
        row = self._rows.get(name)
        if row is None:
            self._rows[name] = row = self._ledger.row(name, width)
        return row


def families(crew: Crew) -> Iterator[Metric]:
    """All that was counted, over all workers, as Prometheus sees it."""
    totals: dict[Name, list[float]] = {}
    for index in range(crew.count):
        for name, numbers in crew.ledger(index).read().items():
            before = totals.get(name)
            totals[name] = (
                [a + b for a, b in zip(before, numbers, strict=True)] if before else numbers
            )
    for family in FAMILIES:
        rows = {name[1:]: numbers for name, numbers in totals.items() if name[0] == family.name}
        yield _metric(family, rows)


def _metric(family: Family, rows: Mapping[Name, Sequence[float]]) -> Metric:
    if isinstance(family, Histogram):
        histogram = HistogramMetricFamily(family.name, family.help, labels=family.labels)
        bounds = [*(f"{bound:g}" for bound in family.bounds), "+Inf"]
        for labels, (*counts, total) in sorted(rows.items()):
            reached, buckets = 0.0, []
            for bound, count in zip(bounds, counts, strict=True):
                reached += count
                buckets.append((bound, reached))
            histogram.add_metric(labels, buckets, total)
        return histogram
    kind = CounterMetricFamily if isinstance(family, Counter) else GaugeMetricFamily
    plain = kind(family.name, family.help, labels=family.labels)
    for labels, (value,) in sorted(rows.items()):
        plain.add_metric(labels, value)
    return plain
