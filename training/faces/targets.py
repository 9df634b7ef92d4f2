"""What one crop is labelled with and what the network answers, each as one flat float32 vector.

All of it is of the crop: points in the unit crop; the rotation of the head as seen in the crop
(canonical, see app.face.rotation). The three axes are those of the unrolled head F = Ry(-yaw)
Rx(-pitch): x (elevation, about the pitch), y (azimuth times the cosine of the pitch), z (roll about
the facing direction). Openness is in the unit of `training.synthetic.openness`, right eye first.
"""

from collections.abc import Mapping
from itertools import accumulate
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

POINTS = 68


def _slices(**widths: int) -> Mapping[str, slice]:
    ends = accumulate(widths.values())
    return MappingProxyType(
        {name: slice(end - widths[name], end) for name, end in zip(widths, ends, strict=True)}
    )


TARGET = _slices(
    points=2 * POINTS,
    point_weights=POINTS,
    visible=POINTS,  # 0: hidden by the head itself, by something before it, or out of the crop
    visible_weights=POINTS,
    rotation=9,
    rotation_weights=3,
    openness=2,
    openness_weights=2,
    presence=1,
    presence_weight=1,
)
"""Weights are 0 where there is no label; where presence is 0, all but its own are."""

PREDICTION = _slices(
    points=2 * POINTS,
    log_std=POINTS,  # of a point along one axis, unit crop
    visible_logit=POINTS,
    rotation=9,
    rotation_log_std=3,  # degrees
    openness=2,
    presence_logit=1,
)


def width(layout: Mapping[str, slice]) -> int:
    return max(part.stop for part in layout.values())


def target_vector(**parts: ArrayLike) -> NDArray[np.float32]:
    """(T,): the named parts of TARGET in any shape; what is not named is 0."""
    vector = np.zeros(width(TARGET), np.float32)
    for name, values in parts.items():
        vector[TARGET[name]] = np.ravel(values)
    return vector


def no_face() -> NDArray[np.float32]:
    """(T,): the target of a crop without a face whose landmarks can be placed."""
    return target_vector(presence=0.0, presence_weight=1.0)
