"""Keras' own ResNet50 and MobileNetV2 with their pre-processing as layers of the graph.

Their ImageNet weights are fetched by Keras when a training begins. Where that fails (no network),
the training says so and begins with random weights.
"""

import socket
import sys
from collections.abc import Callable

import keras
from keras import layers, ops

_MOMENTUM = 0.97
_PATIENCE = 30.0  # seconds without an answer, else a network that swallows packets stops us
# Of ImageNet, in the order blue, green, red.
_MEAN_BGR = (103.939, 116.779, 123.68)


@keras.saving.register_keras_serializable("mien")
class MeanlessBgr(layers.Layer):
    """(N, H, W, 3) RGB 0..255 -> blue, green, red without ImageNet's mean: what ResNet50 learnt."""

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        return ops.take(inputs, [2, 1, 0], axis=-1) - ops.convert_to_tensor(_MEAN_BGR, "float32")


def resnet50(size: int, imagenet: bool) -> tuple[keras.KerasTensor, keras.Model]:
    """Crops (N, size, size, 3) and the network from them to (N, size / 32, size / 32, 2048)."""
    crops = keras.Input((size, size, 3), name="crops")
    network = keras.applications.ResNet50(
        include_top=False,
        weights="imagenet" if imagenet else None,
        input_tensor=MeanlessBgr(name="meanless_bgr")(crops),
    )
    return crops, _followed(network)


def mobilenet_v2(size: int, imagenet: bool) -> tuple[keras.KerasTensor, keras.Model]:
    """Crops (N, size, size, 3) and the network of width 1.0 from them, whose layers go by name."""
    crops = keras.Input((size, size, 3), name="crops")
    network = keras.applications.MobileNetV2(
        include_top=False,
        weights="imagenet" if imagenet else None,
        input_tensor=layers.Rescaling(1 / 127.5, offset=-1.0)(crops),
    )
    return crops, _followed(network)


def _followed(network: keras.Model) -> keras.Model:
    """Keras' own momenta are for millions of steps: after 400 steps at MobileNetV2's 0.999 two
    thirds of the mean and variance that are served would be those of the beginning.
    """
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = _MOMENTUM
    return network


def with_imagenet(build: Callable[[bool], keras.Model]) -> tuple[keras.Model, bool]:
    """What `build` makes with ImageNet's weights, or without where they cannot be had, and which.

    build: takes whether to ask for them.
    """
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE)
    try:
        return build(True), True
    except Exception as error:  # Keras raises a bare Exception when a download fails
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        print(f"ImageNet's weights cannot be had, random ones instead: {reason}", file=sys.stderr)
        return build(False), False
    finally:
        socket.setdefaulttimeout(before)
