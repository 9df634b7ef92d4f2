"""The loss of the face network: a weighted sum over what is labelled of each crop.

A pixel of a 128-pixel crop costs 3.2 in all its points, two degrees of the head 0.9 and the tenth
part of an open eye 0.7.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from app.face.pnp import canonical_points
from training.faces.distributions import DISTRIBUTION_LOSSES
from training.faces.rotations import axis_errors
from training.faces.targets import POINTS, PREDICTION, TARGET, width
from training.landmarks.losses import wing

_DISTRIBUTION_WEIGHT = 1.0
_LAPLACE_WEIGHT = 2.0  # makes a pixel cost what it costs by the wing loss
_STD_WEIGHT = 0.1  # of both likelihoods: they are to fit, not to lead
_ROTATION_WEIGHT = 60.0  # a radian
_OPENNESS_WEIGHT = 25.0
_PRESENCE_WEIGHT = 1.0
_VISIBLE_WEIGHT = 1.0
# Small: the canonical head is nobody's, and its points are not quite where people click.
_CONSISTENCY_WEIGHT = 0.02

_SMOOTH = float(np.radians(2.0))  # errors below it are mostly the labels' own
# Labels are no better than a quarter of a pixel and a degree.
_LOG_STD_LIMITS = (float(np.log(0.25 / 128)), 0.0)
# A pixel of a 1000-pixel crop: the steepest pull.
_LAPLACE_LOG_STD_LIMITS = (float(np.log(1e-3)), 0.0)
_ROTATION_LOG_STD_LIMITS = (0.0, 4.5)  # 1 to 90 degrees
# A crop with fewer labelled points counts less than one with all of them, but each point more.
_FEWEST_POINTS = 17.0
_RIGID = slice(17, POINTS)  # the jaw's outline is not a place on the head
_PIXELS = 128.0


@keras.saving.register_keras_serializable("mien")
def face_loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
    """(N, T) and (N, P), see `training.faces.targets`, -> (N,): FaceLoss as it is by default."""
    return FaceLoss().call(target, prediction)


@keras.saving.register_keras_serializable("mien")
class FaceLoss(keras.losses.Loss):
    """head: how the network finds points (training.networks.point_heads); their distributions, if
    it has any, are taught too. points: "wing" or "laplace". rotation_weight: of a radian.
    """

    def __init__(
        self,
        head: str = "direct",
        points: str = "wing",
        rotation_weight: float = _ROTATION_WEIGHT,
        name: str = "face_loss",
        **options: Any,
    ) -> None:
        super().__init__(name=name, **options)
        self.head, self.points, self.rotation_weight = head, points, rotation_weight

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """(N, T) and (N, P or more: logits of distributions) -> (N,)."""
        of_points = {"wing": point_loss, "laplace": laplace_loss}[self.points]
        total = (
            of_points(y_true, y_pred)
            + rotation_loss(y_true, y_pred, self.rotation_weight)
            + _OPENNESS_WEIGHT * openness_loss(y_true, y_pred)
            + _PRESENCE_WEIGHT * presence_loss(y_true, y_pred)
            + _VISIBLE_WEIGHT * visible_loss(y_true, y_pred)
            + _CONSISTENCY_WEIGHT * consistency_loss(y_true, y_pred)
        )
        if self.head in DISTRIBUTION_LOSSES:
            logits = y_pred[:, width(PREDICTION) :]
            each = DISTRIBUTION_LOSSES[self.head](y_true, logits)
            total = total + _DISTRIBUTION_WEIGHT * _over_labelled(y_true, each)
        return total

    def get_config(self) -> dict[str, Any]:
        chosen = {n: getattr(self, n) for n in ("head", "points", "rotation_weight")}
        return {**super().get_config(), **chosen}


def point_loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
    """Wing loss of the points and the likelihood of their deviations, which sees the errors as
    constants.
    """
    error = _points(prediction, PREDICTION["points"]) - _points(target, TARGET["points"])
    log_std, excess = _limited(prediction[:, PREDICTION["log_std"]], _LOG_STD_LIMITS)
    squared = ops.mean(ops.square(ops.stop_gradient(error)), axis=-1)
    likelihood = 0.5 * squared * ops.exp(-2 * log_std) + log_std + excess
    return _over_labelled(target, ops.mean(wing(error), axis=-1) + _STD_WEIGHT * likelihood)


def laplace_loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
    """The likelihood of the points and their deviations under Laplace's distribution: errors count
    by the deviation that the network expects.
    """
    error = _points(prediction, PREDICTION["points"]) - _points(target, TARGET["points"])
    log_std, excess = _limited(prediction[:, PREDICTION["log_std"]], _LAPLACE_LOG_STD_LIMITS)
    distance = ops.mean(ops.abs(error), axis=-1) * float(np.sqrt(2.0))
    return _LAPLACE_WEIGHT * _over_labelled(target, distance * ops.exp(-log_std) + log_std + excess)


def rotation_loss(
    target: keras.KerasTensor,
    prediction: keras.KerasTensor,
    distance_weight: float = _ROTATION_WEIGHT,
) -> keras.KerasTensor:
    """The geodesic distance, each axis by its weight, and the likelihood of the axes' deviations.

    Of weights 1 the first part is the angle between the rotations; it is rounded within _SMOOTH of
    0.
    """
    weight = target[:, TARGET["rotation_weights"]]
    errors = axis_errors(
        _matrices(target[:, TARGET["rotation"]]), _matrices(prediction[:, PREDICTION["rotation"]])
    )
    squared = ops.sum(weight * ops.square(errors), axis=-1)
    distance = ops.sqrt(squared + _SMOOTH**2) - _SMOOTH
    log_std, excess = _limited(
        prediction[:, PREDICTION["rotation_log_std"]], _ROTATION_LOG_STD_LIMITS
    )
    degrees = ops.stop_gradient(errors) * float(np.degrees(1.0))
    likelihood = 0.5 * ops.square(degrees) * ops.exp(-2 * log_std) + log_std + excess
    return distance_weight * distance + _STD_WEIGHT * ops.sum(weight * likelihood, axis=-1)


def openness_loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
    error = prediction[:, PREDICTION["openness"]] - target[:, TARGET["openness"]]
    return ops.mean(target[:, TARGET["openness_weights"]] * ops.abs(error), axis=-1)


def presence_loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
    """Binary cross-entropy of the logit."""
    logit = prediction[:, PREDICTION["presence_logit"]][:, 0]
    present = target[:, TARGET["presence"]][:, 0]
    weight = target[:, TARGET["presence_weight"]][:, 0]
    return weight * (ops.softplus(logit) - present * logit)


def visible_loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
    """Binary cross-entropy of the logits, the mean over the points."""
    logit = prediction[:, PREDICTION["visible_logit"]]
    each = ops.softplus(logit) - target[:, TARGET["visible"]] * logit
    return ops.mean(target[:, TARGET["visible_weights"]] * each, axis=-1)


def consistency_loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
    """How far the canonical head, turned as predicted, scaled and shifted as fits best, falls from
    the predicted points, in pixels of a 128-pixel crop; the points are constants.

    It teaches the rotation of faces of which points alone are labelled.
    """
    points = ops.stop_gradient(_points(prediction, PREDICTION["points"]))[:, _RIGID]
    rotation = _matrices(prediction[:, PREDICTION["rotation"]])
    head = canonical_points()[_RIGID]
    head = ops.convert_to_tensor(head - head.mean(axis=0), dtype=prediction.dtype)
    # Weak perspective: the head's millimetres along the camera's x and y.
    seen = ops.matmul(head, ops.transpose(rotation, (0, 2, 1)))[..., :2]
    centred = points - ops.mean(points, axis=1, keepdims=True)
    scale = ops.sum(centred * seen, axis=(1, 2)) / ops.sum(ops.square(seen), axis=(1, 2))
    # A head turned right round would fit with a negative scale.
    scale = ops.maximum(scale, 0.0)[:, None, None]
    squared = ops.sum(ops.square(_PIXELS * (centred - scale * seen)), axis=-1)
    residual = ops.mean(ops.sqrt(squared + 1.0) - 1.0, axis=-1)
    labelled = ops.any(target[:, TARGET["point_weights"]] > 0, axis=-1)
    return ops.cast(labelled, residual.dtype) * residual


def _limited(
    log_std: keras.KerasTensor, limits: tuple[float, float]
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Within the limits, and how far it was beyond them: what is only cut off has no gradient, and
    wanders.
    """
    within = ops.clip(log_std, *limits)
    return within, ops.abs(log_std - within)


def _over_labelled(target: keras.KerasTensor, each: keras.KerasTensor) -> keras.KerasTensor:
    """(N, 68), by point, -> (N,), about the mean over the labelled points by their weights."""
    weight = target[:, TARGET["point_weights"]]
    labelled = ops.sum(ops.cast(weight > 0, weight.dtype), axis=-1)
    return ops.sum(weight * each, axis=-1) / ops.maximum(labelled, _FEWEST_POINTS)


def _points(vectors: keras.KerasTensor, where: slice) -> keras.KerasTensor:
    return ops.reshape(vectors[:, where], (-1, POINTS, 2))


def _matrices(nine: keras.KerasTensor) -> keras.KerasTensor:
    return ops.reshape(nine, (-1, 3, 3))
