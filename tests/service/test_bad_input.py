"""Bad input: each case gets its documented answer, soon, and nobody else suffers."""

import json
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.service.serving import (
    ONE_FACE,
    TWO_FACES,
    Service,
    as_json,
    encoded,
    faces,
    form,
    problem,
    raw,
)
from tests.tiny_models import picture


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def huge_png() -> bytes:
    """20,000 x 20,000 pixels of grey in about 50 kB, as a decompression bomb has it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(50_000_000), 9)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def animated_gif() -> bytes:
    frames = [Image.new("P", (20, 20), index) for index in range(3)]
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:])


JPEG = encoded(picture(320, 240, {"red": (40, 50, 80, 100)}), ".jpg")
BAD_IMAGES = {
    "text": (b"Lorem ipsum dolor sit amet", 415, "unsupported-media-type"),
    "gif": (animated_gif(), 415, "unsupported-media-type"),
    "truncated": (JPEG[: len(JPEG) // 2], 422, "image-undecodable"),
    "empty": (b"", 422, "image-undecodable"),
    "huge": (huge_png(), 422, "image-too-many-pixels"),
    "noise": (b"\x89PNG\r\n\x1a\n" + bytes(100), 422, "image-undecodable"),
}


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_bad_images_are_refused_soon_and_others_are_served(service: Service, case: str) -> None:
    data, status, code = BAD_IMAGES[case]
    with ThreadPoolExecutor(2) as pool:
        other = pool.submit(raw, service.client, "/landmarks", TWO_FACES)
        started = time.perf_counter()
        refused = service.client.post("/landmarks", files=form(data))
        seconds = time.perf_counter() - started
        problem(refused, status, code)
        assert len(faces(other.result())) == 2
    # Milliseconds on an idle machine; the bound allows for a busy one.
    assert seconds < 2.0


@pytest.mark.parametrize("case", ["text", "truncated", "huge"])
def test_bad_images_in_the_other_forms(service: Service, case: str) -> None:
    data, status, code = BAD_IMAGES[case]
    problem(raw(service.client, "/landmarks", data), status, code)
    problem(service.client.post("/landmarks", json=as_json(data)), status, code)


def rgb_with_face() -> Image.Image:
    return Image.fromarray(picture(320, 240, {"white": (40, 50, 80, 100)}))


ODD_IMAGES = {
    "grey": saved(rgb_with_face().convert("L"), "PNG"),
    "palette": saved(rgb_with_face().convert("P"), "PNG"),
    "alpha": saved(rgb_with_face().convert("RGBA"), "PNG"),
    "cmyk": saved(rgb_with_face().convert("CMYK"), "JPEG", quality=95),
    "16 bit": encoded(np.asarray(rgb_with_face(), np.uint16) * 257),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", ODD_IMAGES)
def test_odd_images_are_served(service: Service, case: str) -> None:
    (face,) = faces(raw(service.client, "/landmarks", ODD_IMAGES[case]))
    assert face["box"]["x"] == pytest.approx(39.5, abs=1.5)


def test_a_picture_of_one_pixel_has_no_face(service: Service) -> None:
    assert faces(raw(service.client, "/analyze", saved(Image.new("RGB", (1, 1)), "PNG"))) == []


def test_a_box_on_a_picture_of_one_pixel(service: Service) -> None:
    data = saved(Image.new("RGB", (1, 1)), "PNG")
    (face,) = faces(raw(service.client, "/analyze", data, box="-0.5,-0.5,1,1"))
    assert not face["usable"]["landmarks"]


EMPTY = {
    "form": {"files": {}, "headers": {"content-type": "multipart/form-data; boundary=x"}},
    "form without boundary": {"headers": {"content-type": "multipart/form-data"}},
    "raw": {"headers": {"content-type": "image/jpeg"}},
    "json": {"headers": {"content-type": "application/json"}},
    "json without images": {"json": {"images": []}},
    "json of another shape": {"json": [1, 2]},
    "no json": {"content": b"{", "headers": {"content-type": "application/json"}},
    "deep json": {"content": b"[" * 9999, "headers": {"content-type": "application/json"}},
    "no base64": {"json": {"images": [{"data": "***"}]}},
    "data url": {"json": {"images": [{"data": "data:image/png;base64,AAAA"}]}},
    "number as data": {"json": {"images": [{"data": 1}]}},
    "unknown json field": {"json": {"images": [{"data": "AAAA", "box": []}]}},
    "unknown form field": {"files": [("picture", ("a.png", ONE_FACE))]},
    "text instead of a file": {"files": [("files", (None, "photo.jpg"))]},
    "only boxes": {"files": [("boxes", (None, "[]"))]},
    "boxes twice": {
        "files": [*form(ONE_FACE), ("boxes", (None, "[null]")), ("boxes", (None, "1"))]
    },
    "unfinished form": {
        "content": b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nabc',
        "headers": {"content-type": "multipart/form-data; boundary=x"},
    },
    "no form at all": {
        "content": b"hello",
        "headers": {"content-type": "multipart/form-data; boundary=x"},
    },
}


@pytest.mark.parametrize("case", EMPTY)
def test_malformed_requests(service: Service, case: str) -> None:
    request: Any = EMPTY[case]
    problem(service.client.post("/landmarks", **request), 422, "invalid-parameter")


@pytest.mark.parametrize("content_type", ["text/plain", "image/gif", "application/xml", None])
def test_other_content_types(service: Service, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    response = service.client.post("/landmarks", content=b"hello", headers=headers)
    assert "multipart/form-data" in problem(response, 415, "unsupported-media-type")["detail"]


WRONG_BOXES = {
    "negative size": [[10, 10, -5, 20]],
    "no size": [[10, 10, 0, 20]],
    "outside": [[400, 300, 20, 20]],
    "absurd": [[0, 0, 1e9, 10]],
    "giant": [[-5000, -5000, 9000, 9000]],
    "three numbers": [[1, 2, 3]],
    "text": [["a", 1, 2, 3]],
    "true": [[True, 1, 2, 3]],
    "not a list": [7],
    "not boxes": 7,
    "second": [[10, 10, 20, 20], [10, 10, 20, -1]],
    "too many": [[10, 10, 20, 20]] * 101,
}


@pytest.mark.parametrize("case", WRONG_BOXES)
def test_wrong_boxes(service: Service, case: str) -> None:
    boxes: Any = WRONG_BOXES[case]
    as_form = service.client.post(
        "/landmarks", files=form(ONE_FACE), data={"boxes": json.dumps([boxes])}
    )
    detail = problem(as_form, 422, "invalid-parameter")["detail"]
    assert "1" in detail if case == "second" else "0" in detail
    response = service.client.post("/landmarks", json=as_json(ONE_FACE, boxes=[boxes]))
    problem(response, 422, "invalid-parameter")


@pytest.mark.parametrize(
    "box", ["nan,1,2,3", "inf,1,2,3", "1,2,3", "1,2,3,x", "", "400,300,20,20", "1,2,3,-4"]
)
def test_wrong_boxes_of_raw_bodies(service: Service, box: str) -> None:
    problem(raw(service.client, "/landmarks", ONE_FACE, box=box), 422, "invalid-parameter")


@pytest.mark.parametrize("boxes", ["[]", "[null, null]", "null", "[[[NaN, 1, 2, 3]]]", "x", ""])
def test_boxes_must_fit_the_files(service: Service, boxes: str) -> None:
    response = service.client.post("/landmarks", files=form(ONE_FACE), data={"boxes": boxes})
    problem(response, 422, "invalid-parameter")


def test_boxes_as_query_belong_to_raw_bodies(service: Service) -> None:
    response = service.client.post(
        "/landmarks", files=form(ONE_FACE), params={"box": "10,10,20,20"}
    )
    problem(response, 422, "invalid-parameter")


WRONG_PARAMETERS: dict[str, dict[str, Any]] = {
    "max_faces": {"max_faces": 0},
    "min_confidence": {"min_confidence": "nan"},
    "select": {"select": "best"},
    "include": {"include": "pose,ears"},
    "convention": {"convention": "mine"},
    "method": {"method": "magic"},
    "fx": {"fx": 500, "fy": 500, "cx": 100},
    "hfov_deg": {"fx": 500, "fy": 500, "cx": 100, "cy": 100, "hfov_deg": 60},
    "require_face": {"require_face": "perhaps"},
    "max_face": {"max_face": 1},
}


@pytest.mark.parametrize("name", WRONG_PARAMETERS)
def test_wrong_parameters(service: Service, name: str) -> None:
    response = raw(service.client, "/pose", ONE_FACE, **WRONG_PARAMETERS[name])
    detail = problem(response, 422, "invalid-parameter")["detail"]
    assert name in detail
    if name == "max_face":
        assert "max_faces" in detail


def test_unknown_model(service: Service) -> None:
    response = raw(service.client, "/pose", ONE_FACE, model="face-9000")
    assert "landmarks-68" in problem(response, 404, "unknown-model")["detail"]
    problem(service.client.get("/models/face-9000"), 404, "unknown-model")


def test_no_face_when_one_is_required(service: Service) -> None:
    data = encoded(picture(320, 240, {}))
    problem(raw(service.client, "/pose", data, require_face=True), 422, "no-face")


def test_paths_and_methods(service: Service) -> None:
    problem(service.client.get("/nowhere"), 404, "not-found")
    refused = service.client.get("/landmarks")
    problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "POST"


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan"])
def test_wrong_deadlines(service: Service, value: str) -> None:
    headers = {"content-type": "image/png", "X-Deadline-Ms": value}
    response = service.client.post("/pose", content=ONE_FACE, headers=headers)
    problem(response, 422, "invalid-parameter")


def test_two_hundred_files_are_refused_soon_and_others_are_served(service: Service) -> None:
    def two_hundred() -> httpx.Response:
        return service.client.post("/landmarks", files=form(*[ONE_FACE] * 200))

    with ThreadPoolExecutor(2) as pool:
        many = pool.submit(two_hundred)
        assert len(faces(raw(service.client, "/landmarks", TWO_FACES))) == 2
        problem(many.result(), 422, "too-many-images")
    response = service.client.post("/landmarks", json=as_json(*[ONE_FACE] * 200))
    problem(response, 422, "too-many-images")
