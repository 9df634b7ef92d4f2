"""c1-net, c2-net and c-resnet: crop -> rotation vector.

All take (N, 224, 224, 3) pixels 0..255, RGB, and give (N, 3), axis times angle in radians of the
rotation head -> camera. `rotation_network` makes the graph that is served of them.
"""

import keras
from keras import layers

from training.networks.imagenet import resnet50
from training.networks.rotation_forms import RotationFromVector

SIZE = 224
_MOMENTUM = 0.94  # of the normalisation before the dense layers
# Stage 5 and the last three blocks of stage 4.
_LEARNS_ON = ("conv5_", "conv4_block4_", "conv4_block5_", "conv4_block6_")


def c1_net(pooled: bool = False) -> keras.Model:
    """pooled: see `_read_out`."""
    crops = keras.Input((SIZE, SIZE, 3), name="crops")
    x = layers.ZeroPadding2D(3)(layers.Rescaling(1 / 255)(crops))
    for channels in (32, 64, 128):
        x = layers.Conv2D(channels, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=_MOMENTUM)(x))
    x = layers.Dense(1024, activation="relu")(x)  # at each position of the map
    return keras.Model(crops, _read_out(x, pooled), name="c1_net")


def c2_net(pooled: bool = False) -> keras.Model:
    """pooled: see `_read_out`."""
    crops = keras.Input((SIZE, SIZE, 3), name="crops")
    x = layers.ZeroPadding2D(3)(layers.Rescaling(1 / 255)(crops))
    x = _normalised_convolution(x, 18, stride=1)
    for channels in (32, 64, 128, 256, 512):
        x = _normalised_convolution(x, channels, stride=2)
        x = _normalised_convolution(x, channels, stride=1)
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(1024, activation="relu")(x)
    return keras.Model(crops, _read_out(x, pooled, dropout=0.5), name="c2_net")


def c_resnet(imagenet: bool) -> keras.Model:
    """Its first layers are frozen if they have learnt something; random ones learn on."""
    crops, trunk = resnet50(SIZE, imagenet)
    for layer in trunk.layers:
        layer.trainable = not imagenet or layer.name.startswith(_LEARNS_ON)
    x = layers.ReLU()(layers.BatchNormalization(momentum=_MOMENTUM)(trunk.output))
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(1024, activation="relu")(x)
    return keras.Model(crops, _read_out(x, dropout=0.5), name="c_resnet")


def rotation_network(trained: keras.Model) -> keras.Model:
    """The graph to export: `rotation` (N, 3, 3), a proper rotation, head -> camera."""
    rotation = RotationFromVector(name="rotation")(trained.output)
    return keras.Model(trained.input, rotation, name=f"{trained.name}_serving")


def _read_out(
    x: keras.KerasTensor, pooled: bool = False, dropout: float = 0.0
) -> keras.KerasTensor:
    """(N, h, w, 1024), none negative -> (N, 3).

    pooled: off the mean over the map instead of all of it, a twelfth of c1-net's weights. At a rate
    of 1e-3 the flattened form has first steps so large that networks were left which answer the
    same to every picture; at 1e-4 it learns.
    """
    x = layers.GlobalAveragePooling2D()(x) if pooled else layers.Flatten()(x)
    x = layers.Dropout(dropout)(x) if dropout else x
    return layers.Dense(3, name="rotation_vector")(x)


def _normalised_convolution(x: keras.KerasTensor, channels: int, stride: int) -> keras.KerasTensor:
    x = layers.Conv2D(channels, 3, strides=stride, padding="same", kernel_initializer="he_normal")(
        x
    )
    return layers.ReLU()(layers.BatchNormalization()(x))
