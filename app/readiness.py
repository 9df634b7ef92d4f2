"""Whether the service may answer, and if not why: one value that start-up fills."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from app.errors import NotReady

T = TypeVar("T")

# What stands before the last two parts of a path: /srv/models/detector/card.json keeps
# detector/card.json.
_FOLDERS = re.compile(r"[^\s'\"(]*[/\\](?=[^\s/\\]+[/\\][^\s/\\])")


class Readiness(Generic[T]):
    """Holds what answers requests (an analyzer) once it is loaded and has passed its self-test.

    reason: why it is not ready, for /readyz and for refused requests; None when it is. opened:
    whether the service as a whole may answer, of which this may be one worker of several.
    """

    def __init__(self, reason: str, opened: Callable[[], bool] = lambda: True) -> None:
        self.reason: str | None = reason
        self._value: T | None = None
        self._opened = opened

    @property
    def value(self) -> T | None:
        """The value, if it is there, whether or not it may be used yet."""
        return self._value

    def get(self) -> T:
        """The value. NotReady, with the reason, as long as there is none."""
        if self._value is None:
            raise NotReady(f"{self.reason}", retry_after=5)
        if not self._opened():
            raise NotReady(
                "Other workers of the service are still being loaded. Try again in some seconds.",
                retry_after=5,
            )
        return self._value

    def set_ready(self, value: T) -> None:
        self._value, self.reason = value, None

    def set_unready(self, reason: str) -> None:
        self._value, self.reason = None, reason


def without_folders(reason: str, models_dir: Path) -> str:
    """The reason for everybody: which model and file, but not where on this machine."""
    return _FOLDERS.sub("", reason.replace(str(models_dir), ""))
