"""Bytes of an image file -> upright RGB pixels; everything doubtful is refused before decoding.

JPEG is decoded by `app.images.jpeg`, at a coarser scale where that suffices; all else, and the few
JPEGs that it does not take, by OpenCV. What becomes of the many kinds of files, all to RGB uint8:

- grey: three equal channels; palette: its colours; 16 bits per channel: see
  `app.images.depth`; CMYK and YCCK JPEG: converted without a colour profile, like most viewers do.
- alpha: dropped. The colours that the file stores are used as they are; nothing is blended.
- animated WebP: its first frame. Animated PNG: its still image. GIF is refused.
- lossless JPEG, and any sampling of its colours: like every JPEG. 12 bits per sample: refused.
- embedded colour profiles are ignored.
- EXIF orientation is applied for JPEG, PNG and WebP; BMP has none.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.errors import ImageTooManyPixels, ImageUndecodable, UnsupportedMediaType
from app.images import exif, jpeg
from app.images.depth import eight_bits
from app.images.grid import WHOLE, Grid
from app.images.headers import ImageHeader, read_header
from app.images.resolution import FULL, Resolution

_FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """Checked against the file's header, before anything is decoded. Pixels."""

    max_pixels: int = 50_000_000
    # OpenCV's warps take no longer sides.
    max_side: int = 32_766


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """`pixels` (H, W, 3) uint8, RGB, upright, contiguous; `orientation_applied` 1 (none) to 8.

    `grid` tells where the pixels lie in the image, which may have more of them.
    """

    pixels: NDArray[np.uint8]
    orientation_applied: int
    grid: Grid = WHOLE

    @property
    def width(self) -> int:
        """Of the image, pixels; not of `pixels`."""
        return self.grid.image_size(self.pixels.shape[1], self.pixels.shape[0])[0]

    @property
    def height(self) -> int:
        """Of the image, pixels; not of `pixels`."""
        return self.grid.image_size(self.pixels.shape[1], self.pixels.shape[0])[1]


def decode(
    data: bytes,
    limits: ImageLimits | None = None,
    resolution: Resolution = FULL,
    header: ImageHeader | None = None,
) -> DecodedImage:
    """Decode a JPEG, PNG, WebP or BMP file. Blocks: call it in a thread.

    resolution: what is needed; only JPEGs are ever decoded coarser than they are. header: the
    file's, where `checked_header` has read it before.

    Raises:
        UnsupportedMediaType: not one of these formats.
        ImageTooManyPixels: larger than `limits`, found before decoding.
        ImageUndecodable: empty, cut short or damaged.
    """
    header = header or checked_header(data, limits or ImageLimits())
    try:
        pixels, step = _stored_pixels(header, resolution)
    except (cv2.error, ValueError, MemoryError) as error:
        raise _damaged(header) from error
    width, height = -(-header.width // step), -(-header.height // step)
    # The codec found another picture than the header announced: do not guess which is meant.
    if pixels is None or pixels.shape != (height, width, 3):
        raise _damaged(header)
    beyond = (0, 0, width * step - header.width, height * step - header.height)
    grid = Grid(step, *exif.upright_sides(beyond, header.orientation))
    return DecodedImage(exif.upright(pixels, header.orientation), header.orientation, grid)


def checked_header(data: bytes, limits: ImageLimits) -> ImageHeader:
    """What the file claims. Blocks, but briefly. Raises as `decode` does, for all that can be known
    before decoding.
    """
    header = read_header(data)
    _check_size(header, limits)
    return header


def pixels_to_decode(files: Iterable[bytes], limits: ImageLimits) -> int:
    """How many pixels `decode` would decode at full size, all files together, without those that it
    refuses. Blocks, but briefly.
    """
    return sum(_pixels(data, limits) for data in files)


def silence_codecs() -> None:
    """Keep OpenCV from logging to stderr about each damaged upload; for the service's start.

    A setting of the whole process, hence not done by `decode`. libpng, and libjpeg for the few
    JPEGs that are left to OpenCV, may still write a line of their own about damage that only
    decoding finds.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def _pixels(data: bytes, limits: ImageLimits) -> int:
    try:
        header = checked_header(data, limits)
    except (UnsupportedMediaType, ImageUndecodable, ImageTooManyPixels):
        return 0
    return header.width * header.height


def _stored_pixels(
    header: ImageHeader, resolution: Resolution
) -> tuple[NDArray[np.uint8] | None, int]:
    """Pixels as stored, None if there are none to be had, and the file's pixels per one of them."""
    if header.jpeg is not None and jpeg.decodes(header.jpeg):
        step = jpeg.coarsest_step(header, header.jpeg, resolution)
        if (decoded := jpeg.decode(header, step)) is not None:
            return decoded, step
    flags = _FLAGS | cv2.IMREAD_ANYDEPTH if header.depth == 16 else _FLAGS
    pixels = cv2.imdecode(np.frombuffer(header.stream, np.uint8), flags)
    if pixels is not None and pixels.dtype == np.uint16:
        return eight_bits(pixels.astype(np.uint16, copy=False)), 1
    return None if pixels is None else pixels.astype(np.uint8, copy=False), 1


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
