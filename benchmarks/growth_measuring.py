"""What `benchmarks.growth` measures: requests of many images, memory, overload, the start."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import wire
from benchmarks.closed_loop import closed_loop
from benchmarks.load import Taken
from benchmarks.open_loop import open_loop
from benchmarks.pictures import Picture
from benchmarks.service import Launch, Service
from benchmarks.summary import percentile

CALLERS = 8
FULL = 32  # callers that use all of the capacity
LOADS = (0.8, 2.0)
_SAMPLES = 50
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Batch:
    """One request of so many images in one round, ms of an image."""

    images: int
    milliseconds: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Memory:
    """MB resident. together: of all processes, each with all that it has; proportional: what they
    share counted once, which other programs that share the libraries change; largest: of one.
    """

    requests: int
    together: float
    proportional: float
    largest: float


@dataclass(frozen=True, slots=True)
class Overload:
    """One load in one round. load: of the capacity. Rates in requests a second, the rest in ms.
    late: how late this client was, 99 of 100 requests. told: share of the refusals that say when
    to come again.
    """

    load: float
    capacity: float
    offered: float
    answered: float
    refused: int
    failed: int
    p50: float
    p99: float
    refusal_p50: float
    refusal_p99: float
    told: float
    late: float
    client_cpu_ms: float


def batches(
    service: Service, picture: Picture, images: Sequence[int], seconds: float
) -> list[Batch]:
    """Every size once, one caller."""
    found = []
    for count in images:
        body, content_type = wire.multipart([picture.jpeg] * count)
        taken = closed_loop(
            service.address,
            wire.post(service.launch.path, body, content_type),
            callers=1,
            seconds=seconds,
            warm_up=seconds / 10,
            server_cpu=service.cpu_seconds,
        )
        found.append(Batch(count, taken.quantile(50) / count, taken.server_cpu_ms / count))
    return found


def memory(service: Service, request: bytes, requests: int) -> list[Memory]:
    """Sampled while so many requests are answered; the first sample is after a twentieth of them
    more, which fill what is filled once.
    """
    closed_loop(
        service.address, request, callers=CALLERS, seconds=_HOUR, most=max(1, requests // 20)
    )
    samples = [_sample(service, 0)]
    steps = np.linspace(0, requests, min(_SAMPLES, requests) + 1).astype(int).tolist()
    for done, then in itertools.pairwise(steps):
        closed_loop(service.address, request, callers=CALLERS, seconds=_HOUR, most=then - done)
        samples.append(_sample(service, then))
    return samples


def growth(samples: Sequence[Memory]) -> float:
    """Share by which the memory of the last fifth of the samples is above that of the first."""
    part = max(1, len(samples) // 5)
    together = [one.together for one in samples]
    return float(np.median(together[-part:]) / np.median(together[:part])) - 1


def overload(service: Service, request: bytes, seconds: float, seed: int) -> list[Overload]:
    """The capacity, then each of `LOADS` of it."""
    full = closed_loop(service.address, request, callers=FULL, seconds=seconds, warm_up=seconds / 5)
    found = []
    for load in LOADS:
        rate = full.rate * load
        taken = open_loop(service.address, request, rate=rate, seconds=2 * seconds, seed=seed)
        found.append(_overload(load, full.rate, rate, taken))
    return found


def _overload(load: float, capacity: float, offered: float, taken: Taken) -> Overload:
    refused = len(taken.refused)
    return Overload(
        load,
        capacity,
        offered,
        taken.rate,
        refused,
        taken.failed,
        taken.quantile(50),
        taken.quantile(99),
        percentile(taken.refused, 50),
        percentile(taken.refused, 99),
        taken.retry_after / refused if refused else 1.0,
        percentile(taken.late, 99),
        taken.client_cpu_ms,
    )


def _sample(service: Service, requests: int) -> Memory:
    resident = service.resident_mb()
    return Memory(requests, sum(resident), service.proportional_mb(), max(resident))


def start(launch: Launch, picture: Picture) -> tuple[float, float]:
    """Seconds to readiness, and MB of the largest process then."""
    with Service(launch, picture.jpeg) as service:
        return service.ready_seconds, max(service.resident_mb())
