"""Losses of landmark networks. Targets are (N, K, 3): x, y in the unit crop and a weight (0: not
labelled).
"""

import keras
from keras import ops

# Wing loss in unit-crop lengths: logarithmic within 8 pixels of a 128-pixel crop, linear beyond.
_WING_WIDTH = 8 / 128
_WING_CURVATURE = 2 / 128
# Scales the wing loss of unit-crop lengths to pixels of a 128-pixel crop, a magnitude of about 1.
_TO_PIXELS = 128.0
_LOG_STD_LIMITS = (-9.0, 0.0)


def wing(error: keras.KerasTensor) -> keras.KerasTensor:
    """Wing loss of a coordinate error, element by element: small errors keep a large gradient.

    Source: Feng et al., Wing Loss for Robust Facial Landmark Localisation, CVPR 2018.
    """
    distance = ops.abs(error)
    knee = _WING_WIDTH * (1 - ops.log(1.0 + _WING_WIDTH / _WING_CURVATURE))
    logarithmic = _WING_WIDTH * ops.log(1 + distance / _WING_CURVATURE)
    return _TO_PIXELS * ops.where(distance < _WING_WIDTH, logarithmic, distance - knee)


@keras.saving.register_keras_serializable("mien")
def landmark_loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
    """Wing loss of the points plus the Gaussian negative log-likelihood of their deviations, (N,).

    The likelihood sees the points' errors as constants: it fits the deviations and cannot trade
    accuracy for likelihood.
    """
    weight = target[..., 2]
    error = prediction[..., :2] - target[..., :2]
    point_loss = ops.mean(wing(error), axis=-1)

    log_std = ops.clip(prediction[..., 2], *_LOG_STD_LIMITS)
    squared = ops.mean(ops.square(ops.stop_gradient(error)), axis=-1)
    std_loss = 0.5 * squared * ops.exp(-2 * log_std) + log_std

    total = ops.sum(weight * (point_loss + 0.1 * std_loss), axis=-1)
    return total / ops.maximum(ops.sum(weight, axis=-1), 1.0)


class NormalisedError(keras.metrics.Mean):
    """Mean distance of the points over the scheme's normalising distance (NME), as a share of 1.

    first, second: the point groups whose means span the normalising distance.
    """

    def __init__(self, first: tuple[int, ...], second: tuple[int, ...], name: str = "nme") -> None:
        super().__init__(name=name)
        self._first, self._second = list(first), list(second)

    def update_state(
        self,
        y_true: keras.KerasTensor,
        y_pred: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,
    ) -> None:
        points, weight = y_true[..., :2], y_true[..., 2]
        distance = ops.norm(y_pred[..., :2] - points, axis=-1)
        mean = ops.sum(weight * distance, axis=-1) / ops.maximum(ops.sum(weight, axis=-1), 1.0)
        first, second = (
            ops.mean(ops.take(points, group, axis=1), axis=1)
            for group in (self._first, self._second)
        )
        super().update_state(mean / ops.norm(first - second, axis=-1), sample_weight)
