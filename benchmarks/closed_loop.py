"""Closed load: each of some callers sends its next request as soon as it has its answer."""

import time
from collections.abc import Callable

from benchmarks.load import Callers, LoadError, Taken, nothing
from benchmarks.wire import Address, WireError


def closed_loop(
    address: Address,
    request: bytes,
    *,
    callers: int,
    seconds: float,
    warm_up: float = 0.0,
    server_cpu: Callable[[], float] = nothing,
    most: int | None = None,
) -> Taken:
    """So many callers for so long, or until `most` requests are answered; counted after `warm_up`.
    A slow service is given longer: until as many answers are counted as there are callers.

    Raises:
        LoadError: the service hung up, or answered nothing for a minute.
    """
    taken = Taken()
    with Callers(address) as connections:
        now = time.perf_counter()
        begin, end = now + warm_up, now + warm_up + seconds
        clocks: tuple[float, float, float] | None = None
        for _ in range(callers):
            connections.send(connections.new(), request, now)
        while (now < end or taken.count < callers) and (most is None or taken.count < most):
            for connection, answer in connections.answers():
                if isinstance(answer, WireError):
                    raise LoadError(f"the service hung up: {answer}") from answer
                now = answer.at
                if clocks is None and now >= begin:
                    clocks = (time.perf_counter(), server_cpu(), time.process_time())
                elif clocks is not None:
                    taken.add(answer, connection.since)
                if answer.closes:
                    raise LoadError(f"the service closes connections (status {answer.status})")
                connections.send(connection, request, time.perf_counter())
            now = time.perf_counter()
        if clocks is not None:
            taken.seconds = now - clocks[0]
            taken.server_cpu = server_cpu() - clocks[1]
            taken.client_cpu = time.process_time() - clocks[2]
    return taken
