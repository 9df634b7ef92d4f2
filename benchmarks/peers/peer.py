"""What every detector of the comparison looks like to its worker."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class About:
    """One detector in words, for the report. threshold: of a score, as its authors set it."""

    title: str
    version: str
    licence: str
    input: str
    threshold: str


@dataclass(frozen=True, slots=True)
class FoundBoxes:
    """boxes: (N, 4) x, y, width, height in image pixels, pixel centres at integers. scores: (N,)"""

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]


class Peer(Protocol):
    """A detector that is ready to run on one thread."""

    about: About

    def detect(self, image: NDArray[np.uint8], *, curve: bool = False) -> FoundBoxes:
        """The faces of an RGB image (H, W, 3), at the detector's default threshold.

        curve: down to very low scores, for a precision-recall curve.
        """
        ...


def found_boxes(rows: list[tuple[float, float, float, float, float]]) -> FoundBoxes:
    """From rows of x, y, width, height, score."""
    values = np.array(rows, np.float64).reshape(-1, 5)
    return FoundBoxes(values[:, :4], values[:, 4])
