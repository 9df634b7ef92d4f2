"""The trunk that the networks of face crops share: 128 x 128 pixels -> 4 x 4 x 128 features."""

import keras
from keras import layers

from training.networks.layers import convolution, fused_inverted_residual, inverted_residual

_CHANNELS = 128  # of the last map


def crop_trunk(x: keras.KerasTensor) -> keras.KerasTensor:
    """(N, size, size, 3) about -1..1 -> (N, size / 32, size / 32, 128)."""
    return crop_features(x)[-1]


def crop_features(
    x: keras.KerasTensor,
) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
    """The same trunk's maps, the finest first: (N, size / 8, size / 8, 40), (N, size / 16, size /
    16, 96) and (N, size / 32, size / 32, 128).

    Fused blocks at high resolution, MobileNetV2's below.
    """
    x = convolution(x, 16, stride=2)
    x = fused_inverted_residual(x, 24, stride=2)
    x = fused_inverted_residual(x, 24)
    x = fused_inverted_residual(x, 40, stride=2)
    fine = fused_inverted_residual(x, 40)
    x = _stage(fine, 64, repeats=3, stride=2)
    middle = _stage(x, 96, repeats=2, stride=1)
    return fine, middle, _stage(middle, _CHANNELS, repeats=2, stride=2)


def copy_trunk(trained: keras.Model, network: keras.Model) -> None:
    """Gives `network` the trunk that another network of face crops has learnt.

    ValueError when one of the two has no such trunk, or one of another shape.
    """
    source, target = trunk_of(trained), trunk_of(network)
    if source is None or target is None:
        name = trained.name if source is None else network.name
        raise ValueError(f"{name} has no trunk of face crops")
    target.set_weights(source.get_weights())


def trunk_of(network: keras.Model) -> keras.Model | None:
    """The network up to the last map of its trunk; None of one that has no trunk of face crops."""
    for layer in reversed(network.layers):
        if isinstance(layer, layers.Add) and layer.output.shape[3:] == (_CHANNELS,):
            return keras.Model(network.input, layer.output)
    return None


def _stage(x: keras.KerasTensor, channels: int, repeats: int, stride: int) -> keras.KerasTensor:
    for repeat in range(repeats):
        x = inverted_residual(x, channels, stride=stride if repeat == 0 else 1)
    return x
