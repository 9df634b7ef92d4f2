"""Three ways from the trunk's features to the 68 points, and to which of them show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from training.faces.distributions import BINS, HIGH, LOW
from training.faces.targets import POINTS
from training.networks.bins import SoftArgmax, VotingCells, bells, bin_centres, logit_prior
from training.networks.landmarks import StopGradient
from training.networks.layers import convolution
from training.networks.point_layers import LocalFeatures, PointReadOut
from training.networks.read_out import read_out

# Of the points of all crops about the mean face's, in unit crops: turned, shifted, scaled heads.
_PRIOR_WIDTH = 0.15
_BIN_FEATURES, _CELL_FEATURES, _POINT_FEATURES = 80, 64, 64
_MOSTLY_SHOWN = 1.5  # logit


@dataclass(frozen=True, slots=True)
class CropFeatures:
    """fine: (N, 16, 16, 40), middle: (N, 8, 8, 96) and last: (N, 4, 4, 128) of a 128-pixel crop;
    flat: the last as a vector.
    """

    fine: keras.KerasTensor
    middle: keras.KerasTensor
    last: keras.KerasTensor
    flat: keras.KerasTensor


@dataclass(frozen=True, slots=True)
class HeadAnswer:
    """points: (N, 136) unit crop. visible: (N, 68) logits. spread: (N, 68), the logarithm of how
    far the evidence for each point is scattered. logits: (N, L) the distributions as the loss wants
    them, flat. doubt: (N, 68), to be added to the logarithm of the deviations. lids: (N, 68), what
    is seen of an eye's openness where the points are.
    """

    points: keras.KerasTensor
    visible: keras.KerasTensor
    spread: keras.KerasTensor | None = None
    logits: keras.KerasTensor | None = None
    doubt: keras.KerasTensor | None = None
    lids: keras.KerasTensor | None = None


def direct(features: CropFeatures, start: NDArray[np.float32]) -> HeadAnswer:
    """A linear read-out of the last map."""
    points = read_out(features.flat, "points", start.ravel().tolist())
    return HeadAnswer(points, _read_visible(features))


def simcc(features: CropFeatures, start: NDArray[np.float32]) -> HeadAnswer:
    """One distribution over bins for each axis of each point.

    Each point looks at both maps through a filter of its own; what it sees there is read by the
    same two layers for all. Source: Li et al., SimCC, ECCV 2022; Jiang et al., RTMPose, 2023.
    """
    seen = [
        layers.Reshape((POINTS, -1))(layers.Permute((3, 1, 2))(layers.Conv2D(POINTS, 1)(features)))
        for features in (features.middle, features.last)
    ]
    x = layers.Dense(_BIN_FEATURES, activation="relu")(layers.Concatenate()(seen))
    logits = layers.Reshape((POINTS, 2, BINS))(_almost_zero(layers.Dense, 2 * BINS)(x))
    prior = bells(start, bin_centres(LOW, HIGH, BINS), _PRIOR_WIDTH)
    logits = logit_prior(prior)(logits)
    found = SoftArgmax(LOW, HIGH)(logits)
    points, visible = _places(found[:, :, :2]), _read_visible(features)
    return HeadAnswer(points, visible, found[:, :, 2], _flat(logits))


def heat(features: CropFeatures, start: NDArray[np.float32]) -> HeadAnswer:
    """A coarse heat map for each point, whose cells also say how far from them it lies; then a
    closer look at where that is.

    Source: Jin et al., Pixel-in-Pixel Net, IJCV 2021, of the first part (all cells count here, not
    the hottest alone); of the second Trigeorgis et al., Mnemonic Descent Method, CVPR 2016: what is
    seen around a point tells how to move it.
    """
    around = convolution(features.last, 96, kernel=1, activate=False)
    around = _twice_as_large(around)
    x = convolution(layers.Add()([features.middle, around]), _CELL_FEATURES, kernel=1)
    maps = layers.Permute((3, 1, 2))(
        _almost_zero(layers.Conv2D, POINTS, kernel_size=1, name="heat")(x)
    )
    cells = maps.shape[-1]
    by_axis = bells(start, bin_centres(0.0, 1.0, cells), _PRIOR_WIDTH)
    logits = logit_prior(by_axis[:, 1, :, None] + by_axis[:, 0, None, :])(maps)
    place, spread, seen = VotingCells()([logits, x])
    coarse = place + PointReadOut([0.0, 0.0], name="asides")(seen) * (1 / cells)
    # Where to look is not to be learnt from what is seen there.
    near = LocalFeatures()([StopGradient()(coarse), features.fine])
    move, *told = _told_of_points(layers.Concatenate()([seen, near]))
    points = _places(coarse + move * (1 / features.fine.shape[1]))
    visible, doubt, lids = (ops.reshape(one, (-1, POINTS)) for one in told)
    return HeadAnswer(points, visible, spread, _flat(logits), doubt, lids)


def _told_of_points(seen: keras.KerasTensor) -> list[keras.KerasTensor]:
    """(N, 68, F) what is seen of each point -> (N, 68, 2) how to move it, in cells, and (N, 68, 1)
    each whether it shows, its doubt and its share in the lids.
    """
    # Two-dimensional, as in VotingCells.
    flat = ops.reshape(seen, (-1, seen.shape[-1]))
    hidden = layers.Dense(_POINT_FEATURES, "relu", name="around_points")(flat)
    each = ops.reshape(hidden, (-1, POINTS, _POINT_FEATURES))
    told = PointReadOut([0.0, 0.0, _MOSTLY_SHOWN, 0.0, 0.0], name="told_of_points")(each)
    return list(ops.split(told, [2, 3, 4], axis=-1))


HEADS: Mapping[str, Callable[[CropFeatures, NDArray[np.float32]], HeadAnswer]] = MappingProxyType(
    {"direct": direct, "simcc": simcc, "heat": heat}
)


def _twice_as_large(x: keras.KerasTensor) -> keras.KerasTensor:
    """Each cell four times; UpSampling2D is exported with sixteen steps about shapes."""
    height, width, channels = x.shape[1:]
    cells = ops.reshape(x, (-1, height, 1, width, 1, channels))
    four = cells * np.ones((1, 1, 2, 1, 2, 1), np.float32)
    return ops.reshape(four, (-1, 2 * height, 2 * width, channels))


def _places(points: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Reshape((2 * POINTS,), name="points")(points)


def _flat(logits: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Flatten()(logits)


def _read_visible(features: CropFeatures) -> keras.KerasTensor:
    return read_out(features.flat, "visible", [_MOSTLY_SHOWN] * POINTS)


def _almost_zero(kind: type[layers.Layer], width: int, **options: Any) -> layers.Layer:
    """A layer that says next to nothing at first; the prior speaks then."""
    small = keras.initializers.VarianceScaling(0.01)
    return kind(width, kernel_initializer=small, **options)
