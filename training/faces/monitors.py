"""What is printed of a face network in training; each looks only at crops with its label."""

import keras
import numpy as np
from keras import ops

from app.face.landmarks import scheme
from training.faces.rotations import axis_errors
from training.faces.targets import POINTS, PREDICTION, TARGET


class PointError(keras.metrics.Mean):
    """Mean distance of the points over that of the outer eye corners (NME), as a share of 1; of
    crops with all 68 points.
    """

    def __init__(self, name: str = "nme") -> None:
        super().__init__(name=name)
        self._first, self._second = (list(group) for group in scheme("ibug-68").normaliser)

    def update_state(
        self,
        y_true: keras.KerasTensor,
        y_pred: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,  # noqa: ARG002 - the labels weigh
    ) -> None:
        true = ops.reshape(y_true[:, TARGET["points"]], (-1, POINTS, 2))
        found = ops.reshape(y_pred[:, PREDICTION["points"]], (-1, POINTS, 2))
        whole = ops.all(y_true[:, TARGET["point_weights"]] > 0, axis=-1)
        first, second = (
            ops.mean(ops.take(true, group, axis=1), axis=1) for group in (self._first, self._second)
        )
        # Eye corners of a profile may fall together.
        eyes = ops.maximum(ops.norm(first - second, axis=-1), 0.1)
        error = ops.mean(ops.norm(found - true, axis=-1), axis=-1)
        super().update_state(error / eyes, ops.cast(whole, error.dtype))


class PoseError(keras.metrics.Mean):
    """Mean geodesic error in degrees over the axes that are labelled."""

    def __init__(self, name: str = "pose") -> None:
        super().__init__(name=name)

    def update_state(
        self,
        y_true: keras.KerasTensor,
        y_pred: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,  # noqa: ARG002 - the labels weigh
    ) -> None:
        true = ops.reshape(y_true[:, TARGET["rotation"]], (-1, 3, 3))
        found = ops.reshape(y_pred[:, PREDICTION["rotation"]], (-1, 3, 3))
        weight = y_true[:, TARGET["rotation_weights"]]
        squared = ops.sum(weight * ops.square(axis_errors(true, found)), axis=-1)
        labelled = ops.cast(ops.any(weight > 0, axis=-1), squared.dtype)
        super().update_state(ops.sqrt(squared) * float(np.degrees(1.0)), labelled)


class PresenceError(keras.metrics.Mean):
    """Share of crops that are wrongly said to show a face, or none."""

    def __init__(self, name: str = "presence") -> None:
        super().__init__(name=name)

    def update_state(
        self,
        y_true: keras.KerasTensor,
        y_pred: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,  # noqa: ARG002 - the labels weigh
    ) -> None:
        said = y_pred[:, PREDICTION["presence_logit"]][:, 0] > 0
        true = y_true[:, TARGET["presence"]][:, 0] > 0.5
        wrong = ops.cast(ops.logical_xor(said, true), "float32")
        super().update_state(wrong, y_true[:, TARGET["presence_weight"]][:, 0])
