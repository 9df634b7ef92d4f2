"""A request's body -> the images to analyse, whichever of the three forms it came in."""

import binascii
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request

from app.concurrency import in_thread
from app.errors import InvalidParameter, TooManyImages, UnsupportedMediaType
from app.face.geometry import Box
from app.faults import Place, invalid_parameters
from app.intake import json_text
from app.intake.body import chunks, read_all
from app.intake.forms import BOXES_FIELD, read_form
from app.intake.given_boxes import parse_box_texts, parse_boxes
from app.intake.image_input import ImageInput
from app.schemas import Body, BodyImage
from app.settings import LimitSettings

IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp", "image/bmp")
BYTES_TYPE = "application/octet-stream"
# What an image is tells its first bytes, so other names for the same do no harm.
_IMAGE_ALIASES = ("image/jpg", "image/pjpeg", "image/x-png", "image/x-ms-bmp", "image/x-bmp")
_RAW = frozenset((*IMAGE_TYPES, *_IMAGE_ALIASES, BYTES_TYPE))
FORM_TYPE = "multipart/form-data"
JSON_TYPE = "application/json"
_SLICE = 1 << 20  # bytes counted at once
_FORMS = (
    "Send multipart/form-data with files in the field `files` (curl -F files=@photo.jpg), or the "
    f"image itself as {', '.join(IMAGE_TYPES)} or {BYTES_TYPE} (curl -H 'Content-Type: image/jpeg' "
    '--data-binary @photo.jpg), or application/json {"images": [{"data": "<base64>"}]}.'
)


async def read_images(
    request: Request, box_texts: Sequence[str], limits: LimitSettings
) -> list[ImageInput]:
    """All images of the request, at least one and at most `limits.max_images`.

    Raises:
        UnsupportedMediaType: another content type, or an encoded body. TooManyImages,
        InvalidParameter: as they say.
    """
    encoding = request.headers.get("content-encoding", "").strip()
    if encoding.lower() not in ("", "identity"):
        raise UnsupportedMediaType(
            "Content-Encoding is not supported: send the body as it is, and leave the header out. "
            f"Received {encoding[:80]!r}."
        )
    content_type = request.headers.get("content-type", "")
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in _RAW:
        data = await read_all(request.receive)
        if not data:
            raise InvalidParameter(f"The body is empty. {_FORMS}")
        return [ImageInput(data, None, parse_box_texts(box_texts, limits.max_faces))]
    if media_type not in (FORM_TYPE, JSON_TYPE):
        received = repr(media_type[:80]) if media_type else "no Content-Type"
        raise UnsupportedMediaType(f"Received {received}. {_FORMS}")
    if box_texts:
        raise InvalidParameter(
            "The query parameter `box` belongs to a raw image body. Put the boxes into the field "
            "`boxes` of the form or of the JSON."
        )
    if media_type == FORM_TYPE:
        form = await read_form(chunks(request.receive), content_type, limits.max_images)
        boxes = _form_boxes(form.boxes, len(form.uploads), limits.max_faces)
        return [
            ImageInput(upload.data, upload.name, own)
            for upload, own in zip(form.uploads, boxes, strict=True)
        ]
    body = await read_all(request.receive)
    # In a thread, so that others get their turn between the steps. Each step holds the interpreter
    # (some 10 ms per megabyte of base64), which is why the structure is bounded before.
    return await in_thread(None, _images_of_json, body, limits)


def _form_boxes(text: bytes | None, count: int, most: int) -> list[tuple[Box, ...] | None]:
    if text is None:
        return [None] * count
    value = _json(text, f"The form field `{BOXES_FIELD}`")
    if not isinstance(value, list) or len(value) != count:
        received = f"{len(value)} entries" if isinstance(value, list) else "no list"
        raise InvalidParameter(
            f"The form field `{BOXES_FIELD}` must hold one entry per file, each null or a list of "
            f"[x, y, width, height]. Received {received} for {count} files."
        )
    return [parse_boxes(own, f"boxes[{index}]", most) for index, own in enumerate(value)]


def _images_of_json(body: bytes, limits: LimitSettings) -> list[ImageInput]:
    _check_structure(body, limits)
    value = _json(body, "The body")
    images = value.get("images") if isinstance(value, dict) else None
    if isinstance(images, list) and len(images) > limits.max_images:
        raise TooManyImages(
            f"The request holds {len(images)} images, more than {limits.max_images}. "
            "Split it into several requests."
        )
    # The numbers of boxes get the same checks and messages in all three forms.
    shape = _without_boxes(value)
    try:
        Body.model_validate(shape)
    except ValidationError as error:
        raise invalid_parameters(error.errors(include_url=False), _unknown_field) from None
    return [_image(entry, index, limits) for index, entry in enumerate(value["images"])]


def _unknown_field(place: Place) -> str:
    own = ", ".join(BodyImage.model_fields)
    known = own if place[:1] == ("images",) else f"images, a list of objects with {own}"
    return f"Unknown field. Known here: {known}; options are query parameters"


def _check_structure(body: bytes, limits: LimitSettings) -> None:
    """Refuse what holds more lists, objects and entries than any request within the limits.

    A parsed list costs 50 times its bytes and holds the interpreter meanwhile. Base64 has none of
    these characters, so they can be counted in the raw text.
    """
    allowed = 1000 + limits.max_images * (6 + 5 * limits.max_faces)
    count = 0
    for start in range(0, len(body), _SLICE):
        piece = body[start : start + _SLICE]
        count += piece.count(b",") + piece.count(b"[") + piece.count(b"{")
        if count > allowed:
            raise InvalidParameter(
                f"The JSON holds more than {allowed} lists, objects and entries, which no request "
                f"of {limits.max_images} images with {limits.max_faces} boxes each needs. Send "
                "fewer."
            )


def _without_boxes(value: Any) -> Any:
    if not (isinstance(value, dict) and isinstance(value.get("images"), list)):
        return value
    images = [
        {key: item for key, item in entry.items() if key != "boxes"}
        if isinstance(entry, dict)
        else entry
        for entry in value["images"]
    ]
    return {**value, "images": images}


def _image(entry: dict[str, Any], index: int, limits: LimitSettings) -> ImageInput:
    boxes = parse_boxes(entry.get("boxes"), f"images[{index}].boxes", limits.max_faces)
    try:
        # As base64.b64decode(validate=True), without its copy of the text.
        return ImageInput(binascii.a2b_base64(entry["data"], strict_mode=True), None, boxes)
    except ValueError:
        fault = InvalidParameter(
            f"images[{index}].data is not base64. Send the image file in standard base64, without "
            "line breaks and without a data: prefix."
        )
        return ImageInput(b"", None, boxes, fault)


def _json(text: bytes, what: str) -> Any:
    if not text.strip():
        raise InvalidParameter(f"{what} is empty. {_FORMS}")
    try:
        return json_text.load(text)
    except ValueError as error:
        raise InvalidParameter(f"{what} is not JSON: {error}.") from None
