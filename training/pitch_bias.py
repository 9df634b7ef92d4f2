"""Signed errors of the pitch, by the pitch: whether nods are told smaller than they are."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from training.metric_rows import MetricRows

Floats = NDArray[np.float64]

WIDEST = 60.0
"""Degrees of yaw: of a profile the mean would tell of other things."""
EDGES = (-60.0, -30.0, -15.0, 0.0, 15.0, 30.0, 60.0)


def pitch_bias_rows(
    rows: MetricRows, name: str, found: Floats, truth: Floats, protocol: str, *, nominal: bool
) -> None:
    """One mean a slice, in degrees, above 0 where heads are taken to look higher than they do.

    found, truth: (N, 2 or more) yaw, pitch, ... in degrees. nominal: labels are a few angles, each
    of which is a slice; otherwise they are bins between EDGES.
    """
    yaw, pitch = truth[:, 0], truth[:, 1]
    slices = _by_label(pitch) if nominal else _bins(pitch)
    for part, mask in slices.items():
        rows.mean(
            name,
            found[:, 1] - pitch,
            unit="degrees",
            protocol=f"{protocol}, |yaw| <= {WIDEST:g}, told less true",
            slice_name=part,
            mask=mask & (np.abs(yaw) <= WIDEST),
        )


def _by_label(pitch: Floats) -> Mapping[str, NDArray[np.bool_]]:
    return {f"pitch {value:g}": pitch == value for value in np.unique(pitch).tolist()}


def _bins(pitch: Floats) -> Mapping[str, NDArray[np.bool_]]:
    """Each holds its lower edge, the last one both."""
    return {
        f"pitch {low:g} to {high:g}": (pitch >= low)
        & ((pitch <= high) if high == EDGES[-1] else (pitch < high))
        for low, high in pairwise(EDGES)
    }
