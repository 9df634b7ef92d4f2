"""Several processes as one service: started, watched over, given their connections, and stopped.

The parent does nothing else and stays a single thread, so that it can fork a new worker at any
time. Workers are forked from it after the libraries are imported and before any of them has
started a thread: what was imported is shared, and a worker that died is back in a fraction of the
time of a first start.
"""

import contextlib
import logging
import selectors
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from time import monotonic

from app.processes.channel import News
from app.processes.crew import Crew, WorkerState
from app.processes.reception import Reception
from app.processes.seat import log_news
from app.processes.worker_process import SIGNALS, Work, WorkerProcess

STOPPING_SECONDS = 5.0
"""What a worker gets for its end, on top of the time it has for its requests."""

_log = logging.getLogger("mien.workers")


class Workers:
    """Runs `crew.count` workers on the listening sockets until a signal ends the service.

    The first one goes ahead and the others follow when it serves, so that a start that cannot
    succeed fails once and says so once.
    """

    def __init__(
        self, crew: Crew, listeners: Sequence[socket.socket], work: Work, drain_seconds: float
    ) -> None:
        self._crew = crew
        self._work = work
        self._patience = drain_seconds + STOPPING_SECONDS
        self._workers = [WorkerProcess(crew, index) for index in range(crew.count)]
        self._selector = selectors.DefaultSelector()
        self._reception = Reception(listeners, self._workers, self._selector)
        self._signals, self._signalled = socket.socketpair()
        self._kill_at: float | None = None  # set from the moment the service is to stop
        self._served = False  # whether any worker ever served
        self._said: set[str] = set()
        self._status = 0

    def run(self) -> int:
        """The exit status: 0 after an orderly end, that of the first worker if it cannot start."""
        self._watch(self._signals, self._hear_signals)
        with _signals_into(self._signalled):
            try:
                self._start(self._workers[0])
                while self._kill_at is None or any(worker.process for worker in self._workers):
                    for key, _ in self._selector.select(self._seconds_until_due()):
                        key.data()
                    self._do_what_is_due()
            finally:
                self._leave()
        return self._status

    def _start(self, worker: WorkerProcess) -> None:
        self._said.clear()
        try:
            worker.start(self._work, self._close_all)
        except OSError as error:  # no memory, or too many processes
            if not self._served:
                raise
            facts = {"worker": worker.index, "starts_again_in_seconds": worker.come_back()}
            _log.error("a worker cannot be started: %s", error, extra={"facts": facts})
            return
        assert worker.process is not None
        assert worker.line is not None
        self._watch(worker.process.sentinel, partial(self._bury, worker))
        self._watch(worker.line, partial(self._hear, worker))

    def _hear(self, worker: WorkerProcess) -> None:
        if worker.line is None:
            return
        try:
            for news in worker.line.news():
                self._take_in(worker, news)
        except EOFError:  # its process is about to end
            self._forget(worker.line)

    def _take_in(self, worker: WorkerProcess, news: News) -> None:
        if not worker.serving:
            worker.serving = True
            self._let_others_follow()
            self._reception.update()
        if news.state is WorkerState.STARTING:  # which has been noted
            return
        was_open = self._crew.opened
        self._crew.note(worker.index, news.state)
        if news.state is WorkerState.UNREADY:
            # All workers load the same files: what is wrong with them is said once.
            if news.why not in self._said:
                self._said.add(news.why)
                log_news(news)
        elif was_open:
            _log.info("a worker is ready again", extra={"facts": {"worker": worker.index}})
        elif self._crew.opened:
            log_news(news, self._crew.count)

    def _let_others_follow(self) -> None:
        if not self._served and self._kill_at is None:
            self._served = True
            for other in self._workers[1:]:
                other.due = monotonic()

    def _bury(self, worker: WorkerProcess) -> None:
        self._hear(worker)  # what it said last
        assert worker.process is not None
        self._forget(worker.process.sentinel)
        if worker.line is not None:
            self._forget(worker.line)
        pid, status = worker.process.pid, worker.bury()
        if self._kill_at is not None:
            self._status = self._status or (0 if status == 0 else 1)
            return
        self._reception.update()
        if not self._served:
            self._status = status if status > 0 else 1
            self._stop()
            return
        self._crew.count_replaced()
        ended = f"status {status}" if status >= 0 else signal.Signals(-status).name
        who = {"worker": worker.index, "pid": pid, "ended_by": ended}
        facts = who | {"starts_again_in_seconds": worker.come_back()}
        _log.error("a worker has ended and is started again", extra={"facts": facts})

    def _seconds_until_due(self) -> float | None:
        moments = [*(worker.due for worker in self._workers), self._reception.due, self._kill_at]
        known = [moment for moment in moments if moment is not None]
        return max(0.0, min(known) - monotonic()) if known else None

    def _do_what_is_due(self) -> None:
        now = monotonic()
        for worker in self._workers:
            if worker.due is not None and worker.due <= now:
                self._start(worker)
        if self._reception.due is not None and self._reception.due <= now:
            self._reception.resume()
        if self._kill_at is not None and self._kill_at <= now:
            self._kill("it did not end in time")

    def _hear_signals(self) -> None:
        for number in self._signals.recv(64):
            if self._kill_at is None:
                self._stop()
            elif number == signal.SIGINT:
                self._kill("the service was interrupted twice")

    def _stop(self) -> None:
        """Let nobody else in, and the workers finish what they have."""
        self._kill_at = monotonic() + self._patience
        self._reception.close()
        for worker in self._workers:
            worker.due = None
            if worker.line is not None:
                worker.line.stop()

    def _kill(self, why: str) -> None:
        self._kill_at = monotonic() + STOPPING_SECONDS
        for worker in self._workers:
            if worker.process is not None:
                facts = {"worker": worker.index, "pid": worker.process.pid}
                _log.error("a worker is killed: %s", why, extra={"facts": facts})
                worker.process.kill()

    def _watch(self, what: object, then: Callable[[], None]) -> None:
        self._selector.register(what, selectors.EVENT_READ, then)  # type: ignore[arg-type]

    def _forget(self, what: object) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(what)  # type: ignore[arg-type]

    def _leave(self) -> None:
        """Leave no process behind, whatever happened: a worker ends when its line does."""
        for worker in self._workers:
            worker.hang_up()
            if worker.process is not None:
                worker.process.join(self._patience)
                worker.process.kill()
                worker.bury()
        self._close_all()

    def _close_all(self) -> None:
        """What nothing needs in the end, and no worker may inherit."""
        for worker in self._workers:
            worker.hang_up()
        self._reception.drop()
        for one in (self._signals, self._signalled, self._selector):
            one.close()


@contextmanager
def _signals_into(line: socket.socket) -> Iterator[None]:
    """Write the number of each signal into `line`, where the selector finds it."""
    line.setblocking(False)
    wakeup = signal.set_wakeup_fd(line.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, lambda *_: None) for number in SIGNALS}
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
