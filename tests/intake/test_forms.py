"""The multipart parser, fed in pieces of any size."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidParameter, TooManyImages
from app.intake.forms import Form, read_form

TYPE = "multipart/form-data; boundary=XYZ"
DATA = bytes(range(256)) + b"\r\n--XY almost the boundary\r\n"


def part(name: str, data: bytes, file_name: str | None = None) -> bytes:
    disposition = f'form-data; name="{name}"'
    if file_name is not None:
        disposition += f'; filename="{file_name}"'
    head = f"--XYZ\r\nContent-Disposition: {disposition}\r\n\r\n"
    return head.encode() + data + b"\r\n"


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--XYZ--\r\n"


def parse(data: bytes, piece: int = 1 << 20, most: int = 10) -> Form:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), piece):
            yield data[start : start + piece]

    return asyncio.run(read_form(pieces(), TYPE, most))


@given(st.integers(1, 400))
@settings(max_examples=30, deadline=None)
def test_the_size_of_the_pieces_does_not_matter(piece: int) -> None:
    form = parse(
        body(part("files", DATA, "a.jpg"), part("boxes", b"[1]"), part("file", b"", "ö")), piece
    )
    assert [(upload.data, upload.name) for upload in form.uploads] == [(DATA, "a.jpg"), (b"", "ö")]
    assert form.boxes == b"[1]"


def test_the_file_too_many_ends_it_before_its_bytes_are_read() -> None:
    seen = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal seen
        for _ in range(100):
            seen += 1
            yield part("files", b"x" * 1000, "a")

    with pytest.raises(TooManyImages):
        asyncio.run(read_form(pieces(), TYPE, 3))
    assert seen == 4


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        body(),
        body(part("other", b"x")),
        body(part("files", b"text")),
        body(part("boxes", b"[]")),
        body(part("", b"x", "a")),
        part("files", b"x", "a"),
        b"--XYZ\r\n\r\nx\r\n--XYZ--\r\n",
        b"--XYZ\r\nContent-Disposition: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(InvalidParameter):
        parse(data)


def test_a_long_name_is_cut() -> None:
    (upload,) = parse(body(part("files", b"x", "n" * 3000))).uploads
    assert upload.name == "n" * 255
