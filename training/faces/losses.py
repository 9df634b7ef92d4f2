"""The loss of the face network: a weighted sum over what is labelled of each crop.

The weights make the parts pull about equally once training has settled: a pixel of a 128-pixel
crop, two degrees of the head, and the tenth part of an open eye cost about the same.
"""

import keras
import numpy as np
from keras import ops

from app.face.pnp import canonical_points
from training.faces.rotations import axis_errors
from training.faces.targets import POINTS, PREDICTION, TARGET
from training.landmarks.losses import wing

_STD_WEIGHT = 0.1  # of both likelihoods: they are to fit, not to lead
_ROTATION_WEIGHT = 20.0  # a radian
_OPENNESS_WEIGHT = 10.0
_PRESENCE_WEIGHT = 1.0
# Small: the canonical head is nobody's, and its points are not quite where people click.
_CONSISTENCY_WEIGHT = 0.02

_SMOOTH = float(np.radians(2.0))  # errors below it are mostly the labels' own
_LOG_STD_LIMITS = (-9.0, 0.0)
_ROTATION_LOG_STD_LIMITS = (-2.0, 4.5)  # 0.14 to 90 degrees
# A crop with fewer labelled points counts less than one with all of them, but each point more.
_FEWEST_POINTS = 17.0
_RIGID = slice(17, POINTS)  # the jaw's outline is not a place on the head
_PIXELS = 128.0


@keras.saving.register_keras_serializable("mien")
def face_loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
    """(N, T) and (N, P), see `training.faces.targets`, -> (N,)."""
    return (
        point_loss(target, prediction)
        + rotation_loss(target, prediction)
        + _OPENNESS_WEIGHT * openness_loss(target, prediction)
        + _PRESENCE_WEIGHT * presence_loss(target, prediction)
        + _CONSISTENCY_WEIGHT * consistency_loss(target, prediction)
    )


def point_loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
    """Wing loss of the points and the likelihood of their deviations, which sees the errors as
    constants.
    """
    weight = target[:, TARGET["point_weights"]]
    error = _points(prediction, PREDICTION["points"]) - _points(target, TARGET["points"])
    distance = ops.mean(wing(error), axis=-1)
    log_std = ops.clip(prediction[:, PREDICTION["log_std"]], *_LOG_STD_LIMITS)
    squared = ops.mean(ops.square(ops.stop_gradient(error)), axis=-1)
    likelihood = 0.5 * squared * ops.exp(-2 * log_std) + log_std
    labelled = ops.sum(ops.cast(weight > 0, weight.dtype), axis=-1)
    total = ops.sum(weight * (distance + _STD_WEIGHT * likelihood), axis=-1)
    return total / ops.maximum(labelled, _FEWEST_POINTS)


def rotation_loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
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
    log_std = ops.clip(prediction[:, PREDICTION["rotation_log_std"]], *_ROTATION_LOG_STD_LIMITS)
    degrees = ops.stop_gradient(errors) * float(np.degrees(1.0))
    likelihood = 0.5 * ops.square(degrees) * ops.exp(-2 * log_std) + log_std
    return _ROTATION_WEIGHT * distance + _STD_WEIGHT * ops.sum(weight * likelihood, axis=-1)


def openness_loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
    error = prediction[:, PREDICTION["openness"]] - target[:, TARGET["openness"]]
    return ops.mean(target[:, TARGET["openness_weights"]] * ops.abs(error), axis=-1)


def presence_loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
    """Binary cross-entropy of the logit."""
    logit = prediction[:, PREDICTION["presence_logit"]][:, 0]
    present = target[:, TARGET["presence"]][:, 0]
    weight = target[:, TARGET["presence_weight"]][:, 0]
    return weight * (ops.softplus(logit) - present * logit)


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


def _points(vectors: keras.KerasTensor, where: slice) -> keras.KerasTensor:
    return ops.reshape(vectors[:, where], (-1, POINTS, 2))


def _matrices(nine: keras.KerasTensor) -> keras.KerasTensor:
    return ops.reshape(nine, (-1, 3, 3))
