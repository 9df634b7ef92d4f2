"""The fused batch normalisation beside Keras' own."""

import keras
import numpy as np

from training.networks.normalisation import FusedBatchNormalization


def _trained_once(layer: keras.Layer, maps: np.ndarray) -> list[np.ndarray]:
    """What two steps of gradient descent leave: the answers, then every weight."""
    network = keras.Sequential([keras.Input(maps.shape[1:]), layer])
    network.compile(keras.optimizers.SGD(0.1), loss="mse", jit_compile=False)
    for _ in range(2):
        network.train_on_batch(maps, np.tanh(maps))
    answers = keras.ops.convert_to_numpy(network(maps, training=True))
    return [answers, *layer.get_weights()]


def test_it_trains_as_keras_does() -> None:
    maps = np.random.default_rng(3).normal(0.5, 2.0, (16, 12, 10, 5)).astype(np.float32)
    ours = _trained_once(FusedBatchNormalization(momentum=0.9), maps)
    theirs = _trained_once(keras.layers.BatchNormalization(momentum=0.9), maps)
    for mine, keras_own in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, keras_own, rtol=2e-3, atol=1e-4)


def test_a_frozen_layer_is_left_alone() -> None:
    layer = FusedBatchNormalization()
    layer.trainable = False
    maps = np.random.default_rng(3).normal(0.5, 2.0, (4, 6, 6, 3)).astype(np.float32)
    answers = keras.ops.convert_to_numpy(layer(maps, training=True))
    np.testing.assert_allclose(answers, maps / np.sqrt(1.001), rtol=1e-4)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer.moving_mean), np.zeros(3))
