"""One worker's place among the others, as the application sees it: what it tells, what it asks."""

import logging
from collections.abc import Callable

from app.processes.channel import News
from app.processes.crew import Crew, WorkerState


class Seat:
    """The place of worker `index`. tell: hands news to the parent process; None where there is
    none, and the worker keeps the crew's board and the log itself.
    """

    def __init__(
        self, crew: Crew, index: int = 0, tell: Callable[[News], None] | None = None
    ) -> None:
        self.crew = crew
        self.ledger = crew.ledger(index)
        self._tell = tell

    @property
    def opened(self) -> bool:
        """Whether this worker may serve once it is ready: no other one is still loading."""
        return self._tell is None or self.crew.opened

    def tell(self, news: News) -> None:
        if self._tell is not None:
            self._tell(news)
            return
        self.crew.note(0, news.state)
        log_news(news)


def log_news(news: News, workers: int = 1) -> None:
    """The one line about a start that matters: the whole service is ready, or why it is not."""
    log = logging.getLogger("mien.start")
    if news.state is WorkerState.READY:
        log.info("ready", extra={"facts": {"models": news.models, "workers": workers}})
    elif news.why:
        log.error("not ready: %s", news.why)
