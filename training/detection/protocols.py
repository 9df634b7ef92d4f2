"""The same labelled photographs shown in other ways: turned, cut close, far away."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face.geometry import transform
from training.detection.images import LabelledImage, turned_box


@dataclass(frozen=True, slots=True)
class Showing:
    """One way of showing a photograph of one face. sentence: for the card."""

    name: str
    sentence: str
    change: Callable[[LabelledImage], LabelledImage]


def as_stored(image: LabelledImage) -> LabelledImage:
    return image


def turned(degrees: float) -> Callable[[LabelledImage], LabelledImage]:
    """Turns the picture clockwise about its centre; the canvas grows, its corners are black."""

    def change(image: LabelledImage) -> LabelledImage:
        height, width = image.pixels.shape[:2]
        sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        new_width = math.ceil(width * abs(cosine) + height * abs(sine))
        new_height = math.ceil(width * abs(sine) + height * abs(cosine))
        matrix = np.array([[cosine, -sine], [sine, cosine]])
        offset = np.array([new_width - 1, new_height - 1]) / 2
        offset = offset - matrix @ (np.array([width - 1, height - 1]) / 2)
        return _moved(image, np.column_stack([matrix, offset]), (new_width, new_height))

    return change


def close(share: float) -> Callable[[LabelledImage], LabelledImage]:
    """Cuts the picture so that the face fills `share` of each side, as in front of a driver's
    camera.
    """

    def change(image: LabelledImage) -> LabelledImage:
        box = image.boxes[0]
        size = box[2:] / share
        corner = box[:2] + box[2:] / 2 - size / 2
        to_cut = np.column_stack([np.eye(2), -0.5 - corner])
        return _moved(image, to_cut, (round(size[0]), round(size[1])))

    return change


def far(height: float, canvas: int = 320) -> Callable[[LabelledImage], LabelledImage]:
    """Shrinks the picture until the face is `height` pixels high, amid a grey canvas."""

    def change(image: LabelledImage) -> LabelledImage:
        old_height, old_width = image.pixels.shape[:2]
        scale = height / image.boxes[0][3]
        size = (max(1, round(old_width * scale)), max(1, round(old_height * scale)))
        small = cv2.resize(image.pixels, size, interpolation=cv2.INTER_AREA)
        left, top = (canvas - size[0]) // 2, (canvas - size[1]) // 2
        pixels = np.full((canvas, canvas, 3), 110, np.uint8)
        pixels[top : top + size[1], left : left + size[0]] = small
        ratio = np.array([size[0] / old_width, size[1] / old_height])
        affine = np.column_stack([np.diag(ratio), np.array([left, top]) + 0.5 * ratio - 0.5])
        return _relabelled(image, affine, pixels)

    return change


SHOWINGS = (
    Showing("all", "pictures as stored", as_stored),
    Showing("turned +30", "pictures turned 30 degrees clockwise", turned(30)),
    Showing("turned -30", "pictures turned 30 degrees anticlockwise", turned(-30)),
    Showing("turned 90", "pictures turned 90 degrees clockwise", turned(90)),
    Showing("close", "cut so that the face fills 80 % of each side", close(0.8)),
    Showing("far 24 px", "shrunk to faces 24 px high on a canvas of 320 px", far(24)),
    Showing("far 16 px", "shrunk to faces 16 px high on a canvas of 320 px", far(16)),
)


def _moved(
    image: LabelledImage, affine: NDArray[np.float64], size: tuple[int, int]
) -> LabelledImage:
    pixels = cv2.warpAffine(image.pixels, affine, size, flags=cv2.INTER_LINEAR)
    return _relabelled(image, affine, np.asarray(pixels, np.uint8))


def _relabelled(
    image: LabelledImage, affine: NDArray[np.float64], pixels: NDArray[np.uint8]
) -> LabelledImage:
    boxes = [turned_box(box, affine) for box in image.boxes]
    return replace(
        image,
        pixels=pixels,
        boxes=np.array(boxes).reshape(-1, 4),
        points=transform(affine, image.points),
    )
