"""The last layers of networks that learn points in pixels of their crop."""

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray


def unit_points(x: keras.KerasTensor, count: int, side: float) -> keras.KerasTensor:
    """(N, 2 * count) x, y in pixels of a crop of `side` -> `points` (N, count, 2), unit crop.

    Pixel p is at (p + 0.5) / side (app.face.geometry). The weights are those of a network that
    answers in pixels; only the scale moves into the graph.
    """
    pixels = layers.Reshape((count, 2))(x)
    return layers.Rescaling(1 / side, offset=0.5 / side, name="points")(pixels)


def begin_at(network: keras.Model, points: NDArray[np.float32]) -> None:
    """Gives the last dense layer the biases with which the network answers about `points` (count,
    2), unit crop, before it has learnt anything.
    """
    to_unit = network.get_layer("points")
    read_out = [layer for layer in network.layers if isinstance(layer, layers.Dense)][-1]
    read_out.bias.assign(((points - to_unit.offset) / to_unit.scale).ravel())
