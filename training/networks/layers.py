"""Building blocks that several networks share."""

from typing import Any

import keras
from keras import layers, ops

from training.networks.normalisation import FusedBatchNormalization

# Running statistics settle within a few hundred steps, which short runs on a CPU need.
_BATCH_NORM_MOMENTUM = 0.98


def pixels_to_unit_range(images: keras.KerasTensor) -> keras.KerasTensor:
    """Pixels 0..255 -> about -1..1; in the graph, so that no caller can scale differently."""
    return layers.Rescaling(1 / 127.5, offset=-1.0, name="pixels_to_unit_range")(images)


@keras.saving.register_keras_serializable("mien")
class PixelConvolution(layers.Conv2D):
    """A first convolution that takes pixels 0..255 of any type and sees them as 0..1.

    The scale goes into the weights, which costs nothing in the exported graph (its export folds
    constants); scaling the picture itself would touch every pixel twice.
    """

    def call(self, images: Any) -> Any:
        kernel = self.kernel * (1 / 255)
        x = ops.conv(
            ops.cast(images, self.compute_dtype), kernel, strides=self.strides, padding=self.padding
        )
        return self.activation(x + self.bias)


def convolution(
    x: keras.KerasTensor, channels: int, kernel: int = 3, stride: int = 1, activate: bool = True
) -> keras.KerasTensor:
    """Convolution, batch normalisation and (unless the bottleneck is linear) ReLU6."""
    x = layers.Conv2D(channels, kernel, strides=stride, padding="same", use_bias=False)(x)
    x = FusedBatchNormalization(momentum=_BATCH_NORM_MOMENTUM)(x)
    return layers.ReLU(6.0)(x) if activate else x


def inverted_residual(
    x: keras.KerasTensor, channels: int, stride: int = 1, expansion: int = 4
) -> keras.KerasTensor:
    """MobileNetV2's block: 1x1 expansion, 3x3 depthwise, linear 1x1 bottleneck, shortcut where
    shapes agree.

    Source: Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, CVPR 2018.
    """
    y = convolution(x, x.shape[-1] * expansion, kernel=1)
    y = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(y)
    y = FusedBatchNormalization(momentum=_BATCH_NORM_MOMENTUM)(y)
    y = layers.ReLU(6.0)(y)
    y = convolution(y, channels, kernel=1, activate=False)
    return layers.Add()([x, y]) if stride == 1 and x.shape[-1] == channels else y


def fused_inverted_residual(
    x: keras.KerasTensor, channels: int, stride: int = 1, expansion: int = 2
) -> keras.KerasTensor:
    """The same block with expansion and depthwise convolution fused into one full 3x3 convolution.

    At high resolution and few channels it is faster on CPUs and GPUs, in training above all.
    Source: Tan and Le, EfficientNetV2, ICML 2021 (Fused-MBConv).
    """
    y = convolution(x, x.shape[-1] * expansion, stride=stride)
    y = convolution(y, channels, kernel=1, activate=False)
    return layers.Add()([x, y]) if stride == 1 and x.shape[-1] == channels else y
