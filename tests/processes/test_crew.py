"""When a crew is open and when it is ready."""

from app.processes.crew import Crew, WorkerState


def test_opens_when_all_are_ready_and_stays_open() -> None:
    crew = Crew(2)
    assert crew.states == [WorkerState.STARTING, WorkerState.STARTING]
    seen = []
    for index, state in (
        (0, WorkerState.READY),
        (1, WorkerState.READY),
        (1, WorkerState.DOWN),  # the other one serves
        (0, WorkerState.UNREADY),
        (1, WorkerState.READY),
    ):
        crew.note(index, state)
        seen.append((crew.opened, crew.ready))
    assert seen == [(False, False), (True, True), (True, True), (True, False), (True, True)]


def test_numbers_do_not_get_in_each_others_way() -> None:
    crew = Crew(3)
    for index in range(3):
        crew.ledger(index).row(("x",), 1)[0] = index
        for _ in range(index):
            crew.count_closed(index)
        crew.count_replaced()
    assert [crew.closed(index) for index in range(3)] == [0, 1, 2]
    assert [crew.ledger(index).read() for index in range(3)] == [{("x",): [i]} for i in (0, 1, 2)]
    assert crew.replaced == 3
    assert crew.states == [WorkerState.STARTING] * 3
    crew.forget_closed(2)
    assert [crew.closed(index) for index in range(3)] == [0, 1, 0]
