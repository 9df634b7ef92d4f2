"""Is the model's own standard deviation worth anything?

The model states one deviation a point: the standard deviation of the error along x and, equally,
along y, in unit-crop lengths. If the error is normal, |dx| <= 1.645 std holds for 90 % of points,
the same for dy.
"""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


def axis_coverage(
    errors: Floats, std: Floats, seen: NDArray[np.bool_], level: float = 0.90
) -> Floats:
    """(N,) share of a face's coordinates with the error inside the central `level` interval.

    errors: (N, K, 2) predicted minus true; std: (N, K) per axis, the same unit; seen: (N, K). NaN
    for faces without an answer.
    """
    half_width = NormalDist().inv_cdf(0.5 + level / 2) * std[..., None]
    inside = (np.abs(errors) <= half_width) & seen[..., None]
    shares = inside.sum(axis=(1, 2)) / (2 * seen.sum(axis=1))
    return np.where(np.isfinite(errors).all(axis=(1, 2)), shares, np.nan)


def point_rank_correlation(rows: Floats) -> float:
    """Spearman correlation of deviation and distance over all seen points of all faces.

    rows: (N, 3 K) each face's K deviations, K distances and K marks (1 where the point is seen).
    """
    std, distances, seen = np.split(rows, 3, axis=1)
    marked = seen > 0
    return rank_correlation(std[marked], distances[marked])


def rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's rank correlation of two (N,) arrays; 0 where one of them does not vary at all."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    ranks = (stats.rankdata(first), stats.rankdata(second))
    return float(np.corrcoef(*ranks)[0, 1])


def certain_half_of_points(rows: Floats) -> float:
    """certain_half_ratio over all seen points of all faces; rows: see point_rank_correlation."""
    std, distances, seen = np.split(rows, 3, axis=1)
    marked = seen > 0
    return certain_half_ratio(distances[marked], std[marked])


def certain_half_ratio(face_errors: Floats, face_std: Floats) -> float:
    """Mean error of the half of the faces with the smallest deviation, over the mean error of all.

    1 means that the deviation says nothing about which faces are right.
    """
    order = np.argsort(face_std, kind="stable")
    half = face_errors[order[: max(1, len(order) // 2)]]
    return float(half.mean() / face_errors.mean())


def std_scale(errors: Floats, std: Floats, seen: NDArray[np.bool_], level: float = 0.90) -> float:
    """The factor on every deviation that makes the axis coverage exactly `level` on these faces.

    Measure it on validation faces, never on the test set. Quantile of |error| / std over that of a
    normal.
    """
    ratios = np.abs(errors) / std[..., None]
    wanted = NormalDist().inv_cdf(0.5 + level / 2)
    return float(np.quantile(ratios[seen], level) / wanted)
