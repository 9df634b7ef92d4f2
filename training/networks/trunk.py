"""The trunk that the networks of face crops share: 128 x 128 pixels -> 4 x 4 x 128 features."""

import keras

from training.networks.layers import convolution, fused_inverted_residual, inverted_residual


def crop_trunk(x: keras.KerasTensor) -> keras.KerasTensor:
    """(N, size, size, 3) about -1..1 -> (N, size / 32, size / 32, 128)."""
    return crop_features(x)[1]


def crop_features(x: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """The same trunk's last two maps: (N, size / 16, size / 16, 96) and (N, size / 32, size / 32,
    128).

    Fused blocks at high resolution, MobileNetV2's below.
    """
    x = convolution(x, 16, stride=2)
    x = fused_inverted_residual(x, 24, stride=2)
    x = fused_inverted_residual(x, 24)
    x = fused_inverted_residual(x, 40, stride=2)
    x = fused_inverted_residual(x, 40)
    x = _stage(x, 64, repeats=3, stride=2)
    middle = _stage(x, 96, repeats=2, stride=1)
    return middle, _stage(middle, 128, repeats=2, stride=2)


def _stage(x: keras.KerasTensor, channels: int, repeats: int, stride: int) -> keras.KerasTensor:
    for repeat in range(repeats):
        x = inverted_residual(x, channels, stride=stride if repeat == 0 else 1)
    return x
