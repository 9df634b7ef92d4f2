"""16-bit PNG: full ones lose their lower bits, frames of 10 and 12 bits are not black."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.images.decoding import decode


def png(pixels: NDArray[np.uint16]) -> bytes:
    done, data = cv2.imencode(".png", pixels)
    assert done
    return data.tobytes()


def ramp(largest: int, *channels: int) -> Any:
    """From 0 to `largest`, (32, 64) or with channels, different ones."""
    values = np.linspace(0, largest, 32 * 64).reshape(32, 64)
    if channels:
        values = np.stack([values / (2**index) for index in range(*channels)], axis=-1)
    return np.round(values).astype(np.uint16)


@pytest.mark.parametrize(
    ("largest", "divisor"),
    [(65535, 256), (4096, 256), (4095, 16), (1024, 16), (1023, 4), (200, 4), (0, 4)],
)
def test_the_largest_value_tells_how_many_bits_there_are(largest: int, divisor: int) -> None:
    pixels = decode(png(ramp(largest))).pixels
    assert pixels.dtype == np.uint8
    for channel in range(3):
        np.testing.assert_array_equal(pixels[..., channel], ramp(largest) // divisor)


@pytest.mark.parametrize("channels", [3, 4])
def test_all_colours_are_divided_alike(channels: int) -> None:
    stored = ramp(4000, channels)  # OpenCV writes blue, green, red, alpha
    np.testing.assert_array_equal(decode(png(stored)).pixels, stored[..., 2::-1] // 16)
