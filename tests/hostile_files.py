"""Broken and hostile image files, and a process that decodes them.

    python -m tests.hostile_files handmade
    python -m tests.hostile_files random COUNT [SEED]
    python -m tests.hostile_files hypothesis COUNT

It prints the name of each file before it is decoded, so that the last line names the one that ended
the process, and at the end how much memory it took at most. Whatever comes out of a file must be an
image or one of our refusals: anything else is a traceback and exit status 1.
"""

import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.errors import ImageTooManyPixels, ImageUndecodable, UnsupportedMediaType
from app.images.decoding import ImageLimits, decode, silence_codecs
from app.images.resolution import FULL, Resolution
from tests.image_files import arithmetic_jpeg, encode, jpeg_segment, lossless_jpeg, photo, png

LIMITS = ImageLimits(max_pixels=1_000_000)
RESOLUTIONS = (FULL, Resolution(step=2), Resolution(step=4), Resolution(step=8))
ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82"}


def good_files() -> dict[str, bytes]:
    """Small files of all four formats and of many kinds, all of which decode."""
    image, exif = photo(61, 43), Image.Exif()
    exif[0x0112] = 6
    turned = {"exif": exif.tobytes()}
    second = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    film = {"save_all": True, "append_images": [second], "duration": 50}
    return {
        "jpeg": encode(image, "JPEG", **turned),
        "jpeg-444": encode(image, "JPEG", subsampling=0, quality=95),
        "jpeg-progressive": encode(image, "JPEG", progressive=True),
        "jpeg-restarts": encode(image, "JPEG", restart_marker_blocks=2),
        "jpeg-grey": encode(image.convert("L"), "JPEG"),
        "jpeg-cmyk": encode(image.convert("CMYK"), "JPEG"),
        "jpeg-arithmetic": arithmetic_jpeg(),
        "jpeg-lossless": lossless_jpeg(61, 43),
        "png": encode(image, "PNG", **turned),
        "png-palette": encode(image.convert("P"), "PNG", transparency=3),
        "png-16": encode(Image.fromarray(np.full((43, 61), 999, np.uint16)), "PNG"),
        "png-film": encode(image, "PNG", **film),
        "webp": encode(image, "WEBP", **turned),
        "webp-lossless": encode(image.convert("RGBA"), "WEBP", lossless=True),
        "webp-film": encode(image, "WEBP", **film),
        "bmp": encode(image, "BMP"),
        "bmp-palette": encode(image.convert("P"), "BMP"),
        "bmp-1": encode(image.convert("1"), "BMP"),
    }


def handmade() -> Iterator[tuple[str, bytes]]:
    """Names and files that lie on purpose."""
    files = good_files()
    yield "empty", b""
    for name, data in files.items():
        yield name, data
        for length in (1, 2, 4, 12, 16, 30, len(data) // 2, len(data) - 1):
            yield f"{name}, first {length} bytes", data[:length]
        end = ENDS.get(name.partition("-")[0].upper(), bytes(8))
        yield f"{name}, half and an end", data[: len(data) // 2] + end
        yield f"{name}, twice", data * 2
        for other, body in files.items():
            yield f"{name}, then {other}", data[:30] + body[30:]
    jpeg = files["jpeg"]
    frame, scan = jpeg.index(b"\xff\xc0"), jpeg.index(b"\xff\xda")
    for process in range(0xC0, 0xD0):
        kind = bytes((0xFF, process))
        yield f"SOF {process:X}", jpeg[:frame] + kind + jpeg[frame + 2 :]
        yield f"SOF {process:X} first", jpeg[:2] + kind + jpeg[frame + 2 : frame + 19] + jpeg[2:]
    for size in (0, 1, 7, 8, 9, 999, 65_535):
        two_bytes = size.to_bytes(2)
        for at, what in ((frame + 5, "high"), (frame + 7, "wide")):
            yield f"JPEG {size} {what}", jpeg[:at] + two_bytes + jpeg[at + 2 :]
    for sampling in (0x00, 0x11, 0x12, 0x13, 0x14, 0x24, 0x31, 0x41, 0x44, 0xFF):
        for at in (frame + 11, frame + 14):
            yield f"sampling {sampling:X} at {at}", jpeg[:at] + bytes((sampling,)) + jpeg[at + 1 :]
    yield "JPEG of many scans", jpeg[:scan] + jpeg[scan:-2] * 29 + jpeg[-2:]
    yield "JPEG of scans alone", jpeg[:scan] + jpeg[scan : scan + 14] * 9999 + jpeg[-2:]
    yield "JPEG of restarts", jpeg[:-2] + b"\xff\xd0" * 100_000 + jpeg[-2:]
    yield "JPEG with DNL", jpeg[:-2] + jpeg_segment(0xDC, b"\xff\xff") + jpeg[-2:]
    yield "huge lossless JPEG", lossless_jpeg(1000, 1000)
    for side in (2**31 - 1, 2**32 - 1, 60_000):
        yield f"PNG of {side}", png(side, side, (b"IDAT", bytes(20)))
    yield "PNG without rows", png(900, 900)
    bmp = files["bmp"]
    for side in (2**31 - 1, -(2**31), -43, 0):
        yield f"BMP of {side}", bmp[:22] + side.to_bytes(4, "little", signed=True) + bmp[26:]
        yield f"BMP {side} wide", bmp[:18] + side.to_bytes(4, "little", signed=True) + bmp[22:]
    for compression in range(8):
        yield f"BMP, kind {compression}", bmp[:30] + bytes((compression,)) + bmp[31:]


def spoilt(data: bytes, edits: Sequence[tuple[str, float, int]]) -> bytes:
    """The file after edits (what, where as a share of the file, a byte or a length)."""
    result = bytearray(data)
    for what, where, value in edits:
        at = int(where * len(result))
        if what == "flip":
            result[at : at + 1] = bytes(byte ^ (1 << value % 8) for byte in result[at : at + 1])
        elif what == "set":
            result[at : at + 1] = bytes((value,))
        elif what == "marker":
            result[at : at + 2] = bytes((0xFF, value))
        elif what == "repeat":
            result[at:at] = result[at : at + value]
        elif what == "drop":
            del result[at : at + value]
        else:
            del result[at:]
    return bytes(result)


EDITS = ("flip", "set", "marker", "repeat", "drop", "cut")


def spoilt_at_random(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """`count` files, the same for the same seed."""
    chance, files = random.Random(seed), list(good_files().items())
    for number in range(count):
        name, data = files[number % len(files)]
        edits = []
        for _ in range(chance.randint(1, 4)):
            # Most in the head, where the claims are; few cuts, which the header finds anyway.
            where = chance.random() ** chance.choice((1, 4))
            (what,) = chance.choices(EDITS, (8, 6, 3, 2, 2, 1))
            edits.append((what, where, chance.randrange(256)))
        yield f"{name} {edits}", spoilt(data, edits)


def check(data: bytes) -> bool:
    """Decode in all resolutions; whether there is an image. Whatever else is raised goes on."""
    for resolution in RESOLUTIONS:
        try:
            image = decode(data, LIMITS, resolution)
        except (UnsupportedMediaType, ImageUndecodable, ImageTooManyPixels):
            return False
        height, width, channels = image.pixels.shape
        assert channels == 3
        assert image.pixels.dtype == np.uint8
        assert image.pixels.flags.c_contiguous
        assert 0 < image.width * image.height <= LIMITS.max_pixels
        step = image.grid.step
        assert (width, height) == (-(-image.width // step), -(-image.height // step))
        assert int(image.pixels.sum(dtype=np.int64)) >= 0  # every byte may be read
    return True


def check_all(files: Iterator[tuple[str, bytes]]) -> None:
    images = total = 0
    for name, data in files:
        print(name, flush=True)
        images += check(data)
        total += 1
    print(f"{images} images in {total} files")


def check_by_hypothesis(count: int) -> None:
    files = good_files()
    edit = st.tuples(st.sampled_from(EDITS), st.floats(0, 1), st.integers(0, 255))

    @settings(max_examples=count, deadline=None, derandomize=True, database=None)
    @given(st.sampled_from(sorted(files)), st.lists(edit, max_size=6))
    def each(name: str, edits: list[tuple[str, float, int]]) -> None:
        print(name, edits, flush=True)
        check(spoilt(files[name], edits))

    each()


def most_memory() -> int:
    """MiB that this process has had at most, 0 where the system does not tell. Not by `getrusage`,
    which counts what the parent had.
    """
    status = Path("/proc/self/status")
    text = status.read_text() if status.exists() else ""
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    return int(found[1]) // 1024 if found else 0


def main(what: str, count: int = 0, seed: int = 0) -> None:
    silence_codecs()
    ways: dict[str, Callable[[], None]] = {
        "handmade": lambda: check_all(handmade()),
        "random": lambda: check_all(spoilt_at_random(seed, count)),
        "hypothesis": lambda: check_by_hypothesis(count),
    }
    ways[what]()
    print(f"{most_memory()} MiB")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
