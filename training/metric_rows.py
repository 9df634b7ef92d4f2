"""Per-face values -> rows of the model card, each with its n and its 95 % interval."""

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from app.face.card import Metric
from training.statistics import bootstrap, bootstrap_mean, wilson

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_DIGITS = 4
# Rank correlations sort every time: a mean affords thousands of resamples, these do not.
_RESAMPLES_OF_STATISTICS = 300


class MetricRows:
    """Collects rows about one test set of N items.

    clusters: one label per item (the person shown); items that share one are drawn together in
    the bootstrap. NaN values are left out, and n says how many were not.
    """

    def __init__(self, test_set: str, clusters: Sequence[Hashable]) -> None:
        self.metrics: list[Metric] = []
        self._test_set = test_set
        self._clusters = list(clusters)
        self._independent = len(set(self._clusters)) == len(self._clusters)

    def mean(
        self,
        name: str,
        values: Floats,
        *,
        unit: str,
        protocol: str,
        slice_name: str = "all",
        mask: Mask | None = None,
        factor: float = 1.0,
    ) -> None:
        """The mean of (N,) values times `factor` (100 for percent)."""
        kept = self._kept(values, mask)
        if kept.size == 0:
            return
        picked = values[kept] * factor
        interval = bootstrap_mean(picked, clusters=self._labels(kept))
        self._add(
            name,
            float(picked.mean()),
            unit=unit,
            count=len(kept),
            interval=interval,
            protocol=protocol,
            slice_name=slice_name,
        )

    def share(
        self,
        name: str,
        values: Floats,
        *,
        protocol: str,
        slice_name: str = "all",
        mask: Mask | None = None,
    ) -> None:
        """The share, in percent, of (N,) values 0 or 1, with Wilson's interval.

        For items that are not independent it is widened to the bootstrap's where that is wider: the
        bootstrap alone is empty when no item, or every item, counts.
        """
        kept = self._kept(values, mask)
        if kept.size == 0:
            return
        picked = values[kept]
        low, high = wilson(int(picked.sum()), len(kept))
        if not self._independent:
            drawn = bootstrap_mean(picked, clusters=self._labels(kept))
            low, high = min(low, drawn[0]), max(high, drawn[1])
        value = 100 * float(picked.mean())
        self._add(
            name,
            value,
            unit="%",
            count=len(kept),
            interval=(100 * low, 100 * high),
            protocol=protocol,
            slice_name=slice_name,
        )

    def statistic(
        self,
        name: str,
        values: Floats,
        function: Callable[[Floats], float],
        *,
        unit: str,
        protocol: str,
    ) -> None:
        """Any statistic of (N, M) values of the items; items with a NaN are left out."""
        kept = np.flatnonzero(np.isfinite(values).all(axis=1))
        if kept.size == 0:
            return
        interval = bootstrap(
            values[kept],
            function,
            clusters=self._labels(kept),
            resamples=_RESAMPLES_OF_STATISTICS,
        )
        self._add(
            name,
            function(values[kept]),
            unit=unit,
            count=len(kept),
            interval=interval,
            protocol=protocol,
            slice_name="all",
        )

    def _kept(self, values: Floats, mask: Mask | None) -> NDArray[np.intp]:
        usable = np.isfinite(values)
        return np.flatnonzero(usable if mask is None else usable & mask)

    def _labels(self, kept: NDArray[np.intp]) -> list[Hashable] | None:
        return None if self._independent else [self._clusters[index] for index in kept]

    def _add(
        self,
        name: str,
        value: float,
        *,
        unit: str,
        count: int,
        interval: tuple[float, float],
        protocol: str,
        slice_name: str,
    ) -> None:
        low, high = (round(bound, _DIGITS) for bound in interval)
        self.metrics.append(
            Metric(
                name=name,
                value=round(value, _DIGITS),
                unit=unit,
                n=count,
                interval95=(low, high),
                protocol=f"{self._test_set}, {protocol}",
                slice=slice_name,
            )
        )
