"""Open load: requests come when they come, whatever becomes of the ones before."""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.load import PATIENCE, Callers, Taken, nothing
from benchmarks.wire import Address, Connection, WireError


def open_loop(
    address: Address,
    request: bytes,
    *,
    rate: float,
    seconds: float,
    seed: int = 1,
    server_cpu: Callable[[], float] = nothing,
    most_connections: int = 2048,
) -> Taken:
    """Requests at random times (Poisson), `rate` a second. A latency counts from the time at which
    the request was due, so that a service that stalls is not spared the requests of that time.
    """
    gaps = np.random.default_rng(seed).exponential(1 / rate, max(1, round(rate * seconds)))
    taken, server, client = Taken(), server_cpu(), time.process_time()
    with Callers(address) as connections:
        idle: dict[Connection, None] = {}  # the one used last goes first
        started = time.perf_counter()
        due = (started + np.cumsum(gaps)).tolist()
        sent = under_way = 0
        while sent < len(due) or under_way:
            now = time.perf_counter()
            while sent < len(due) and due[sent] <= now and under_way < most_connections:
                connection = idle.popitem()[0] if idle else connections.new()
                taken.late.append((time.perf_counter() - due[sent]) * 1000)
                connections.send(connection, request, due[sent])
                sent, under_way = sent + 1, under_way + 1
            until = due[sent] - time.perf_counter() if sent < len(due) else PATIENCE
            for connection, answer in connections.answers(max(until, 0.0)):
                if connection in idle:  # it hung up between two requests, as it may
                    del idle[connection]
                    connections.drop(connection)
                    continue
                under_way -= 1
                if isinstance(answer, WireError):
                    taken.failed += 1
                    connections.drop(connection)
                    continue
                taken.add(answer, connection.since)
                if answer.closes:
                    connections.drop(connection)
                else:
                    idle[connection] = None
        taken.seconds = time.perf_counter() - started
    taken.server_cpu = server_cpu() - server
    taken.client_cpu = time.process_time() - client
    return taken
