"""Bad input: each case gets its documented answer, soon, and nobody else suffers."""

import gzip
import struct
import time
import zlib
from collections.abc import Callable
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
    answer,
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

    def timed(work: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
        started = time.perf_counter()
        return work(), time.perf_counter() - started

    with ThreadPoolExecutor(2) as pool:
        bad = pool.submit(timed, lambda: service.client.post("/landmarks", files=form(data)))
        good = pool.submit(timed, lambda: raw(service.client, "/landmarks", TWO_FACES))
        refused, seconds = bad.result()
        served, others_seconds = good.result()
    problem(refused, status, code)
    assert len(faces(served)) == 2
    # Milliseconds on an idle machine; the bound allows for a busy one.
    assert max(seconds, others_seconds) < 2.0


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
    "10 of 16 bit": encoded(np.asarray(rgb_with_face(), np.uint16) * 4),  # type: ignore[arg-type]
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


def test_bad_base64_is_a_fault_of_its_image(service: Service) -> None:
    good = as_json(ONE_FACE)["images"][0]
    sent = {"images": [{"data": "***"}, good, {"data": ""}, {"data": "data:image/png;base64,AAAA"}]}
    results = answer(service.client.post("/landmarks", json=sent))["results"]
    codes = [result["error"] and result["error"]["type"].rpartition(":")[2] for result in results]
    assert codes == ["invalid-parameter", None, "image-undecodable", "invalid-parameter"]
    assert "images[3].data is not base64" in results[3]["error"]["detail"]
    assert (len(results[1]["faces"]), results[0]["image"]) == (1, None)
    alone = service.client.post("/landmarks", json={"images": [{"data": ""}]})
    problem(alone, 422, "image-undecodable")


@pytest.mark.parametrize("content_type", ["text/plain", "image/gif", "application/xml", None])
def test_other_content_types(service: Service, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    response = service.client.post("/landmarks", content=b"hello", headers=headers)
    assert "multipart/form-data" in problem(response, 415, "unsupported-media-type")["detail"]


@pytest.mark.parametrize(
    "content_type",
    ["image/jpg", "image/pjpeg", "image/x-png", "image/x-ms-bmp", "application/octet-stream"],
)
def test_other_names_of_an_image(service: Service, content_type: str) -> None:
    headers = {"content-type": content_type, "content-encoding": "identity"}
    assert len(faces(service.client.post("/pose", content=TWO_FACES, headers=headers))) == 2
    refused = service.client.post("/pose", content=b"hello", headers=headers)
    assert "text" in problem(refused, 415, "unsupported-media-type")["detail"]


@pytest.mark.parametrize("content_type", ["image/png", "application/json", "multipart/form-data"])
def test_encoded_bodies(service: Service, content_type: str) -> None:
    headers = {"content-type": content_type, "content-encoding": "gzip"}
    response = service.client.post("/pose", content=gzip.compress(ONE_FACE), headers=headers)
    detail = problem(response, 415, "unsupported-media-type")["detail"]
    assert detail.startswith("Content-Encoding is not supported: send the body as it is")


def test_two_hundred_files_are_refused_soon_and_others_are_served(service: Service) -> None:
    def two_hundred() -> httpx.Response:
        return service.client.post("/landmarks", files=form(*[ONE_FACE] * 200))

    with ThreadPoolExecutor(2) as pool:
        many = pool.submit(two_hundred)
        assert len(faces(raw(service.client, "/landmarks", TWO_FACES))) == 2
        problem(many.result(), 422, "too-many-images")
    response = service.client.post("/landmarks", json=as_json(*[ONE_FACE] * 200))
    problem(response, 422, "too-many-images")
