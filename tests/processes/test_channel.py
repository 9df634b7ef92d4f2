"""The line between the parent and a worker, with both ends in this process."""

import resource
import socket
from collections.abc import Iterator

import pytest

from app.processes.channel import ParentEnd, WorkerEnd

Ends = tuple[ParentEnd, WorkerEnd]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ParentEnd(ours), WorkerEnd(theirs)


def test_connections_come_as_they_were_given(ends: Ends) -> None:
    parent, worker = ends
    caller, connection = socket.socketpair()
    with caller, connection:
        assert parent.give(connection)
        taken: list[socket.socket] = []
        assert worker.take(taken.append)
    (one,) = taken
    with one:
        assert one.fileno() != -1


def test_a_line_without_a_reader_is_no_fault(ends: Ends) -> None:
    parent, _ = ends
    caller, connection = socket.socketpair()
    with caller, connection:
        given = 0
        while parent.give(connection):
            given += 1
        assert 10 < given < 100_000


def test_what_the_system_does_not_hand_over_is_not_given(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_many(*_: object) -> int:
        raise OSError(109, "Too many references: cannot splice")

    parent, _ = ends
    monkeypatch.setattr(socket, "send_fds", too_many)
    caller, connection = socket.socketpair()
    with caller, connection:
        assert not parent.give(connection)


def test_a_connection_for_which_no_descriptor_is_left_is_told(ends: Ends) -> None:
    parent, worker = ends
    caller, connection = socket.socketpair()
    taken: list[socket.socket] = []
    lost = []
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with caller, connection:
        assert parent.give(connection)
        used = max(caller.fileno(), connection.fileno())
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 1, hard))
        spare = []
        try:
            while True:
                spare.append(socket.socket())
        except OSError:
            pass
        try:
            assert worker.take(taken.append, lambda: lost.append(True))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for one in spare:
                one.close()
    assert (taken, lost) == ([], [True])
