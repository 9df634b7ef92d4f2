"""Three ways from the trunk's features to the 68 points, and to which of them show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from training.faces.distributions import BINS, HIGH, LOW
from training.faces.targets import POINTS
from training.networks.bins import SoftArgmax, VotingCells, bells, bin_centres, logit_prior
from training.networks.landmarks import FixedBias
from training.networks.layers import convolution
from training.networks.read_out import read_out

# Of the points of all crops about the mean face's, in unit crops: turned, shifted, scaled heads.
_PRIOR_WIDTH = 0.15
_BIN_FEATURES, _CELL_FEATURES = 80, 64
_MOSTLY_SHOWN = 1.5  # logit


@dataclass(frozen=True, slots=True)
class CropFeatures:
    """middle: (N, 8, 8, 96) and last: (N, 4, 4, 128) of a 128-pixel crop; flat: the last as a
    vector.
    """

    middle: keras.KerasTensor
    last: keras.KerasTensor
    flat: keras.KerasTensor


@dataclass(frozen=True, slots=True)
class HeadAnswer:
    """points: (N, 136) unit crop. visible: (N, 68) logits. spread: (N, 68), the logarithm of how
    far the evidence for each point is scattered. logits: (N, L) the distributions as the loss wants
    them, flat.
    """

    points: keras.KerasTensor
    visible: keras.KerasTensor
    spread: keras.KerasTensor | None = None
    logits: keras.KerasTensor | None = None


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
    return _answer(SoftArgmax(LOW, HIGH)(logits), _read_visible(features), logits)


def heat(features: CropFeatures, start: NDArray[np.float32]) -> HeadAnswer:
    """A coarse heat map for each point, whose cells also say how far from them it lies.

    Source: Jin et al., Pixel-in-Pixel Net, IJCV 2021; all cells count here, not the hottest alone.
    """
    around = layers.UpSampling2D(2)(convolution(features.last, 96, kernel=1, activate=False))
    x = convolution(layers.Add()([features.middle, around]), _CELL_FEATURES, kernel=1)
    maps = layers.Permute((3, 1, 2))(_almost_zero(layers.Conv2D, 3 * POINTS, kernel_size=1)(x))
    cells = maps.shape[-1]
    by_axis = bells(start, bin_centres(0.0, 1.0, cells), _PRIOR_WIDTH)
    logits = logit_prior(by_axis[:, 1, :, None] + by_axis[:, 0, None, :])(maps[:, :POINTS])
    offsets = layers.Reshape((POINTS, 2, cells, cells))(maps[:, POINTS:])
    shown = layers.Conv2D(
        POINTS, 1, bias_initializer=FixedBias([_MOSTLY_SHOWN] * POINTS), name="visible"
    )(x)
    found = VotingCells()([logits, offsets, layers.Permute((3, 1, 2))(shown)])
    return _answer(found, found[:, :, 3], logits)


HEADS: Mapping[str, Callable[[CropFeatures, NDArray[np.float32]], HeadAnswer]] = MappingProxyType(
    {"direct": direct, "simcc": simcc, "heat": heat}
)


def _answer(
    found: keras.KerasTensor, visible: keras.KerasTensor, logits: keras.KerasTensor
) -> HeadAnswer:
    points = layers.Reshape((2 * POINTS,), name="points")(found[:, :, :2])
    return HeadAnswer(points, visible, found[:, :, 2], layers.Flatten()(logits))


def _read_visible(features: CropFeatures) -> keras.KerasTensor:
    return read_out(features.flat, "visible", [_MOSTLY_SHOWN] * POINTS)


def _almost_zero(kind: type[layers.Layer], width: int, **options: int) -> layers.Layer:
    """A layer that says next to nothing at first; the prior speaks then."""
    small = keras.initializers.VarianceScaling(0.01)
    return kind(width, kernel_initializer=small, **options)
