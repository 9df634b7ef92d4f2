"""Six numbers -> a rotation, inside the network."""

import keras
import numpy as np
from keras import layers, ops

# Below this length a column says nothing about a direction.
_SHORTEST = 1e-3
_X, _Y = np.eye(3, dtype=np.float32)[:2]
_NEXT, _AFTER_NEXT = [1, 2, 0], [2, 0, 1]


@keras.saving.register_keras_serializable("mien")
class GramSchmidt(layers.Layer):
    """(N, 6) -> (N, 9), a proper rotation by rows, whatever the six numbers are.

    They are the first and the second column, neither unit nor orthogonal (Zhou et al., On the
    Continuity of Rotation Representations, CVPR 2019). Columns that are zero or parallel are
    replaced by fixed directions, so that neither value nor gradient is ever NaN. Written in few
    operations: each costs a microsecond, however small.
    """

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        columns = ops.reshape(inputs, (-1, 2, 3))
        squared = _squared(columns)
        usable = squared > _SHORTEST**2
        # The inner choice keeps the unused branch's gradient finite.
        length = ops.sqrt(ops.where(usable, squared, 1.0))
        columns = ops.where(usable, columns / length, np.stack([_X, _Y]))
        x, second = columns[:, 0], columns[:, 1]

        rest = _without(second, x)
        # Of two fixed axes at least one is well apart from x.
        spare = _without(ops.where(ops.abs(x[:, :1]) > 0.8, _Y, _X), x)
        y = ops.where(_squared(rest) > _SHORTEST**2, rest, spare)
        y = y / ops.sqrt(_squared(y))
        z = _turned(x, _NEXT) * _turned(y, _AFTER_NEXT) - _turned(x, _AFTER_NEXT) * _turned(
            y, _NEXT
        )
        by_columns = ops.concatenate([x, y, z], axis=-1)
        return _turned(by_columns, [0, 3, 6, 1, 4, 7, 2, 5, 8])

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, int]:
        return (input_shape[0], 9)


def _squared(vectors: keras.KerasTensor) -> keras.KerasTensor:
    return ops.sum(ops.square(vectors), axis=-1, keepdims=True)


def _without(vectors: keras.KerasTensor, unit: keras.KerasTensor) -> keras.KerasTensor:
    """What is left of the vectors beside their part along `unit`."""
    return vectors - ops.sum(vectors * unit, axis=-1, keepdims=True) * unit


def _turned(vectors: keras.KerasTensor, order: list[int]) -> keras.KerasTensor:
    return ops.take(vectors, order, axis=-1)
