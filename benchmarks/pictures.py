"""The pictures that are sent: 640x480 JPEGs of a rendered head, with one face and with ten.

A render compresses far better than a photograph, so grain is added until the file weighs what a
photograph of this size does. The same inputs give the same bytes with one version of OpenCV.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 480
QUALITY = 90
WEIGHT = 94_000
"""Bytes of a photograph of 640x480 at this quality."""

_HEAD_AND_NECK = (slice(16, 376), slice(64, 332))  # rows and columns of models/self-test/face.png
_COLUMNS, _ROWS = 5, 2
Image8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG file and how many faces it shows."""

    name: str
    faces: int
    jpeg: bytes

    def __str__(self) -> str:
        return (
            f"{self.name}: JPEG {WIDTH}x{HEIGHT}, quality {QUALITY}, {len(self.jpeg) / 1000:.1f} kB"
        )


def pictures(models: Path) -> tuple[Picture, Picture]:
    """With one face and with ten. models: the folder that holds self-test/face.png.

    Raises:
        FileNotFoundError: the rendered head is not there.
    """
    path = models / "self-test" / "face.png"
    head = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if head is None:
        raise FileNotFoundError(f"{path} cannot be read. Name the folder of the models: --models.")
    pixels = np.asarray(head, np.uint8)
    return (
        Picture("one face", 1, _weighing(_one(pixels))),
        Picture("ten faces", 10, _weighing(_ten(pixels))),
    )


def _one(head: Image8) -> Image8:
    canvas = _backdrop()
    side = head.shape[0]
    top, left = (HEIGHT - side) // 2, (WIDTH - side) // 2
    canvas[top : top + side, left : left + side] = head
    return canvas


def _ten(head: Image8) -> Image8:
    """Two rows of five, every other one mirrored."""
    canvas = _backdrop()
    width, height = WIDTH // _COLUMNS, HEIGHT // _ROWS
    part = head[_HEAD_AND_NECK]
    tall = round(width * part.shape[0] / part.shape[1])
    small = np.asarray(cv2.resize(part, (width, tall), interpolation=cv2.INTER_AREA), np.uint8)
    for index in range(_COLUMNS * _ROWS):
        row, column = divmod(index, _COLUMNS)
        top, left = row * height + (height - tall) // 2, column * width
        canvas[top : top + tall, left : left + width] = small[:, :: -1 if index % 2 else 1]
    return canvas


def _backdrop() -> Image8:
    """Soft spots of colour."""
    coarse = np.random.default_rng(7).integers(60, 190, (9, 12, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


def _weighing(image: Image8) -> bytes:
    """The JPEG of the image with as much grain as gives it `WEIGHT`."""
    grain = np.random.default_rng(8).normal(size=(HEIGHT, WIDTH, 1))
    least, most = 0.0, 30.0
    for _ in range(12):
        strength = (least + most) / 2
        noisy = np.clip(np.rint(image + strength * grain), 0, 255).astype(np.uint8)
        done, jpeg = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if not done:
            raise RuntimeError("OpenCV cannot write JPEG files here")
        if len(jpeg) < WEIGHT:
            least = strength
        else:
            most = strength
    return bytes(jpeg)
