"""One server: started, checked, measured by several numbers of callers, stopped."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import wire
from benchmarks.closed_loop import closed_loop
from benchmarks.pictures import Picture
from benchmarks.pipeline import difference, faces_of
from benchmarks.service import Launch, Service

CLOSE = 0.011  # numbers are rounded to two digits; builds of a library may differ in the last


class WrongAnswerError(Exception):
    """A server answers other numbers than our pipeline."""


@dataclass(frozen=True, slots=True)
class Run:
    """One server in one round, by one number of callers. memory: MB, what is shared counted once,
    after the load. ready: seconds from the start.
    """

    callers: int
    rate: float
    p50: float
    p99: float
    cpu_ms: float
    client_cpu_ms: float
    failed: int
    ready: float
    memory: float


def runs(
    launch: Launch, picture: Picture, expected: list[object], callers: Sequence[int], seconds: float
) -> list[Run]:
    """One round of one server. WrongAnswerError, ServiceError, LoadError."""
    with Service(launch, picture.jpeg) as service:
        _, text = service.ask(picture.jpeg)
        if (apart := difference(faces_of(text), expected)) > CLOSE:
            raise WrongAnswerError(f"{launch.title} answers other numbers, by {apart:g}")
        request = wire.post(launch.path, picture.jpeg, "image/jpeg")
        # All of its processes must have met their first request.
        closed_loop(service.address, request, callers=max(callers), seconds=seconds / 2)
        found = []
        for count in callers:
            taken = closed_loop(
                service.address,
                request,
                callers=count,
                seconds=seconds,
                warm_up=seconds / 5,
                server_cpu=service.cpu_seconds,
            )
            found.append(
                Run(
                    count,
                    taken.rate,
                    taken.quantile(50),
                    taken.quantile(99),
                    taken.server_cpu_ms,
                    taken.client_cpu_ms,
                    taken.failed + len(taken.refused),
                    service.ready_seconds,
                    service.proportional_mb(),
                )
            )
        return found
