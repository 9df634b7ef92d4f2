"""Small encoded images for tests, and Pillow as the oracle of what they show."""

import base64
import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")


def photo(width: int = 64, height: int = 48) -> Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([x * 4, y * 5, (x + y) * 2], axis=-1).astype(np.uint8))


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


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


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def lossless_jpeg(width: int, height: int) -> bytes:
    """An even grey RGB picture by the lossless process (SOF3): every difference is 0, one bit."""
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"\1\x11\0\2\x11\0\3\x11\0"
    one_code = bytes((0, 1)) + bytes(15) + b"\0"
    scan = b"\3\1\0\2\0\3\0\1\0\0"
    bits = bytes((width * height * 3 + 7) // 8)
    parts = jpeg_segment(0xC3, frame), jpeg_segment(0xC4, one_code), jpeg_segment(0xDA, scan)
    return b"\xff\xd8" + b"".join(parts) + bits + b"\xff\xd9"


def arithmetic_jpeg() -> bytes:
    """24 x 16 pixels of colour, 4:2:0, with arithmetic coding (SOF9), which Pillow cannot write."""
    return base64.b64decode(
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsL"
        "EBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU"
        "FBQUFBQUFBQUFBQUFBQUFBQUFBT/yQARCAAQABgDASIAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIRAxEAPwD/AO23"
        "WgdE8p+eil+FDqcWu9Xhtn2LGpm7MnX7pfqMarCevRTFy93LEAlemReY4JpQ/9k="
    )
