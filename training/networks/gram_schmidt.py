"""Six numbers -> a rotation, inside the network."""

import keras
import numpy as np
from keras import layers, ops

# Added in a direction of its own, so that rows that are zero or parallel give a rotation as well;
# others it turns by less than a ten-thousandth of a degree.
_TINY = 1e-6
_LEAST = 1e-20  # of a squared length
_X = np.array([_TINY, 0.0, 0.0], np.float32)
# x @ _ASIDE is at right angles to x, unless x is this direction, which no network hits.
_ANY = np.array([0.267, 0.535, 0.802], np.float32)
_ASIDE = _TINY * np.cross(np.eye(3, dtype=np.float32), _ANY).astype(np.float32)
_NEXT, _AFTER_NEXT = [1, 2, 0], [2, 0, 1]


@keras.saving.register_keras_serializable("mien")
class GramSchmidt(layers.Layer):
    """(N, 6) -> (N, 9), a proper rotation by rows, whatever the six numbers are.

    They are the first and the second row, neither unit nor orthogonal: the 6D form of Zhou et al.,
    On the Continuity of Rotation Representations, CVPR 2019, but by rows, which is where the head's
    points go along the image's x and y. Neither value nor gradient is ever NaN. Written in few
    operations without choices: each costs a microsecond or two, however small.
    """

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        x = _unit(inputs[:, :3] + _X)
        second = inputs[:, 3:]
        rest = second - ops.sum(second * x, axis=-1, keepdims=True) * x
        y = _unit(rest + ops.matmul(x, _ASIDE))
        z = _turned(x, _NEXT) * _turned(y, _AFTER_NEXT) - _turned(x, _AFTER_NEXT) * _turned(
            y, _NEXT
        )
        return ops.concatenate([x, y, z], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, int]:
        return (input_shape[0], 9)


def _unit(vectors: keras.KerasTensor) -> keras.KerasTensor:
    squared = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    return vectors / ops.sqrt(ops.maximum(squared, _LEAST))


def _turned(vectors: keras.KerasTensor, order: list[int]) -> keras.KerasTensor:
    return ops.take(vectors, order, axis=-1)
