"""Size, orientation and completeness of an encoded image, read without decoding a pixel.

The codecs trust what a file claims: a 60 kB PNG may ask for a gigabyte, and half a JPEG decodes to
a half grey photo. So the claims are read here first. Offsets are bytes from the start of the file.
Sources: ITU-T T.81 annex B (JPEG), W3C PNG 3rd edition, RFC 9649 (WebP), Microsoft's
BITMAPCOREHEADER and BITMAPINFOHEADER (BMP).
"""

import re
import struct
import zlib
from dataclasses import dataclass

from app.errors import ImageUndecodable
from app.images import exif
from app.images.media_types import ImageFormat, image_format

# A marker that says something: not stuffing (00), TEM (01), a restart (D0..D7), SOI or fill (FF).
# By one expression, because a loop over megabytes of such bytes would hold up the whole process.
_MARKER = re.compile(rb"\xff[\x02-\xcf\xd9-\xfe]")
# Every SOF except DHT (C4), JPG (C8) and DAC (CC), which share the range.
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_EOI, _SOS, _APP1 = 0xD9, 0xDA, 0xE1
# Photos have about ten scans at most; each costs a pass over all coefficients. So large pictures
# are allowed fewer: twelve at 50 megapixels.
_MAX_SCANS = 30
_MAX_SCANNED_PIXELS = 600_000_000
# Segments of a JPEG, chunks of a PNG or a WebP. Programs that write small ones make some thousands.
_MAX_PARTS = 16_384
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
_CUT = "It ends too early: the upload or the file was cut short. Send the whole file again."
_REPAIR = "Open it in an image editor and save it again."


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """How a JPEG is coded.

    process: the marker of its frame header, C0 to CF: baseline, progressive, lossless, ...
    samplings: one byte per component, across in the upper four bits, along in the lower.
    """

    process: int
    samplings: bytes


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the file claims. `width` and `height` are pixels as stored, before the orientation.

    `stream` is what the codec should get: the file, or for PNG its image chunks alone. `jpeg`: of
    a JPEG alone. `depth`: bits of a sample; of PNG alone it may be another than 8.
    """

    format: ImageFormat
    width: int
    height: int
    orientation: int
    stream: bytes
    jpeg: JpegFrame | None = None
    depth: int = 8


def read_header(data: bytes) -> ImageHeader:
    """Read the header of a JPEG, PNG, WebP or BMP file and check that the file is complete.

    Raises:
        UnsupportedMediaType: it is something else.
        ImageUndecodable: it is empty, cut short, or contradicts itself.
    """
    kind = image_format(data)
    readers = {"JPEG": _read_jpeg, "PNG": _read_png, "WebP": _read_webp, "BMP": _read_bmp}
    try:
        header = readers[kind](data)
    except (struct.error, IndexError) as error:
        raise ImageUndecodable(f"The {kind} image cannot be read. {_CUT}") from error
    if header.width < 1 or header.height < 1:
        size = f"{header.width} x {header.height} px"
        raise ImageUndecodable(f"The {kind} image says it is {size}. {_REPAIR}")
    return header


def _refuse(kind: ImageFormat, why: str) -> ImageUndecodable:
    return ImageUndecodable(f"The {kind} image is damaged: {why}. {_REPAIR}")


def _read_jpeg(data: bytes) -> ImageHeader:
    """Bytes between the segments in front of the first scan are left out of the stream: so the
    codec meets the very frame header that was read here, and nothing to complain about.
    """
    size: tuple[int, int] | None = None
    frame = JpegFrame(0, b"")
    view, kept = memoryview(data), [memoryview(data[:2])]
    orientation, scans, at, picture, whole = 1, 0, 2, 2, True
    for _ in range(_MAX_PARTS):
        found = _MARKER.search(data, at)
        if found is None:
            raise IndexError
        start, at = found.span()
        marker = data[at - 1]
        if marker == _EOI:
            break
        (length,) = struct.unpack_from(">H", data, at)
        if marker in _FRAME_HEADERS:
            if size is not None:
                raise _refuse("JPEG", "it has two frame headers")
            height, width, components = struct.unpack_from(">HHB", data, at + 3)
            size = width, height
            frame = JpegFrame(marker, data[at + 9 : at + 8 + 3 * components : 3])
        elif marker == _APP1 and data[at + 2 : at + 8] == b"Exif\0\0" and orientation == 1:
            orientation = exif.orientation(data[at + 2 : at + length])
        at += max(length, 2)
        if scans == 0:
            whole = whole and start == picture
            kept.append(view[start:at])
            picture = at
        scans += marker == _SOS
    else:
        raise _refuse("JPEG", f"it has more than {_MAX_PARTS} segments")
    if size is None or scans == 0:
        raise _refuse("JPEG", "it holds no picture")
    if scans > min(_MAX_SCANS, max(1, _MAX_SCANNED_PIXELS // max(size[0] * size[1], 1))):
        raise _refuse("JPEG", f"it has {scans} scans, more than a photo of its size needs")
    stream = data[:at] if whole else b"".join((*kept, view[picture:at]))
    return ImageHeader("JPEG", *size, orientation, stream, frame)


def _read_png(data: bytes) -> ImageHeader:
    """Chunks that do not make pixels are left out of the stream.

    So the codec meets neither damaged metadata nor animation frames: of an animated PNG it
    decodes the still image that every viewer shows.
    """
    if data[12:16] != b"IHDR":
        raise _refuse("PNG", "its first chunk is not IHDR")
    width, height, depth = struct.unpack_from(">IIB", data, 16)
    view, kept = memoryview(data), [memoryview(_PNG_SIGNATURE)]
    orientation, at = 1, len(_PNG_SIGNATURE)
    for _ in range(_MAX_PARTS):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        (checksum,) = struct.unpack_from(">I", data, end - 4)
        if name in _PNG_KEPT:
            if zlib.crc32(view[at + 4 : end - 4]) != checksum:
                raise _refuse("PNG", f"the checksum of a {name.decode()} chunk is wrong")
            kept.append(view[at:end])
        elif name == b"eXIf":
            orientation = exif.orientation(data[at + 8 : end - 4])
        elif name[0] & 0x20 == 0:
            raise _refuse("PNG", f"it needs the unknown chunk {name!r}")
        if name == b"IEND":
            stream = b"".join(kept)
            return ImageHeader("PNG", width, height, orientation, stream, depth=depth)
        at = end
    raise _refuse("PNG", f"it has more than {_MAX_PARTS} chunks")


def _read_webp(data: bytes) -> ImageHeader:
    """An animation counts with its canvas; its first frame is what is decoded."""
    (riff_size,) = struct.unpack_from("<I", data, 4)
    if riff_size + 8 > len(data):
        raise IndexError
    width = height = 0
    orientation, at, end = 1, 12, riff_size + 8
    for _ in range(_MAX_PARTS):
        if at + 8 > end:
            return ImageHeader("WebP", width, height, orientation, data[:end])
        name, length = struct.unpack_from("<4sI", data, at)
        body = at + 8
        if body + length > end:
            raise IndexError
        if name in (b"VP8 ", b"VP8L", b"VP8X"):
            found = _webp_size(name, data[body : body + min(length, 10)])
            width, height = max(width, found[0]), max(height, found[1])
        elif name == b"EXIF":
            orientation = exif.orientation(data[body : body + length])
        at = body + length + (length & 1)
    raise _refuse("WebP", f"it has more than {_MAX_PARTS} chunks")


def _webp_size(name: bytes, body: bytes) -> tuple[int, int]:
    if name == b"VP8X":
        (packed,) = struct.unpack_from("<Q", body[4:] + b"\0\0")
        return 1 + (packed & 0xFFFFFF), 1 + (packed >> 24 & 0xFFFFFF)
    if name == b"VP8L":
        signature, packed = struct.unpack_from("<BI", body)
        if signature != 0x2F:
            raise _refuse("WebP", "its lossless stream has no signature")
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    if body[3:6] != b"\x9d\x01\x2a":
        raise _refuse("WebP", "its lossy stream has no start code")
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF


def _read_bmp(data: bytes) -> ImageHeader:
    """A negative height means that the rows are stored from the top."""
    offset, header = struct.unpack_from("<II", data, 10)
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    elif header >= 40:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    else:
        raise _refuse("BMP", f"it has a header of {header} bytes")
    height = abs(height)
    # Uncompressed (0, and 3 with bit masks): each row is padded to four bytes.
    if compression in (0, 3) and offset + (width * bits + 31) // 32 * 4 * height > len(data):
        raise IndexError
    return ImageHeader("BMP", width, height, 1, data)
