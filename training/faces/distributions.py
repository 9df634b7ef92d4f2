"""What the distributions of points over bins, or over cells, cost besides the points they mean.

The network appends their logits to its answer (see `training.networks.point_heads`).
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import keras
import numpy as np
from keras import ops

from training.faces.targets import POINTS, TARGET

BINS, LOW, HIGH = 64, -0.1, 1.1
"""Of each axis, in unit crops: a bin is 2.4 pixels of a 128-pixel crop."""
# Deviations of the labels' own distributions: annotators differ by about 2 pixels; a cell has 16.
_BIN_WIDTH, _CELL_WIDTH = 2 / 128, 8 / 128


def simcc_loss(target: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """(N, T) and (N, 68 * 2 * BINS) -> (N, 68): mean over the axes of the divergence from a bell
    around the label.
    """
    said = ops.log_softmax(ops.reshape(logits, (-1, POINTS, 2, BINS)), axis=-1)
    return ops.mean(_divergence(_bells(target, LOW, HIGH, BINS, _BIN_WIDTH), said), axis=-1)


def heat_loss(target: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """(N, T) and (N, 68 * cells * cells) -> (N, 68), the same over cells, by rows."""
    cells = math.isqrt(logits.shape[-1] // POINTS)
    said = ops.log_softmax(ops.reshape(logits, (-1, POINTS, cells**2)), axis=-1)
    x, y = ops.unstack(_bells(target, 0.0, 1.0, cells, _CELL_WIDTH), axis=2)
    label = ops.reshape(y[..., :, None] * x[..., None, :], (-1, POINTS, cells**2))
    return _divergence(label, said)


DISTRIBUTION_LOSSES: Mapping[
    str, Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]
] = MappingProxyType({"simcc": simcc_loss, "heat": heat_loss})
"""By the names of the heads that have distributions."""


def _bells(
    target: keras.KerasTensor, low: float, high: float, bins: int, width: float
) -> keras.KerasTensor:
    """(N, 68, 2, bins) probabilities; of points beyond the bins, about the nearest one."""
    step = (high - low) / bins
    centres = np.linspace(low + step / 2, high - step / 2, bins, dtype=np.float32)
    points = ops.reshape(target[:, TARGET["points"]], (-1, POINTS, 2, 1))
    points = ops.clip(points, low, high)
    return ops.softmax(-0.5 * ops.square((points - centres) / width), axis=-1)


def _divergence(label: keras.KerasTensor, said: keras.KerasTensor) -> keras.KerasTensor:
    """Kullback and Leibler's, over the last axis: probabilities from logarithms of probabilities.

    Its least value is 0, whatever the label.
    """
    return ops.sum(label * (ops.log(label + 1e-12) - said), axis=-1)
