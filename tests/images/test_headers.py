"""What is refused before a pixel is decoded, and what is not."""

import struct
import sys
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.errors import ImageTooManyPixels, ImageUndecodable, UnsupportedMediaType
from app.images.decoding import ImageLimits, decode, silence_codecs
from app.images.headers import JpegFrame, read_header
from tests.image_files import FORMATS, encode, oracle, photo, png


@pytest.fixture(autouse=True)
def _quiet() -> None:
    silence_codecs()


def test_a_progressive_jpeg_is_complete() -> None:
    data = encode(photo(200, 100), "JPEG", progressive=True)
    assert np.abs(decode(data).pixels - oracle(data)).max() <= 1
    with pytest.raises(ImageUndecodable):
        decode(data[: len(data) * 2 // 3])


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_cut_file_is_refused(kind: str, part: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (100, 150, 3), np.uint8)
    data = encode(Image.fromarray(noise), kind)
    with pytest.raises(ImageUndecodable, match=r"again|damaged"):
        decode(data[: int(len(data) * part)])


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (encode(photo(), "GIF"), "GIF"),
        (encode(photo(), "TIFF"), "TIFF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", "AVIF"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "video"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"<?xml version='1.0'?><svg/>", "SVG"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"hello, this is text \xc3\xa9", "text"),
        (b"\x13\x37\x00\xfe" * 20, "unknown format"),
        (b"R", "text"),
    ],
)
def test_another_format_is_named_with_a_remedy(data: bytes, name: str) -> None:
    with pytest.raises(UnsupportedMediaType, match=name) as caught:
        decode(data)
    assert len(caught.value.detail.split(". ")) >= 2, "it says what to do"


def test_nothing_is_refused_as_empty() -> None:
    with pytest.raises(ImageUndecodable, match="empty"):
        decode(b"")


def test_pixels_are_counted_before_decoding() -> None:
    rows = zlib.compress(bytes(60_001) * 20, 9)
    bomb = png(20_000, 20_000, (b"IDAT", rows))
    with pytest.raises(ImageTooManyPixels, match="20000 x 20000"):
        decode(bomb)
    data = encode(photo(), "JPEG")
    assert decode(data, ImageLimits(max_pixels=64 * 48)).width == 64
    with pytest.raises(ImageTooManyPixels, match="3071"):
        decode(data, ImageLimits(max_pixels=64 * 48 - 1))
    with pytest.raises(ImageTooManyPixels, match="side"):
        decode(data, ImageLimits(max_side=63))


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (0, 0)])
def test_a_size_of_zero_is_refused(width: int, height: int) -> None:
    with pytest.raises(ImageUndecodable, match=r"0 px|0 x"):
        decode(png(width, height, (b"IDAT", zlib.compress(b"\0"))))
    jpeg = bytearray(encode(photo(), "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    with pytest.raises(ImageUndecodable):
        decode(bytes(jpeg))


def test_bmp_size_fields() -> None:
    data = bytearray(encode(photo(), "BMP"))
    expected = decode(bytes(data)).pixels
    data[22:26] = struct.pack("<i", -48)
    np.testing.assert_array_equal(decode(bytes(data)).pixels, expected[::-1])
    data[18:22] = struct.pack("<i", -64)
    with pytest.raises(ImageUndecodable, match="-64"):
        decode(bytes(data))
    rows = bytes([255, 0, 0, 0, 0, 255, 0, 0])
    core = b"BM" + struct.pack("<IHHIIHHHH", 34, 0, 0, 26, 12, 2, 1, 1, 24) + rows
    np.testing.assert_array_equal(decode(core).pixels, [[[0, 0, 255], [255, 0, 0]]])


def test_wrong_checksum_and_unknown_critical_chunk() -> None:
    data = bytearray(encode(photo(), "PNG"))
    data[data.index(b"IDAT") + 20] ^= 1
    with pytest.raises(ImageUndecodable, match="checksum of a IDAT"):
        decode(bytes(data))
    with pytest.raises(ImageUndecodable, match="CgBI"):
        decode(png(2, 2, (b"CgBI", b"\0\0\0\0")))


def test_more_scans_than_any_photo_has_are_refused() -> None:
    data = encode(photo(), "JPEG", progressive=True)
    first = data.index(b"\xff\xda")
    with pytest.raises(ImageUndecodable, match="scans"):
        decode(data[:first] + data[first:-2] * 4 + data[-2:])


def test_scans_of_a_large_picture_are_counted_with_its_pixels() -> None:
    data = bytearray(encode(photo(), "JPEG", progressive=True))
    assert data.count(b"\xff\xda") == 10
    frame, first = data.index(b"\xff\xc2"), data.index(b"\xff\xda")
    twice = data[:first] + data[first:-2] * 2 + data[-2:]
    for size, fits_twice in ((1000, True), (7000, False)):
        for one in (data, twice):
            one[frame + 5 : frame + 9] = struct.pack(">HH", size, size)
        assert read_header(bytes(data)).width == size
        if fits_twice:
            assert read_header(bytes(twice)).width == size
        else:
            with pytest.raises(ImageUndecodable, match="20 scans"):
                read_header(bytes(twice))


def test_the_codec_gets_the_segments_that_were_read() -> None:
    """Without what lies between them, where another reader might see a frame of its own."""
    data = encode(photo(), "JPEG")
    assert read_header(data + b"after").stream == data
    frame = data.index(b"\xff\xc0")
    stuffed = data[:frame] + b"\xff\xff\xff" + data[frame:]
    start = 4 + int.from_bytes(data[4:6])  # behind the first segment
    other = stuffed[:start] + b"ab\xff\xd3\0\xff\x01" + stuffed[start:]
    header = read_header(other)
    assert header.stream == data
    assert header.jpeg == JpegFrame(0xC0, b"\x22\x11\x11")
    np.testing.assert_array_equal(decode(other).pixels, decode(data).pixels)


@pytest.mark.parametrize("filler", [b"\xff\xe0\x00\x02", b"\xff\xfe\x00\x03A"])
def test_more_segments_than_any_photo_has_are_refused(filler: bytes) -> None:
    data = encode(photo(), "JPEG")
    assert decode(data[:2] + filler * 1000 + data[2:]).width == 64
    with pytest.raises(ImageUndecodable, match="segments"):
        decode(data[:2] + filler * 20_000 + data[2:])


@pytest.mark.parametrize("filler", [b"\xff\x01", b"\xff\xd0", b"\xff", b"\xff\x00", b"\0"])
def test_bytes_between_segments_are_skipped_by_no_loop(filler: bytes) -> None:
    """Counted in lines of Python, not in seconds: a megabyte takes as many as one byte."""
    data = encode(photo(), "JPEG")
    start = 4 + int.from_bytes(data[4:6])  # behind the first segment
    counts = []
    for times in (1, 300_000):
        stuffed, lines = data[:start] + filler * times + data[start:], 0

        def count(*_: Any) -> Any:
            nonlocal lines
            lines += 1
            return count

        sys.settrace(count)
        try:
            assert read_header(stuffed).width == 64
        finally:
            sys.settrace(None)
        counts.append(lines)
    assert counts[0] == counts[1]


def test_more_chunks_than_any_webp_has_are_refused() -> None:
    data = encode(photo(), "WEBP")
    body = data[12:] + b"JUNK\0\0\0\0" * 20_000
    with pytest.raises(ImageUndecodable, match="chunks"):
        decode(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)


def test_header_and_pixels_must_agree() -> None:
    data = bytearray(encode(photo(), "WEBP", lossless=True, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"))
    canvas = data.index(b"VP8X") + 12
    data[canvas : canvas + 3] = (99).to_bytes(3, "little")
    with pytest.raises(ImageUndecodable):
        decode(bytes(data))
