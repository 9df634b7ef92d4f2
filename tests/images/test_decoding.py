"""Decoding: every kind of file becomes upright RGB or a refusal with a remedy. Oracle: Pillow."""

import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.images.decoding import decode, silence_codecs
from tests.image_files import FORMATS, encode, oracle, photo


@pytest.fixture(autouse=True)
def _quiet() -> None:
    silence_codecs()


@pytest.mark.parametrize("kind", FORMATS)
def test_decodes_to_the_pixels_pillow_reads(kind: str) -> None:
    data = encode(photo(), kind)

    image = decode(data)

    assert image.pixels.dtype == np.uint8
    assert image.pixels.flags.c_contiguous
    assert (image.width, image.height, image.orientation_applied) == (64, 48, 1)
    assert np.abs(image.pixels - oracle(data)).max() <= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_gives_the_same_upright_pixels(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(photo(), kind, exif=exif.tobytes())

    image = decode(data)

    assert image.orientation_applied == orientation
    expected = oracle(data)
    assert image.pixels.shape == expected.shape
    assert np.abs(image.pixels - expected).max() <= 1


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_a_senseless_orientation_is_ignored(value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    assert decode(encode(photo(), "JPEG", exif=exif.tobytes())).orientation_applied == 1


@pytest.mark.parametrize("big_endian", [False, True])
def test_orientation_is_read_in_both_byte_orders(big_endian: bool) -> None:
    order, mark = (">", b"MM") if big_endian else ("<", b"II")
    exif = mark + struct.pack(order + "HIHHHIHH", 42, 8, 1, 0x0112, 3, 1, 6, 0)
    assert decode(encode(photo(), "JPEG", exif=b"Exif\0\0" + exif)).orientation_applied == 6


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("PNG", "L"),
        ("PNG", "P"),
        ("PNG", "1"),
        ("BMP", "L"),
        ("BMP", "P"),
        ("BMP", "1"),
        ("WEBP", "L"),
    ],
)
def test_other_colour_modes_become_rgb(kind: str, mode: str) -> None:
    data = encode(photo().convert(mode), kind)
    assert np.abs(decode(data).pixels - oracle(data)).max() <= 1


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_alpha_is_dropped_and_colours_stay(kind: str) -> None:
    image = photo().convert("RGBA")
    image.putalpha(Image.fromarray(np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))))
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}

    pixels = decode(encode(image, kind, **options)).pixels

    np.testing.assert_array_equal(pixels, np.asarray(photo()))


def test_grey_with_alpha_and_transparent_palette() -> None:
    grey = photo().convert("LA")
    np.testing.assert_array_equal(
        decode(encode(grey, "PNG")).pixels, np.asarray(photo().convert("L").convert("RGB"))
    )
    palette = photo().convert("P")
    np.testing.assert_array_equal(
        decode(encode(palette, "PNG", transparency=3)).pixels, np.asarray(palette.convert("RGB"))
    )


def test_sixteen_bits_keep_the_upper_eight() -> None:
    values = (np.mgrid[0:48, 0:64][0] * 1000).astype(np.uint16)
    pixels = decode(encode(Image.fromarray(values), "PNG")).pixels
    np.testing.assert_array_equal(pixels, np.repeat((values >> 8)[..., None], 3, axis=2))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_gives_its_first_frame(kind: str) -> None:
    second = Image.fromarray(np.asarray(photo())[::-1])
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    data = encode(photo(), kind, save_all=True, append_images=[second], duration=50, **options)
    np.testing.assert_array_equal(decode(data).pixels, np.asarray(photo()))


@pytest.mark.parametrize("kind", FORMATS)
def test_one_pixel_is_an_image(kind: str) -> None:
    assert decode(encode(photo(1, 1), kind)).pixels.shape == (1, 1, 3)


def test_bytes_after_the_end_do_not_matter() -> None:
    for kind in FORMATS:
        data = encode(photo(), kind)
        np.testing.assert_array_equal(
            decode(data + b"\xff\xd8\xff trailer \0" * 9).pixels, decode(data).pixels
        )
