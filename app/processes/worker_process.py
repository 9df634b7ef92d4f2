"""One worker: its place in the crew, the process that fills it now, and the line to it."""

import multiprocessing
import signal
import socket
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from time import monotonic

from app.processes.channel import ParentEnd, WorkerEnd
from app.processes.crew import Crew, WorkerState

Work = Callable[[int, WorkerEnd], int]
"""What a worker does with its index and its end of the line, until it ends with a status."""

SIGNALS = (signal.SIGTERM, signal.SIGINT)
_LONGEST_PAUSE = 10.0  # seconds before a worker that does not live is started again
_SOUND = 30.0  # seconds after which a worker that ends was none of those


class WorkerProcess:
    """Worker `index` of the crew.

    Attributes:
        process, line: None where there is none now.
        serving: whether this process has said that it serves its connections.
        due: when (time.monotonic) it is to be started again; None when it is not.
    """

    def __init__(self, crew: Crew, index: int) -> None:
        self.index = index
        self.process: BaseProcess | None = None
        self.line: ParentEnd | None = None
        self.serving = False
        self.due: float | None = None
        self._crew = crew
        self._given = 0
        self._started = 0.0
        self._early_deaths = 0

    @property
    def ready(self) -> bool:
        return self._crew.state(self.index) is WorkerState.READY

    @property
    def connections(self) -> int:
        """How many it has, those on their way to it included."""
        return self._given - self._crew.closed(self.index)

    def start(self, work: Work, close_others: Callable[[], None]) -> None:
        """Fork it. close_others: what its process must not keep open."""
        self._crew.forget_closed(self.index)
        self._crew.note(self.index, WorkerState.STARTING)
        self._given, self.serving, self.due, self._started = 0, False, None, monotonic()
        ours, theirs = socket.socketpair()
        self.line = ParentEnd(ours)

        def run() -> None:
            # What the terminal or the container's manager sends to everybody is for the parent.
            signal.set_wakeup_fd(-1)
            for number in SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            close_others()
            sys.exit(work(self.index, WorkerEnd(theirs)))

        fork = multiprocessing.get_context("fork")
        self.process = fork.Process(target=run, name=f"worker {self.index}")
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            self.process.start()
        except OSError:
            self.process = None
            self.hang_up()
            self._crew.note(self.index, WorkerState.DOWN)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            theirs.close()

    def give(self, connection: socket.socket) -> bool:
        """Hand a connection over; False when it cannot take one now."""
        if self.line is None or not self.line.give(connection):
            return False
        self._given += 1
        return True

    def bury(self) -> int:
        """The process has ended: its exit status, negative for a signal."""
        assert self.process is not None
        self.process.join()
        status = self.process.exitcode
        self.process.close()
        self.process, self.serving = None, False
        self.hang_up()
        self._crew.note(self.index, WorkerState.DOWN)
        return 0 if status is None else status

    def come_back(self) -> float:
        """Plan the next start; the seconds until then. More for one that keeps dying young."""
        lived = monotonic() - self._started
        self._early_deaths = 0 if lived > _SOUND else self._early_deaths + 1
        early = self._early_deaths
        pause = 0.0 if early <= 1 else min(_LONGEST_PAUSE, 0.25 * 2.0 ** min(early, 10))
        self.due = monotonic() + pause
        return pause

    def hang_up(self) -> None:
        if self.line is not None:
            self.line.close()
            self.line = None
