"""One network for a face crop: points, head rotation, how open the eyes are, and whether a face is
there at all.
"""

import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from training.faces.targets import POINTS, PREDICTION
from training.networks.gram_schmidt import GramSchmidt
from training.networks.landmarks import StopGradient
from training.networks.layers import pixels_to_unit_range
from training.networks.point_heads import HEADS, CropFeatures, HeadAnswer
from training.networks.read_out import read_out
from training.networks.sometimes import SometimesAdded
from training.networks.trunk import crop_features

# First guesses: about 5 % of the eye distance, 8 degrees, an eye at rest.
_FIRST_STD, _FIRST_ROTATION_STD, _FIRST_OPENNESS = 0.02, 8.0, 0.25
_SQUEEZED, _SHAPE_FEATURES, _PLACE_FEATURES = 32, 144, 96
_UPRIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def face_network(
    size: int, mean_points: NDArray[np.float32] | None = None, head: str = "direct"
) -> keras.Model:
    """Crop -> one vector, cut by `training.faces.targets.PREDICTION`; behind it the logits of the
    points' distributions, if the head has them.

    In: (N, size, size, 3) uint8 RGB; the network casts. Every head starts at an average answer;
    mean_points (68, 2), unit crop, is that of the points. head: one of HEADS, how points are found.
    """
    if size % 32:
        raise ValueError(f"size must be a multiple of 32, received {size}")
    crops = keras.Input((size, size, 3), dtype="uint8", name="crops")
    fine, middle, last = crop_features(pixels_to_unit_range(crops))
    # Of a known length: what Flatten finds out for every crop costs the exported graph five steps.
    flat = ops.reshape(last, (-1, math.prod(last.shape[1:])))
    start = np.full((POINTS, 2), 0.5, np.float32) if mean_points is None else mean_points
    answer = HEADS[head](CropFeatures(fine, middle, last, flat), start)
    places = StopGradient()(layers.Concatenate()([answer.points, answer.visible]))
    shape = _shape(last, places, answer.lids)
    by_places = layers.Dense(_PLACE_FEATURES, "relu", name="places")(places)
    log_std = _log_std(flat, shape, answer)

    parts = {
        "points": answer.points,
        "log_std": log_std,
        "visible_logit": answer.visible,
        "rotation": _rotation(by_places, shape),
        "rotation_log_std": read_out(
            StopGradient()(layers.Concatenate()([shape, by_places, log_std])),
            "rotation_doubt",
            [float(np.log(_FIRST_ROTATION_STD))] * 3,
        ),
        "openness": read_out(shape, "openness_seen", [_FIRST_OPENNESS] * 2),
        "presence_logit": read_out(shape, "presence_logit", [0.0]),
    }
    vector = [parts[name] for name in PREDICTION]
    if answer.logits is not None:
        vector.append(answer.logits)
    return keras.Model(crops, layers.Concatenate(name="face")(vector), name="face")


def _shape(
    last: keras.KerasTensor, places: keras.KerasTensor, lids: keras.KerasTensor | None
) -> keras.KerasTensor:
    """(N, F): what is told of the head as a whole, by the last map and by where the points lie."""
    squeezed = layers.Conv2D(_SQUEEZED, 1, activation="relu", name="squeezed")(last)
    squeezed = ops.reshape(squeezed, (-1, math.prod(squeezed.shape[1:])))
    seen = [squeezed, places] if lids is None else [squeezed, places, lids]
    return layers.Dense(_SHAPE_FEATURES, "relu", name="shape")(layers.Concatenate()(seen))


def _rotation(by_places: keras.KerasTensor, shape: keras.KerasTensor) -> keras.KerasTensor:
    """(N, 9). What heads look like carries over from renders to people less well than where their
    points lie: those must do alone for half of the crops.
    """
    rows = [
        read_out(by_places, "rows_by_places", _UPRIGHT),
        SometimesAdded(name="appearance")(read_out(shape, "rows", [0.0] * 6)),
    ]
    return GramSchmidt(name="rotation")(layers.Add()(rows))


def _log_std(
    flat: keras.KerasTensor, shape: keras.KerasTensor, answer: HeadAnswer
) -> keras.KerasTensor:
    """(N, 68); all but `doubt` look at the features without changing them."""
    clues = flat
    if answer.spread is not None:
        # The evidence's own scatter says most of it; the head's features are cheaper than the map.
        clues = layers.Concatenate()([shape, answer.spread])
    log_std = read_out(StopGradient()(clues), "log_std", [float(np.log(_FIRST_STD))] * POINTS)
    return log_std if answer.doubt is None else layers.Add()([log_std, answer.doubt])


def serving_network(
    trained: keras.Model,
    std_scale: float = 1.0,
    rotation_std_scale: Sequence[float] = (1, 1, 1),
    faces_per_other: float = 1.0,
) -> keras.Model:
    """The graph to export, outputs by name: points (N, 68, 2) and std (N, 68) in the unit crop,
    visible (N, 68) 0..1, rotation (N, 3, 3), rotation_std (N, 3) degrees, openness (N, 2), presence
    (N,) 0..1.

    std_scale, rotation_std_scale: calibration factors of the deviations, from validation faces.
    faces_per_other: crops of faces for each without, in training. The network has learnt these
    odds; the presence is what it would be had it seen as many of both.
    """
    # The parts before they were put side by side: cutting them apart again would cost time.
    part = dict(zip(PREDICTION, trained.get_layer("face").input, strict=False))
    factors = np.asarray(rotation_std_scale, np.float32)
    # Layers with names of their own: those of bare operations repeat what a network that was read
    # from a file already has.
    logit = layers.Reshape((), name="logit_of_presence")(part["presence_logit"])
    outputs = {
        "points": layers.Reshape((POINTS, 2), name="points_in_pairs")(part["points"]),
        "std": layers.Lambda(lambda log: ops.exp(log) * std_scale, name="std")(part["log_std"]),
        "visible": layers.Activation("sigmoid", name="visible_share")(part["visible_logit"]),
        "rotation": layers.Reshape((3, 3), name="rotation_matrix")(part["rotation"]),
        "rotation_std": layers.Lambda(lambda log: ops.exp(log) * factors, name="rotation_std")(
            part["rotation_log_std"]
        ),
        "openness": part["openness"],
        "presence": layers.Lambda(
            lambda value: ops.sigmoid(value - float(np.log(faces_per_other))), name="presence"
        )(logit),
    }
    return keras.Model(trained.input, outputs, name="face_serving")
