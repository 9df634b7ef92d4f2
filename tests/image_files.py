"""Small encoded images for tests, and Pillow as the oracle of what they show."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from app.errors import MienError
from app.images import DecodedImage, ImageLimits, decode

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")


def photo(width: int = 64, height: int = 48) -> Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([x * 4, y * 5, (x + y) * 2], axis=-1).astype(np.uint8))


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def attempt(data: bytes, limits: ImageLimits) -> DecodedImage | MienError:
    try:
        return decode(data, limits)
    except MienError as error:
        return error


def oracle(data: bytes) -> np.ndarray[Any, Any]:
    """Pillow's upright RGB."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert image is not None
    return np.asarray(image.convert("RGB"), np.int16)


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with right checksums around whatever the chunks hold; 8-bit RGB."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for name, body in ((b"IHDR", header), *chunks, (b"IEND", b"")):
        parts.append(struct.pack(">I", len(body)) + name + body)
        parts.append(struct.pack(">I", zlib.crc32(name + body)))
    return b"".join(parts)
