"""The last layers of networks that learn points in pixels of their crop."""

import keras
from keras import layers


def unit_points(x: keras.KerasTensor, count: int, side: float) -> keras.KerasTensor:
    """(N, 2 * count) x, y in pixels of a crop of `side` -> `points` (N, count, 2), unit crop.

    Pixel p is at (p + 0.5) / side (app.face.geometry). The weights are those of a network that
    answers in pixels; only the scale moves into the graph.
    """
    pixels = layers.Reshape((count, 2))(x)
    return layers.Rescaling(1 / side, offset=0.5 / side, name="points")(pixels)
