"""Linear read-outs."""

from collections.abc import Sequence

import keras
from keras import layers

from training.networks.landmarks import FixedBias


def read_out(x: keras.KerasTensor, name: str, start: Sequence[float]) -> keras.KerasTensor:
    """(N, F) -> (N, len(start)); begins with the same answer for every crop, almost."""
    return layers.Dense(
        len(start),
        kernel_initializer=keras.initializers.VarianceScaling(0.01),
        bias_initializer=FixedBias(list(start)),
        name=name,
    )(x)
