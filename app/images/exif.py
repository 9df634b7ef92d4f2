"""The one EXIF value that moves pixels: the orientation tag, and what it means for an image."""

import struct
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

ORIENTATION_TAG = 0x0112
# BYTE, SHORT, LONG: the standard says SHORT; some writers use the others.
_VALUE_FORMATS = {1: "B", 3: "H", 4: "I"}
# Which side of the stored image (0 left, 1 top, 2 right, 3 bottom) is the upright image's left,
# top, right and bottom side.
_STORED_SIDES = {
    1: (0, 1, 2, 3),
    2: (2, 1, 0, 3),
    3: (2, 3, 0, 1),
    4: (0, 3, 2, 1),
    5: (1, 0, 3, 2),
    6: (3, 0, 1, 2),
    7: (3, 2, 1, 0),
    8: (1, 2, 3, 0),
}


def orientation(exif: bytes) -> int:
    """Orientation 1 to 8 from a TIFF-structured EXIF block; 1 if absent or unreadable.

    A photo is not refused because of its metadata, so nothing in here raises.
    """
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        magic, start = struct.unpack_from(order + "HI", exif, 2)
        (count,) = struct.unpack_from(order + "H", exif, start)
        if magic != 42:
            return 1
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(order + "HH", exif, entry)
            if tag == ORIENTATION_TAG and kind in _VALUE_FORMATS:
                (value,) = struct.unpack_from(order + _VALUE_FORMATS[kind], exif, entry + 8)
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def upright_sides(sides: tuple[int, int, int, int], value: int) -> tuple[int, int, int, int]:
    """Something known of the left, top, right and bottom side of the stored image -> of the
    upright one, in the same order.
    """
    left, top, right, bottom = (sides[side] for side in _STORED_SIDES[value])
    return left, top, right, bottom


def upright(pixels: NDArray[np.uint8], value: int) -> NDArray[np.uint8]:
    """Turn (H, W, 3) pixels as stored into the upright image, (H, W, 3) or (W, H, 3), contiguous.

    The value says where the stored row 0 and column 0 belong (EXIF 2.32, 4.6.4 A):
    1 top left, 2 top right, 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7 right
    bottom, 8 left bottom.
    """
    result: Any = pixels
    if value in (5, 7):
        result = cv2.transpose(pixels)
    if value in (3, 7):
        result = cv2.rotate(result, cv2.ROTATE_180)
    elif value == 2:
        result = cv2.flip(pixels, 1)
    elif value == 4:
        result = cv2.flip(pixels, 0)
    elif value == 6:
        result = cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE)
    elif value == 8:
        result = cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)
    return np.ascontiguousarray(result, dtype=np.uint8)
