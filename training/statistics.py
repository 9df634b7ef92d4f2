"""Intervals around measured numbers: no number is published without n and how sure it is."""

from collections.abc import Callable, Hashable, Sequence
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

Interval = tuple[float, float]

_CHUNK = 4_000_000  # resampled values held at once, so that 10,000 faces do not need gigabytes


def bootstrap(
    values: ArrayLike,
    statistic: Callable[[NDArray[np.float64]], float],
    *,
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap interval of any statistic of rows.

    values: (N, ...) rows that are drawn with replacement. clusters: one label per row; whole
    clusters are drawn then, because the images of one person are not independent observations.
    Deterministic for one seed.
    """
    rows = np.asarray(values, dtype=np.float64)
    groups = _groups(len(rows), clusters)
    rng = np.random.default_rng(seed)
    results = np.empty(resamples)
    for index in range(resamples):
        drawn = rng.integers(0, len(groups), len(groups))
        results[index] = statistic(rows[np.concatenate([groups[group] for group in drawn])])
    return _percentiles(results, level)


def bootstrap_mean(
    values: ArrayLike,
    *,
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap interval of the mean of (N,) values; `clusters` as in `bootstrap`.

    The same as `bootstrap(values, np.mean)`, by sums of clusters and therefore fast.
    """
    flat = np.asarray(values, dtype=np.float64)
    if flat.ndim != 1:
        raise ValueError(f"want one value per row, not an array {flat.shape}")
    groups = _groups(len(flat), clusters)
    sums = np.array([flat[group].sum() for group in groups])
    counts = np.array([len(group) for group in groups])
    rng = np.random.default_rng(seed)
    means: list[NDArray[np.float64]] = []
    step = max(1, _CHUNK // len(groups))
    for start in range(0, resamples, step):
        drawn = rng.integers(0, len(groups), (min(step, resamples - start), len(groups)))
        means.append(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
    return _percentiles(np.concatenate(means), level)


def wilson(successes: int, trials: int, *, level: float = 0.95) -> Interval:
    """Wilson score interval of a proportion; honest for 0 and for all successes as well.

    Wilson, Journal of the American Statistical Association 22 (1927), without continuity
    correction.
    """
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(f"want 0 <= successes <= trials and trials >= 1, not {successes}/{trials}")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    spread = sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    half = z / (1 + z * z / trials) * spread
    return max(0.0, centre - half), min(1.0, centre + half)


def _groups(count: int, clusters: Sequence[Hashable] | None) -> list[NDArray[np.intp]]:
    if count == 0:
        raise ValueError("no values: there is no interval of nothing")
    if clusters is None:
        return list(np.arange(count).reshape(-1, 1))
    if len(clusters) != count:
        raise ValueError(f"{len(clusters)} cluster labels for {count} values")
    members: dict[Hashable, list[int]] = {}
    for index, label in enumerate(clusters):
        members.setdefault(label, []).append(index)
    return [np.array(indices) for indices in members.values()]


def _percentiles(results: NDArray[np.float64], level: float) -> Interval:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    low, high = np.quantile(results, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def most_events(expected: float, confidence: float = 0.9) -> int:
    """The largest number of rare events to be seen so that, with this confidence, no more than
    `expected` are to be expected in as large a sample.

    Exact for Poisson counts (Garwood, Fiducial limits for the Poisson distribution, 1936). 0 also
    where the sample is too small to tell.
    """
    events = 0
    while chi2.ppf(confidence, 2 * (events + 2)) / 2 <= expected:
        events += 1
    return events
