"""mobilenetv2-conv and mobilenetv2-dense: 68 points from the middle of MobileNetV2.

The trunk ends within its 14 x 14 x 64 stage, two narrow convolutions shrink that to 7 x 7 x 32, and
a read-out gives the points: one convolution over the whole map, or flattening and a dense layer.
The two have the same number of weights.
"""

import keras
from keras import layers

from training.networks.imagenet import mobilenet_v2

SIZE, POINTS = 224, 68
_CUT = "block_8_add"


def mobilenet_conv(imagenet: bool) -> keras.Model:
    """(N, 224, 224, 3) pixels 0..255, RGB -> (N, 68, 2) unit crop."""
    crops, x = _narrowed(imagenet)
    x = layers.Conv2D(2 * POINTS, x.shape[1], name="read_out")(x)
    points = layers.Reshape((POINTS, 2), name="points")(x)
    return keras.Model(crops, points, name="mobilenetv2_conv")


def mobilenet_dense(imagenet: bool) -> keras.Model:
    """The same with a dense read-out."""
    crops, x = _narrowed(imagenet)
    x = layers.Dense(2 * POINTS, name="read_out")(layers.Flatten()(x))
    points = layers.Reshape((POINTS, 2), name="points")(x)
    return keras.Model(crops, points, name="mobilenetv2_dense")


def _narrowed(imagenet: bool) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    crops, trunk = mobilenet_v2(SIZE, imagenet)
    x = trunk.get_layer(_CUT).output
    for channels, stride in ((16, 1), (32, 2)):
        x = layers.Conv2D(channels, 3, strides=stride, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    return crops, x
