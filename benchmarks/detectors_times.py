"""How long one picture takes each detector, taken in turns, for `benchmarks.detectors`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.client import PeerClient
from training.statistics import bootstrap

_RUNS = 5


@dataclass(frozen=True, slots=True)
class Time:
    """Of one picture, in ms. ratio: median over the rounds of this detector's time over the first
    one's in the same round; n: rounds.
    """

    detector: str
    least: float
    median: float
    ratio: float
    ratio_interval95: tuple[float, float]
    n: int


def measure(clients: Sequence[PeerClient], image: Path, rounds: int) -> list[Time]:
    """Each round asks every detector in turn, so that whatever else the machine does meets all."""
    taken = np.array(
        [[client.time(image, _RUNS) for client in clients] for _ in range(rounds)]
    )  # (rounds, detectors, runs)
    return [time_of(client.name, taken, index) for index, client in enumerate(clients)]


def time_of(name: str, taken: NDArray[np.float64], index: int) -> Time:
    """taken: (rounds, detectors, runs) ms."""
    by_round = np.median(taken, axis=2)
    ratios = by_round[:, index] / by_round[:, 0]
    return Time(
        detector=name,
        least=float(taken[:, index].min()),
        median=float(np.median(taken[:, index])),
        ratio=float(np.median(ratios)),
        ratio_interval95=bootstrap(ratios, lambda drawn: float(np.median(drawn))),
        n=len(ratios),
    )
