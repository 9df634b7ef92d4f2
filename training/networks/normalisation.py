"""Batch normalisation as one kernel."""

from typing import Any

import keras
from keras import layers


@keras.saving.register_keras_serializable("mien")
class FusedBatchNormalization(layers.BatchNormalization):
    """Keras' layer for maps (N, H, W, C), which trains with TensorFlow's fused kernel where Keras
    chains elementwise ones: a fifth of a training step of these networks on a CPU.

    On other back ends, and outside of training, it is Keras' own. The moving variance follows the
    unbiased one of each batch: n / (n - 1) of Keras', n the pixels of all maps.
    """

    def call(
        self, inputs: keras.KerasTensor, training: bool | None = None, mask: Any = None
    ) -> keras.KerasTensor:
        learns = training and self.trainable
        if not learns or mask is not None or keras.backend.backend() != "tensorflow":
            return super().call(inputs, training=training, mask=mask)
        # The one place that names a back end; a machine that trains on another need not have it.
        from tensorflow.raw_ops import FusedBatchNormV3  # noqa: PLC0415

        empty = keras.ops.zeros((0,))
        normalised, mean, variance, *_ = FusedBatchNormV3(
            x=inputs,
            scale=self.gamma,
            offset=self.beta,
            mean=empty,
            variance=empty,
            epsilon=self.epsilon,
            is_training=True,
        )
        for moving, seen in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + seen * (1 - self.momentum))
        return normalised
