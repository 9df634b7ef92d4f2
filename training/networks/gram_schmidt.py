"""Six numbers -> a rotation, inside the network."""

import keras
from keras import layers, ops

# Below this length a column says nothing about a direction.
_SHORTEST = 1e-3


@keras.saving.register_keras_serializable("mien")
class GramSchmidt(layers.Layer):
    """(N, 6) -> (N, 9), a proper rotation by rows, whatever the six numbers are.

    They are the first and the second column, neither unit nor orthogonal (Zhou et al., On the
    Continuity of Rotation Representations, CVPR 2019). Columns that are zero or parallel are
    replaced by fixed directions, so that neither value nor gradient is ever NaN.
    """

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        first, second = inputs[:, :3], inputs[:, 3:]
        x = _unit(first, instead=_axis(first, 0))
        second = _unit(second, instead=_axis(first, 1))
        # Of two fixed axes at least one is well apart from x.
        along_x = ops.abs(x[:, :1]) > 0.8
        spare = _without(ops.where(along_x, _axis(first, 1), _axis(first, 0)), x)
        y = _unit(_without(second, x), instead=_unit(spare, instead=_axis(first, 1)))
        z = ops.stack(
            [
                x[:, 1] * y[:, 2] - x[:, 2] * y[:, 1],
                x[:, 2] * y[:, 0] - x[:, 0] * y[:, 2],
                x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0],
            ],
            axis=-1,
        )
        return ops.reshape(ops.stack([x, y, z], axis=-1), (-1, 9))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, int]:
        return (input_shape[0], 9)


def _axis(like: keras.KerasTensor, index: int) -> keras.KerasTensor:
    """(N, 3) of the unit vector along axis `index`."""
    unit = ops.one_hot(index, 3, dtype=like.dtype)
    return ops.zeros_like(like) + unit


def _without(vectors: keras.KerasTensor, unit: keras.KerasTensor) -> keras.KerasTensor:
    """What is left of the vectors beside their part along `unit`."""
    return vectors - ops.sum(vectors * unit, axis=-1, keepdims=True) * unit


def _unit(vectors: keras.KerasTensor, instead: keras.KerasTensor) -> keras.KerasTensor:
    squared = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    usable = squared > _SHORTEST**2
    # The inner choice keeps the unused branch's gradient finite.
    length = ops.sqrt(ops.where(usable, squared, ops.ones_like(squared)))
    return ops.where(usable, vectors / length, instead)
