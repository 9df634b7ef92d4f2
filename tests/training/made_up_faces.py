"""Predictors whose errors are known, and an untrained network with the outputs of face models."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.geometry import Box
from tests.tiny_models import TEMPLATE_68
from training.faces.predictor import FacePredictor
from training.samples import FaceSample, ImageSample

SIZE = 32
Floats = NDArray[np.float64]


def head(yaw: float, pitch: float, roll: float) -> Floats:
    """R = Ry(-yaw) Rx(-pitch) Rz(roll) by SciPy."""
    return Rotation.from_euler("YXZ", [-yaw, -pitch, roll], degrees=True).as_matrix()


def numbered(folder: Path, index: int) -> Path:
    """A picture of one grey, `index`, which a made-up predictor reads as the face's number."""
    path = folder / f"{index}.png"
    assert cv2.imwrite(str(path), np.full((40, 40, 3), index, np.uint8))
    return path


def posed_samples(folder: Path, rotations: Sequence[Floats]) -> list[ImageSample]:
    """Pictures of one face each, of known rotation."""
    return [
        ImageSample(
            "made",
            numbered(folder, index),
            (FaceSample(box=Box(10.0, 10.0, 12.0, 12.0), rotation=rotation),),
            f"person {index}",
            "test",
        )
        for index, rotation in enumerate(rotations)
    ]


def knowing(
    rotations: Sequence[Floats] | Floats,
    *,
    rotation_std: Floats | Sequence[float] = (1.0, 1.0, 1.0),
    presence: Callable[[Floats], Floats] = np.ones_like,
    visible: Floats | float = 0.9,
) -> FacePredictor:
    """Answers by the number of the face: its rotation; rotation_std: (3,) or (N, 3); visible: one
    for all, or (N, 68).
    """
    known = np.stack(list(rotations))
    spread = np.broadcast_to(np.asarray(rotation_std, np.float64), (len(known), 3))
    shown = np.broadcast_to(np.asarray(visible, np.float64), (len(known), 68))

    def run(crops: NDArray[np.uint8]) -> Mapping[str, NDArray[Any]]:
        numbers = crops[:, SIZE // 2, SIZE // 2, 0].astype(int)
        count = len(crops)
        return {
            "points": np.tile(TEMPLATE_68, (count, 1, 1)),
            "std": np.full((count, 68), 0.01, np.float32),
            "visible": shown[numbers % len(known)],
            "rotation": known[numbers % len(known)],
            "rotation_std": spread[numbers % len(known)],
            "openness": np.full((count, 2), 0.25, np.float32),
            "presence": presence(numbers.astype(np.float64)),
        }

    return FacePredictor(run, SIZE)


def untrained_network(std_scale: float = 1.0, rotation_scale: Sequence[float] = (1, 1, 1)) -> Any:
    """A tiny Keras model with the inputs and outputs of a face model; the same in every call."""
    import keras
    from keras import layers, ops

    keras.utils.set_random_seed(0)
    crops = keras.Input((SIZE, SIZE, 3), dtype="uint8", name="crops")
    x = ops.cast(crops, "float32") / 255.0
    x = layers.Conv2D(4, 5, strides=4, activation="relu")(x)
    x = layers.Flatten()(x)
    # A black picture must not give two vectors of length 0.
    six = layers.Dense(6)(x) + np.array([1, 0, 0, 0, 1, 0], np.float32)
    first = six[:, :3] / ops.norm(six[:, :3], axis=1, keepdims=True)
    second = six[:, 3:] - ops.sum(first * six[:, 3:], axis=1, keepdims=True) * first
    second = second / ops.norm(second, axis=1, keepdims=True)
    # Written out: ONNX has no cross product.
    third = ops.roll(first, -1, 1) * ops.roll(second, 1, 1)
    third = third - ops.roll(first, 1, 1) * ops.roll(second, -1, 1)
    rotation = ops.stack([first, second, third], axis=2)
    factors = np.asarray(rotation_scale, np.float32)
    outputs = {
        "points": layers.Reshape((68, 2))(layers.Dense(136)(x)),
        "std": ops.exp(layers.Dense(68)(x) - 3.0) * std_scale,
        "visible": ops.sigmoid(layers.Dense(68)(x)),
        "rotation": rotation,
        "rotation_std": ops.exp(layers.Dense(3)(x) + 1.0) * factors,
        "openness": layers.Dense(2)(x),
        "presence": ops.sigmoid(layers.Dense(1)(x)[:, 0]),
    }
    return keras.Model(crops, outputs)
