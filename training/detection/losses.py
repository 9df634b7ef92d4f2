"""The detector's loss: a quality focal loss of the scores, GIoU of the boxes, distances of the
points.

Targets are those of `training.detection.targets`, predictions those of the training network.
"""

import keras
from keras import ops

_BOX_WEIGHT = 2.0
_POINT_WEIGHT = 16.0
_FOCUS = 2.0
_KNEE = 0.05  # of the face's size: below it the distance of points is squared
_LEAST_QUALITY = 0.5  # a positive cell whose box is still wrong is a face all the same


def overlap(
    first: keras.KerasTensor, second: keras.KerasTensor
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """IoU and generalised IoU of boxes (..., 4) x, y, width, height, pair by pair.

    Source: Rezatofighi et al., Generalized Intersection over Union, CVPR 2019.
    """
    first_end, second_end = first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:]
    shared = ops.minimum(first_end, second_end) - ops.maximum(first[..., :2], second[..., :2])
    shared = ops.prod(ops.maximum(shared, 0.0), axis=-1)
    hull = ops.maximum(first_end, second_end) - ops.minimum(first[..., :2], second[..., :2])
    hull = ops.maximum(ops.prod(hull, axis=-1), 1e-6)
    areas = ops.prod(first[..., 2:], axis=-1) + ops.prod(second[..., 2:], axis=-1)
    union = ops.maximum(areas - shared, 1e-6)
    iou = shared / union
    return iou, iou - (hull - union) / hull


def point_distance(
    points: keras.KerasTensor, wanted: keras.KerasTensor, size: keras.KerasTensor
) -> keras.KerasTensor:
    """Mean smooth-L1 distance of points (..., 10), in face sizes (...)."""
    error = ops.abs(points - wanted) / ops.expand_dims(size, -1)
    smooth = ops.where(error < _KNEE, 0.5 * ops.square(error) / _KNEE, error - 0.5 * _KNEE)
    return ops.mean(smooth, axis=-1)


@keras.saving.register_keras_serializable("mien")
def detection_loss(target: keras.KerasTensor, prediction: keras.KerasTensor) -> keras.KerasTensor:
    """Loss of each image (N,): target (N, M, 16), prediction (N, M, 15).

    The score of a positive cell should tell how well its box fits (quality focal loss; Li et al.,
    Generalized Focal Loss, NeurIPS 2020). Sums are divided by the batch's mean number of positive
    cells, so that a picture without faces weighs by its mistakes alone.
    """
    state = target[..., 0]
    face = ops.cast(state > 0.5, "float32")
    known = ops.cast(state > -0.5, "float32")
    positives = ops.maximum(ops.sum(face) / ops.cast(ops.shape(face)[0], "float32"), 1.0)

    # Cells without a face get a unit box, so that nothing there can become NaN.
    unit = ops.concatenate([ops.zeros_like(target[..., 1:3]), ops.ones_like(target[..., 3:5])], -1)
    is_face = ops.expand_dims(face, -1) > 0.5
    wanted_box = ops.where(is_face, target[..., 1:5], unit)
    iou, generalised = overlap(ops.where(is_face, prediction[..., 1:5], unit), wanted_box)

    quality = _LEAST_QUALITY + (1 - _LEAST_QUALITY) * ops.stop_gradient(iou)
    wanted = face * quality
    logit = prediction[..., 0]
    score = ops.sigmoid(logit)
    entropy = ops.softplus(logit) - wanted * logit
    focus = ops.power(ops.abs(wanted - score), _FOCUS)
    score_loss = ops.sum(known * focus * entropy, axis=-1)

    box_loss = ops.sum(face * (1 - generalised), axis=-1)

    size = ops.sqrt(wanted_box[..., 2] * wanted_box[..., 3])
    distance = point_distance(prediction[..., 5:], target[..., 5:15], size)
    point_loss = ops.sum(face * target[..., 15] * distance, axis=-1)

    total = score_loss + _BOX_WEIGHT * box_loss + _POINT_WEIGHT * point_loss
    return total / positives
