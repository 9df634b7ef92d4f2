"""The fair queue beside a slow model of it: lists, and whose turn it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.batching.fair_queue import FairQueue

# (caller, item) puts; None takes.
STEPS = st.lists(st.one_of(st.none(), st.tuples(st.sampled_from("abc"), st.integers(0, 99))))


@given(STEPS)
def test_callers_take_turns_and_nothing_is_lost(steps: list[tuple[str, int] | None]) -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue()
    waiting: list[tuple[str, int]] = []
    turns: list[str] = []
    for step in steps:
        if step is not None:
            queue.put(step, step[0])
            waiting.append(step)
            if step[0] not in turns:
                turns.append(step[0])
        elif waiting:
            caller = turns.pop(0)
            expected = next(entry for entry in waiting if entry[0] == caller)
            waiting.remove(expected)
            if any(entry[0] == caller for entry in waiting):
                turns.append(caller)
            assert queue.take() == expected
        else:
            with pytest.raises(LookupError):
                queue.take()
        assert len(queue) == len(waiting)


def test_keeping_some() -> None:
    queue: FairQueue[int] = FairQueue()
    for item in range(6):
        queue.put(item, item % 2)
    queue.keep(lambda item: item not in {0, 1, 4})
    assert [queue.take() for _ in range(len(queue))] == [2, 3, 5]
    queue.put(7, "a")
    queue.keep(lambda item: item != 7)
    assert len(queue) == 0
