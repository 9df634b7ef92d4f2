"""resnet50-muct: 76 points from ResNet50."""

import keras
from keras import layers

from training.networks.imagenet import resnet50

SIZE, POINTS = 224, 76


def resnet50_muct(imagenet: bool) -> keras.Model:
    """(N, 224, 224, 3) pixels 0..255, RGB -> (N, 76, 2) unit crop, which a sigmoid keeps within it.

    It was made for whole pictures of 320 x 240, points as shares of width and height; here it sees
    the face's crop like every model, and the shares are the unit crop's own coordinates.
    """
    crops, trunk = resnet50(SIZE, imagenet)
    x = layers.GlobalAveragePooling2D()(trunk.output)
    x = layers.Dense(2 * POINTS, activation="sigmoid")(x)
    return keras.Model(crops, layers.Reshape((POINTS, 2), name="points")(x), name="resnet50_muct")
