"""The load generators count what a service of known behaviour did."""

import math

import pytest

from benchmarks import wire
from benchmarks.closed_loop import closed_loop
from benchmarks.load import LoadError, Taken
from benchmarks.open_loop import open_loop
from tests.benchmarks.fake_service import BUSY, OK, Behaviour, answer, serving

REQUEST = wire.post("/analyze", b"x" * 300_000, "image/jpeg")


def test_each_caller_keeps_its_connection_and_sends_the_whole_request() -> None:
    behaviour = Behaviour([OK])
    with serving(behaviour) as address:
        taken = closed_loop(address, REQUEST, callers=3, seconds=60, most=150)
    assert len(taken.answered) >= 150
    assert (len(taken.refused), taken.failed) == (0, 0)
    assert behaviour.connections == 3
    assert set(behaviour.requests) == {REQUEST}


def test_refusals_and_failures_are_no_answers() -> None:
    with serving(Behaviour([OK, BUSY, answer(422), answer(503)])) as address:
        taken = closed_loop(address, REQUEST, callers=1, seconds=60, most=8)
    # The first answer starts the clock.
    assert (len(taken.answered), len(taken.refused), taken.failed) == (2, 4, 2)
    assert taken.retry_after == 2
    assert taken.rate == pytest.approx(len(taken.answered) / taken.seconds)


def test_latency_and_server_time_are_those_of_the_counted_part() -> None:
    clock = iter([5.0, 7.5])
    with serving(Behaviour([OK], delay=0.02)) as address:
        taken = closed_loop(
            address, REQUEST, callers=1, seconds=60, most=5, server_cpu=lambda: next(clock)
        )
    assert min(taken.answered) >= 20
    assert taken.quantile(50) >= 20
    assert taken.server_cpu == 2.5
    assert taken.server_cpu_ms == 500
    assert taken.client_cpu > 0


def test_a_slow_service_is_waited_for() -> None:
    with serving(Behaviour([OK], delay=0.05)) as address:
        taken = closed_loop(address, REQUEST, callers=2, seconds=0.01)
    assert taken.count >= 2


def test_a_closed_load_ends_with_the_service() -> None:
    with serving(Behaviour([OK, None])) as address, pytest.raises(LoadError, match="hung up"):
        closed_loop(address, REQUEST, callers=1, seconds=60)
    with pytest.raises(LoadError, match="cannot be reached"):
        closed_loop(address, REQUEST, callers=1, seconds=60)


def test_an_answer_that_closes_ends_a_closed_load() -> None:
    closing = answer(200, b"", b"Connection: close")
    with serving(Behaviour([closing])) as address, pytest.raises(LoadError, match="closes"):
        closed_loop(address, REQUEST, callers=1, seconds=60)


def test_an_open_load_sends_all_requests_whatever_becomes_of_them() -> None:
    behaviour = Behaviour([OK, BUSY, None, answer(200, b"", b"Connection: close")])
    with serving(behaviour) as address:
        taken = open_loop(address, REQUEST, rate=400, seconds=0.1)
    assert len(behaviour.requests) == 40
    assert (len(taken.answered), len(taken.refused), taken.failed) == (20, 10, 10)
    assert taken.retry_after == 10
    assert len(taken.late) == 40


def test_an_open_load_counts_from_when_a_request_was_due() -> None:
    """One connection at a time: what waits for it waits at the service's expense."""
    with serving(Behaviour([OK], delay=0.02)) as address:
        taken = open_loop(address, REQUEST, rate=1000, seconds=0.01, most_connections=1)
    assert len(taken.answered) == 10
    # The last of ten is due after some 10 ms and answered after 200.
    assert max(taken.answered) > 100


def test_a_kept_connection_may_end_between_requests() -> None:
    behaviour = Behaviour([OK], hangs_up=True)
    with serving(behaviour) as address:
        taken = open_loop(address, REQUEST, rate=10, seconds=0.5)
    assert (len(taken.answered), taken.failed) == (5, 0)
    assert behaviour.connections == 5


def test_rates_of_nothing() -> None:
    taken = Taken()
    assert (taken.rate, taken.server_cpu_ms, taken.count) == (0, 0, 0)
    assert math.isnan(taken.quantile(99))
