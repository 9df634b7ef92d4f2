"""The JSON form of a request -> images: what fits, and what is refused before it is parsed."""

import json

import pytest

from app.errors import InvalidParameter
from app.intake.parsing import _images_of_json
from app.settings import LimitSettings

BOX = [10.25, 20.5, 300.125, 400.0625]


def body(images: int, boxes: int) -> bytes:
    return json.dumps(
        {"images": [{"data": "AAAA", "boxes": [BOX] * boxes} for _ in range(images)]}, indent=1
    ).encode()


@pytest.mark.parametrize(("images", "faces"), [(32, 100), (1, 1)])
def test_the_largest_request_fits(images: int, faces: int) -> None:
    limits = LimitSettings(max_images=images, max_faces=faces)
    found = _images_of_json(body(images, faces), limits)
    assert [len(image.boxes or ()) for image in found] == [faces] * images
    assert all(image.data == b"\0\0\0" for image in found)


def test_structure_that_no_request_needs_is_counted_before_parsing() -> None:
    limits = LimitSettings(max_images=1, max_faces=1)
    with pytest.raises(InvalidParameter, match="lists, objects and entries"):
        _images_of_json(b'{"images": [{"data": "' + b"," * 2000 + b'"}]}', limits)


@pytest.mark.parametrize("data", ["A", "AAA", "AA=A", "AAAA\n", "AA AA", "-_-_", "ä", "AAAA\u0000"])
def test_base64_is_strict(data: str) -> None:
    entries = [{"data": "AAAA"}, {"data": data}]
    fine, wrong = _images_of_json(json.dumps({"images": entries}).encode(), LimitSettings())
    assert (fine.data, fine.fault, wrong.data) == (b"\0\0\0", None, b"")
    assert isinstance(wrong.fault, InvalidParameter)
    assert wrong.fault.detail.startswith("images[1].data is not base64")
