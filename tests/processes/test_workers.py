"""Several processes as one service: real ones, around a tiny application."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.tiny_workers import Program, answer, ask, program, until

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Program]:
    with program(tmp_path) as running:
        until(lambda: running.get()["opened"])
        yield running


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("count", [2, 8, 32])
def test_connections_are_spread_evenly(service: Program, count: int) -> None:
    with ExitStack() as stack:
        connections = [stack.enter_context(service.connect()) for _ in range(count)]
        for connection in connections:
            ask(connection)
        found = Counter(answer(connection)["pid"] for connection in connections)
    assert sorted(found.values()) == [count // 2, count // 2]


def test_closed_connections_make_room(service: Program) -> None:
    with ExitStack() as stack:
        connections = [stack.enter_context(service.connect()) for _ in range(8)]
        pids = []
        for connection in connections:
            ask(connection)
            pids.append(answer(connection)["pid"])
        one, other = sorted(set(pids))
        for connection, pid in zip(connections, pids, strict=True):
            if pid == one:
                connection.close()

        def next_pid() -> int:
            more = stack.enter_context(service.connect())
            ask(more)
            return int(answer(more)["pid"])

        until(lambda: next_pid() == one)  # once it has noticed the first that was closed
        found = Counter(next_pid() for _ in range(3))
        assert found[one] >= 2, "what has closed makes room for more"
        assert set(found) <= {one, other}


def test_a_worker_that_dies_is_replaced_and_its_counts_remain(service: Program) -> None:
    with service.connect() as kept, service.connect() as lost:
        ask(lost)
        victim = answer(lost)["pid"]
        ask(kept)
        before = answer(kept)
        if before["pid"] == victim:
            pytest.fail("both connections are served by one worker")
        os.kill(victim, signal.SIGKILL)
        seen = []

        def back() -> bool:
            ask(kept)
            seen.append(answer(kept))
            told = seen[-1]
            return bool(told["replaced"] == 1 and told["states"] == ["READY", "READY"])

        until(back)
        # The other one has served all the while, and the service stayed open.
        assert {told["pid"] for told in seen} == {before["pid"]}
        assert all(told["opened"] for told in seen)
        requests = [told["requests"] for told in (before, *seen)]
        assert requests == sorted(requests)
        assert requests[-1] == requests[0] + len(seen)
        new = service.get()["pid"]
        assert new not in (victim, before["pid"])
    (line,) = [line for line in service.logged() if line["level"] == "error"]
    assert (line["pid"], line["ended_by"]) == (victim, "SIGKILL")


def test_a_request_under_way_is_answered_at_the_end(service: Program) -> None:
    with ExitStack() as stack:
        busy = [stack.enter_context(service.connect()) for _ in range(8)]
        idle = stack.enter_context(service.connect())
        ask(idle)
        assert not answer(idle)["close"]
        for connection in busy:
            ask(connection, "/wait")
        before = service.get()["requests"]
        assert before >= 2
        service.process.send_signal(signal.SIGTERM)
        assert all(answer(connection)["close"] for connection in busy)
        # A connection that was idle at that moment may be one whose next request is on its way.
        ask(idle)
        assert answer(idle)["close"]
    assert service.process.wait(20) == 0
    assert [line for line in service.logged() if line["level"] == "error"] == []


def test_who_has_connected_is_answered_at_the_end(service: Program) -> None:
    """Even when neither the parent had accepted them nor a worker had time for them."""
    with ExitStack() as stack:
        for _ in range(2):
            ask(stack.enter_context(service.connect()), "/block")
        service.process.send_signal(signal.SIGSTOP)
        waiting = [stack.enter_context(service.connect()) for _ in range(100)]
        for connection in waiting:
            ask(connection)
        service.process.send_signal(signal.SIGTERM)
        service.process.send_signal(signal.SIGCONT)
        assert len([answer(connection) for connection in waiting]) == 100
    assert service.process.wait(20) == 0


def test_no_answer_is_lost_when_it_ends_under_load(service: Program) -> None:
    answered, lost = [], []
    # Who connects after the end is not a caller that was lost.
    all_connected = threading.Barrier(8)

    def client() -> None:
        with service.connect() as connection:
            all_connected.wait(20)
            while True:
                ask(connection)
                try:
                    told = answer(connection)
                except ConnectionError as error:
                    lost.append(error)
                    return
                answered.append(told)
                if told["close"]:
                    return

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: len(answered) > 50)
    service.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join(20)
    assert lost == []
    assert len({told["pid"] for told in answered}) == 2
    assert service.process.wait(20) == 0


def test_workers_obey_the_parent_alone(service: Program) -> None:
    """A terminal and some managers send their signal to every process of the service."""
    told = service.get()
    os.kill(told["pid"], signal.SIGINT)
    os.kill(told["pid"], signal.SIGTERM)
    with service.connect() as connection:
        ask(connection, "/wait")
        assert answer(connection)["parent"] == service.process.pid
    assert service.get()["replaced"] == 0
    assert alive(told["pid"])


def test_workers_do_not_outlive_the_parent(service: Program) -> None:
    with ExitStack() as stack:
        connections = [stack.enter_context(service.connect()) for _ in range(2)]
        for connection in connections:
            ask(connection)
        pids = {answer(connection)["pid"] for connection in connections}
    assert len(pids) == 2
    service.process.send_signal(signal.SIGKILL)
    service.process.wait(20)
    until(lambda: not any(alive(pid) for pid in pids))


def test_a_start_that_cannot_succeed_fails_once(tmp_path: Path) -> None:
    with program(tmp_path, "refuse") as refusing:
        assert refusing.process.wait(20) == 3
        assert refusing.errors.read_text() == "worker 0 cannot start\n"
