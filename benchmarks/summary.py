"""Several rounds of one number -> the middle and how far the rounds lie apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Spread:
    """Over the rounds: the median, and the least and largest."""

    median: float
    least: float
    largest: float
    rounds: int

    def text(self, digits: int = 2) -> str:
        """As a cell of a table."""
        if self.rounds == 1:
            return f"{self.median:.{digits}f}"
        return f"{self.median:.{digits}f} [{self.least:.{digits}f}, {self.largest:.{digits}f}]"


def spread(values: Sequence[float]) -> Spread:
    """Of at least one value."""
    return Spread(float(np.median(values)), min(values), max(values), len(values))


def percentile(values: Sequence[float], share: float) -> float:
    """share: 0..100. NaN of nothing."""
    return float(np.percentile(values, share)) if len(values) else float("nan")
