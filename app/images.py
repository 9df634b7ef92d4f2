"""Bytes of an image file -> upright RGB pixels; everything doubtful is refused before decoding.

What becomes of the many kinds of files, all to RGB uint8:

- grey: three equal channels; palette: its colours; 16 bits per channel: the upper 8; CMYK and YCCK
  JPEG: converted without a colour profile, like most viewers do.
- alpha: dropped. The colours that the file stores are used as they are; nothing is blended.
- animated WebP: its first frame. Animated PNG: its still image. GIF is refused.
- embedded colour profiles are ignored.
- EXIF orientation is applied for JPEG, PNG and WebP; BMP has none.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app import exif
from app.errors import ImageTooManyPixels, ImageUndecodable, UnsupportedMediaType
from app.image_headers import ImageHeader, read_header

_FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """Checked against the file's header, before anything is decoded. Pixels."""

    max_pixels: int = 50_000_000
    # OpenCV's warps take no longer sides.
    max_side: int = 32_766


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """`pixels` (H, W, 3) uint8, RGB, upright, contiguous; `orientation_applied` 1 (none) to 8."""

    pixels: NDArray[np.uint8]
    orientation_applied: int

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


def decode(data: bytes, limits: ImageLimits | None = None) -> DecodedImage:
    """Decode a JPEG, PNG, WebP or BMP file. Blocks: call it in a thread.

    Raises:
        UnsupportedMediaType: not one of these formats.
        ImageTooManyPixels: larger than `limits`, found before decoding.
        ImageUndecodable: empty, cut short or damaged.
    """
    header = read_header(data)
    _check_size(header, limits or ImageLimits())
    try:
        pixels = cv2.imdecode(np.frombuffer(header.stream, np.uint8), _FLAGS)
    except (cv2.error, MemoryError) as error:
        raise _damaged(header) from error
    # The codec found another picture than the header announced: do not guess which is meant.
    if pixels is None or pixels.shape != (header.height, header.width, 3):
        raise _damaged(header)
    upright = exif.upright(pixels.astype(np.uint8, copy=False), header.orientation)
    return DecodedImage(upright, header.orientation)


def pixels_to_decode(data: bytes, limits: ImageLimits) -> int:
    """How many pixels `decode` would decode; 0 for what it refuses. Blocks, but briefly."""
    try:
        header = read_header(data)
        _check_size(header, limits)
    except (UnsupportedMediaType, ImageUndecodable, ImageTooManyPixels):
        return 0
    return header.width * header.height


def silence_codecs() -> None:
    """Keep OpenCV from logging to stderr about each damaged upload; for the service's start.

    A setting of the whole process, hence not done by `decode`. libjpeg and libpng may still write
    a line of their own about damage that only decoding finds.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def _check_size(header: ImageHeader, limits: ImageLimits) -> None:
    size = f"{header.width} x {header.height} px"
    if header.width * header.height > limits.max_pixels:
        raise ImageTooManyPixels(
            f"The image has {size}; at most {limits.max_pixels} pixels are accepted. "
            "Scale it down and send it again."
        )
    if max(header.width, header.height) > limits.max_side:
        raise ImageTooManyPixels(
            f"The image has {size}; no side may be longer than {limits.max_side} px. "
            "Scale it down or cut it, and send it again."
        )


def _damaged(header: ImageHeader) -> ImageUndecodable:
    return ImageUndecodable(
        f"The {header.format} image ({header.width} x {header.height} px by its header) is damaged "
        "or uses a feature that is not supported. Open it in an image editor and save it again."
    )
