"""Coordinates as distributions over bins: where they start, and the place that they mean."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from training.networks.landmarks import FixedBias

_LEAST_VARIANCE = 1e-6


def bin_centres(low: float, high: float, bins: int) -> NDArray[np.float32]:
    """(bins,): the middles of equal bins that cover low..high without a gap."""
    edges = np.linspace(low, high, bins + 1)
    return ((edges[:-1] + edges[1:]) / 2).astype(np.float32)


def bells(points: NDArray[np.float32], centres: NDArray[np.float32], width: float) -> Any:
    """Logits (K, 2, bins) of normal distributions of deviation `width` around points (K, 2)."""
    return -0.5 * np.square((centres - points[..., None]) / width)


@keras.saving.register_keras_serializable("mien")
class LogitPrior(layers.Layer):
    """Adds what is thought of each bin before a picture is seen; learnt, shaped as one input.

    start: the values that it begins with, flat.
    """

    def __init__(self, start: list[float], **options: Any) -> None:
        super().__init__(**options)
        self.start = start

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.prior = self.add_weight(
            input_shape[1:], initializer=FixedBias(self.start), name="prior"
        )

    def call(self, logits: keras.KerasTensor) -> keras.KerasTensor:
        return logits + self.prior

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "start": self.start}


def logit_prior(start: NDArray[np.float32]) -> LogitPrior:
    """A prior that begins with `start`, of the shape of one input."""
    return LogitPrior(np.round(start, 2).ravel().tolist())


@keras.saving.register_keras_serializable("mien")
class SoftArgmax(layers.Layer):
    """Logits (N, K, 2, bins) over low..high -> (N, K, 3): the mean of each axis, and the logarithm
    of the standard deviation per axis.
    """

    def __init__(self, low: float, high: float, **options: Any) -> None:
        super().__init__(**options)
        self.low, self.high = low, high

    def call(self, logits: keras.KerasTensor) -> keras.KerasTensor:
        # About the middle: the variance below is a difference of small numbers then.
        middle = (self.low + self.high) / 2
        centres = bin_centres(self.low, self.high, logits.shape[-1]) - middle
        moments = np.stack([centres, np.square(centres)], axis=-1)
        found = ops.matmul(ops.softmax(logits, axis=-1), ops.cast(moments, logits.dtype))
        mean, square = found[..., 0], found[..., 1]
        return ops.concatenate([mean + middle, log_spread(square - ops.square(mean))], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:2], 3)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "low": self.low, "high": self.high}


@keras.saving.register_keras_serializable("mien")
class VotingCells(layers.Layer):
    """Cells of a grid over 0..1 say how likely each of them holds a point.

    Inputs: (N, K, cells, cells) logits, and (N, cells, cells, C) features. -> (N, K, 2) the mean
    place, (N, K) the logarithm of the cells' standard deviation per axis, and (N, K, C) the
    features of the cells by the same weights.
    """

    def call(self, inputs: list[keras.KerasTensor]) -> tuple[keras.KerasTensor, ...]:
        logits, features = inputs
        points, cells = logits.shape[1:3]
        weight = ops.softmax(ops.reshape(logits, (-1, points, cells**2)), axis=-1)
        # About the middle, as in SoftArgmax.
        centres = bin_centres(0.0, 1.0, cells) - 0.5
        x, y = np.tile(centres, cells), np.repeat(centres, cells)
        moments = np.stack([x, y, np.square(x), np.square(y)], axis=-1)
        # Two-dimensional, as the product of more is exported with a dozen steps about shapes.
        found = ops.matmul(ops.reshape(weight, (-1, cells**2)), ops.cast(moments, logits.dtype))
        mean, square = ops.split(found, 2, axis=-1)
        spread = log_spread(square - ops.square(mean))
        seen = ops.matmul(weight, ops.reshape(features, (-1, cells**2, features.shape[-1])))
        return ops.reshape(mean + 0.5, (-1, points, 2)), ops.reshape(spread, (-1, points)), seen

    def compute_output_shape(
        self, input_shape: list[tuple[int | None, ...]]
    ) -> tuple[tuple[int | None, ...], ...]:
        points = input_shape[0][:2]
        return (*points, 2), points, (*points, input_shape[1][-1])


def log_spread(variances: keras.KerasTensor) -> keras.KerasTensor:
    """(..., 2) by axis -> (..., 1), the logarithm of one standard deviation for both."""
    variance = ops.mean(ops.maximum(variances, 0.0), axis=-1, keepdims=True)
    return 0.5 * ops.log(variance + _LEAST_VARIANCE)
