"""A part of an answer that the rest must be able to do without."""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("mien")
class SometimesAdded(layers.Layer):
    """(N, F) -> (N, F): in training all of it or nothing, by halves of the crops; else `served` of
    it.

    What is added to it learns to answer alone, and this only what can be added to that. Source:
    Huang et al., Deep Networks with Stochastic Depth, ECCV 2016.
    """

    def __init__(self, served: float = 0.5, **options: Any) -> None:
        super().__init__(**options)
        self.served = served
        self._seeds = keras.random.SeedGenerator()

    def call(self, inputs: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        if not training:
            return inputs * self.served
        drawn = keras.random.uniform((ops.shape(inputs)[0], 1), seed=self._seeds)
        return inputs * ops.cast(drawn < 0.5, inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "served": self.served}
