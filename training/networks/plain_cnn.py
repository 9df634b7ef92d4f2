"""Plain convolutions and dense layers from pixels to 21 points: cnn-450 and cnn-128.

All take crops (N, S, S, 3) of pixels 0..255, RGB, and give (N, 21, 2) in the unit crop. They learn
pixels of their crop.
"""

import keras
from keras import layers

from training.networks.unit_points import unit_points

POINTS = 21


def cnn_450() -> keras.Model:
    """cnn-450 as it was first: raw pixels go into the first convolution."""
    return _cnn_450(scaled=False)


def cnn_450_scaled() -> keras.Model:
    """cnn-450-scaled: the same with pixels of 0..1."""
    return _cnn_450(scaled=True)


def _cnn_450(scaled: bool) -> keras.Model:
    """44,946,762 parameters, all but 87,370 of them in the first dense layer."""
    crops = keras.Input((450, 450, 3), name="crops")
    x = layers.Rescaling(1 / 255)(crops) if scaled else crops
    x = layers.Conv2D(16, 5, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(10)(x)
    x = layers.Conv2D(32, 5, activation="relu")(x)
    x = layers.Conv2D(64, 5, activation="relu")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(512)(x)
    x = layers.Dense(2 * POINTS)(x)
    name = "cnn_450_scaled" if scaled else "cnn_450"
    return keras.Model(crops, unit_points(x, POINTS, 450), name=name)


def cnn_128() -> keras.Model:
    """cnn-128: 1,739,434 parameters. Pixels go in as 0..1."""
    crops = keras.Input((128, 128, 3), name="crops")
    x = layers.Rescaling(1 / 255)(crops)
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    for channels in (64, 64, 128):
        x = layers.MaxPooling2D()(x)
        x = layers.Conv2D(channels, 3, activation="relu")(x)
        x = layers.Conv2D(channels, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(256, 3, activation="relu")(x)
    x = layers.Flatten()(x)
    # Whether this layer had an activation is not on record.
    x = layers.Dense(1024, activation="relu")(x)
    x = layers.Dense(2 * POINTS)(x)
    return keras.Model(crops, unit_points(x, POINTS, 128), name="cnn_128")
