"""JPEG by libjpeg-turbo: which kinds, at which scales, and what is damage. Oracle: Pillow."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.errors import ImageUndecodable
from app.images import jpeg
from app.images.decoding import decode
from app.images.headers import JpegFrame, read_header
from app.images.resolution import Resolution
from tests.image_files import arithmetic_jpeg, encode, jpeg_segment, lossless_jpeg, oracle, photo

ROOT = Path(__file__).parents[2]
STEPS = (1, 2, 4, 8)


def noise(width: int = 150, height: int = 100) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(values)


def draft(data: bytes, step: int) -> np.ndarray[Any, Any]:
    """Pillow's picture at one `step`-th of the size, as stored."""
    image = Image.open(io.BytesIO(data))
    image.draft(image.mode, (image.width // step, image.height // step))
    return np.asarray(image.convert("RGB"), np.int16)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("size", [(64, 48), (61, 43), (8, 5), (9, 200), (1, 50), (500, 1)])
@pytest.mark.parametrize(
    "options",
    [{}, {"subsampling": 0}, {"subsampling": 1}, {"progressive": True}, {"restart_marker_rows": 1}],
)
def test_each_scale_is_that_of_pillow(
    size: tuple[int, int], step: int, options: dict[str, Any]
) -> None:
    data = encode(photo(*size), "JPEG", **options)
    image = decode(data, resolution=Resolution(step=step))
    assert image.grid.step == step
    assert (image.width, image.height) == size
    assert image.pixels.shape == (-(-size[1] // step), -(-size[0] // step), 3)
    if min(size) >= step:  # Pillow scales to whole pixels only
        assert np.abs(image.pixels - draft(data, step)).max() <= 1


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_colours_are_scaled_too(mode: str) -> None:
    data = encode(photo(120, 90).convert(mode), "JPEG", quality=95)
    image = decode(data, resolution=Resolution(step=2))
    assert image.pixels.shape == (45, 60, 3)
    assert np.abs(image.pixels - draft(data, 2)).max() <= 1


def test_arithmetic_coding_is_decoded_and_scaled() -> None:
    data = arithmetic_jpeg()
    assert np.abs(decode(data).pixels - oracle(data)).max() <= 1
    assert decode(data, resolution=Resolution(step=4)).pixels.shape == (4, 6, 3)


def test_a_lossless_file_is_never_scaled() -> None:
    """simplejpeg would write beyond the end of the smaller picture."""
    data = lossless_jpeg(640, 480)
    header = read_header(data)
    assert header.jpeg is not None
    assert not jpeg.decodes(header.jpeg)
    image = decode(data, resolution=Resolution(step=8))
    assert image.grid.step == 1
    np.testing.assert_array_equal(image.pixels, np.full((480, 640, 3), 128))


def resampled(data: bytes, sampling: int) -> bytes:
    """The file with another sampling claimed for its first component."""
    at = data.index(b"\xff\xc0") + 11
    return data[:at] + bytes((sampling,)) + data[at + 1 :]


def test_a_sampling_without_a_name_is_left_to_opencv() -> None:
    # Of a picture of one colour in one block the sampling changes nothing but the order of blocks.
    even = Image.new("RGB", (8, 8), (10, 200, 90))
    data = encode(even, "JPEG", subsampling=0, quality=100)
    for sampling, known in ((0x11, True), (0x12, True), (0x41, True), (0x13, False)):
        header = read_header(resampled(data, sampling))
        assert header.jpeg is not None
        assert jpeg.decodes(header.jpeg) is known


@pytest.mark.parametrize(
    ("process", "samplings", "known"),
    [
        (0xC0, "111111", True),
        (0xC2, "221111", True),
        (0xC0, "44", True),
        (0xC1, "22111122", True),
        (0xC0, "22111111", False),
        (0xC0, "222222", False),
        (0xC0, "1111", False),
        (0xC0, "", False),
        (0xC3, "111111", False),
        (0xC7, "111111", False),
        (0xCB, "111111", False),
    ],
)
def test_kinds_that_are_known(process: int, samplings: str, known: bool) -> None:
    assert jpeg.decodes(JpegFrame(process, bytes.fromhex(samplings))) is known


@pytest.mark.parametrize("resolution", [Resolution(step=1), Resolution(step=8)])
@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_cut_picture_is_refused_though_an_end_follows(
    resolution: Resolution, options: dict[str, Any]
) -> None:
    """Never half a grey picture."""
    data = encode(noise(), "JPEG", **options)
    first = data.index(b"\xff\xda")
    for part in (0.1, 0.5, 0.9):
        cut = data[: first + 14 + int(part * (len(data) - first - 16))].rstrip(b"\xff")
        with pytest.raises(ImageUndecodable, match="damaged"):
            decode(cut + b"\xff\xd9", resolution=resolution)


def test_what_does_no_harm_is_no_damage() -> None:
    data = encode(photo(), "JPEG")
    expected = decode(data).pixels
    scan = data.index(b"\xff\xda")
    harmless = {
        "bytes between segments": data[:20] + b"abc" + data[20:],
        "bytes before the end": data[:-2] + bytes(5000) + data[-2:],
        "spectral selection of a progressive scan": data[: scan + 11]
        + bytes(3)
        + data[scan + 14 :],
        "a later JFIF": data.replace(b"JFIF\0\1", b"JFIF\0\7"),
        "another Adobe": data[:2] + jpeg_segment(0xEE, b"Adobe\0\x64\0\0\0\0\7") + data[2:],
    }
    for what, file in harmless.items():
        assert file != data
        np.testing.assert_array_equal(decode(file).pixels, expected, what)


DAMAGED = """
import sys
from app.errors import MienError
from app.images.decoding import decode, silence_codecs
from app.images.resolution import Resolution
from tests.hostile_files import good_files, spoilt
silence_codecs()
files, refused = good_files(), 0
for name in ("jpeg", "jpeg-444", "jpeg-progressive", "jpeg-restarts", "jpeg-grey", "jpeg-cmyk"):
    data = files[name]
    scan = data.index(bytes((0xFF, 0xDA))) + 14
    for at in range(scan, len(data) - 2):
        changed = spoilt(data, [("flip", at / len(data), at)])
        for file in (changed, data[:at] + data[-2:], data[:at]):
            try:
                decode(file, resolution=Resolution(step=at % 3 + 1))
            except MienError:
                refused += 1
print(refused)
"""


def test_damage_leaves_no_line_on_stderr() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DAMAGED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 1000
    assert done.stderr == ""
