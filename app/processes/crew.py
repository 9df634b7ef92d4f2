"""What the workers of one service share: who is ready, and what each has counted.

All of it is anonymous shared memory, made before the first worker is forked: no file, no name and
no lock, so it works where nothing can be written. Each number has one writer. A service of one
process has a crew of one, which differs in nothing but its size.
"""

import mmap
from enum import IntEnum
from typing import Final

from app.processes.ledger import LEDGER_BYTES, Ledger

_PAGE: Final = 4096
_OPENED, _REPLACED, _FIRST = 0, 1, 2
_OF_ONE: Final = 2  # numbers of a worker: its state, the connections it has closed


class WorkerState(IntEnum):
    """Where a worker stands. DOWN: it ended and is not back yet."""

    DOWN = 0
    STARTING = 1
    READY = 2
    UNREADY = 3


class Crew:
    """The shared memory of `count` workers.

    The states are written by the process that watches over the workers (by the only one, where
    there is one); ledgers and closed connections by the worker they belong to.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        words = _FIRST + _OF_ONE * count
        header = -(-words * 8 // _PAGE) * _PAGE
        memory = memoryview(mmap.mmap(-1, header + count * LEDGER_BYTES))
        self._board = memory[:header].cast("d")
        self._ledgers = [
            memory[start : start + LEDGER_BYTES]
            for start in range(header, header + count * LEDGER_BYTES, LEDGER_BYTES)
        ]
        for index in range(count):
            self.note(index, WorkerState.STARTING)

    def ledger(self, index: int) -> Ledger:
        """A view of one worker's counts; only that worker may write through it."""
        return Ledger(self._ledgers[index])

    @property
    def states(self) -> list[WorkerState]:
        return [self.state(index) for index in range(self.count)]

    def state(self, index: int) -> WorkerState:
        return WorkerState(int(self._board[_state(index)]))

    def note(self, index: int, state: WorkerState) -> None:
        """A worker has come to this state. The crew opens when all are ready for the first time."""
        self._board[_state(index)] = state
        if all(state is WorkerState.READY for state in self.states):
            self._board[_OPENED] = 1

    @property
    def opened(self) -> bool:
        """Whether all workers were ready once. A worker that is replaced later closes nothing."""
        return self._board[_OPENED] > 0

    @property
    def ready(self) -> bool:
        """Whether requests are answered: opened, and at least one worker is ready now."""
        return self.opened and WorkerState.READY in self.states

    @property
    def replaced(self) -> int:
        """Workers that ended by themselves and were started again."""
        return int(self._board[_REPLACED])

    def count_replaced(self) -> None:
        self._board[_REPLACED] += 1

    def closed(self, index: int) -> int:
        """Connections that this worker was given and that are over."""
        return int(self._board[_closed(index)])

    def count_closed(self, index: int) -> None:
        self._board[_closed(index)] += 1

    def forget_closed(self, index: int) -> None:
        """Its connections died with it."""
        self._board[_closed(index)] = 0


def _state(index: int) -> int:
    return _FIRST + _OF_ONE * index


def _closed(index: int) -> int:
    return _FIRST + _OF_ONE * index + 1
