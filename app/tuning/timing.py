"""Times of several ways to do the same, taken in turns, and when a difference is one."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

K = TypeVar("K")

LEAST_SAMPLE_SECONDS = 0.002
LEAST_ROUNDS = 5
LEAST_DIFFERENCE = 0.03
"""Below this share two medians are called equal even when their spreads do not touch."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Repeated measurements of one number. low, high: the middle half of them lies between."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Sample":
        """At least one value."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0], 1)
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high, len(values))

    @property
    def spread(self) -> float:
        """Width of the middle half as a share of the median."""
        return (self.high - self.low) / self.median if self.median else 0.0

    def clearly_less(self, other: "Sample") -> bool:
        """Whether the middle halves do not touch and the medians differ by more than noise."""
        return self.high < other.low and self.median < other.median * (1 - LEAST_DIFFERENCE)

    def scaled(self, factor: float) -> "Sample":
        """In another unit; factor is positive."""
        return Sample(self.median * factor, self.low * factor, self.high * factor, self.count)


@dataclass(frozen=True, slots=True)
class Work:
    """Something to time. clock: seconds; `time.process_time` where what others do on the machine
    is not to count.
    """

    run: Callable[[], object]
    clock: Callable[[], float] = time.perf_counter


def take_turns(works: Mapping[K, Work], seconds: float) -> dict[K, Sample]:
    """Seconds of one run of each, measured in rounds for about `seconds` in all.

    In rounds, so that what else the machine does meets all of them alike. Every work is run once
    before the clock starts.
    """
    calls = {}
    for key, work in works.items():
        work.run()
        calls[key] = max(1, round(LEAST_SAMPLE_SECONDS / max(_seconds(work, 1), 1e-6)))
    times: dict[K, list[float]] = {key: [] for key in works}
    order = list(works)
    until = time.perf_counter() + seconds
    while min(map(len, times.values())) < LEAST_ROUNDS or time.perf_counter() < until:
        for key in order:
            times[key].append(_seconds(works[key], calls[key]) / calls[key])
        order = order[1:] + order[:1]
    return {key: Sample.of(values) for key, values in times.items()}


def _seconds(work: Work, count: int) -> float:
    started = work.clock()
    for _ in range(count):
        work.run()
    return work.clock() - started
