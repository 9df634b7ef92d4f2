"""What FastAPI cannot see by itself: the three request forms, and the errors of each endpoint."""

from typing import Any

from app.errors import PROBLEM_MEDIA_TYPE
from app.intake.parsing import BYTES_TYPE, FORM_TYPE, IMAGE_TYPES, JSON_TYPE
from app.schemas import Body, BodyImage, Problem

_FORM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "minItems": 1,
            "description": "JPEG, PNG, WebP or BMP files. The field name `file` works too.",
        },
        "boxes": {
            "type": "string",
            "description": "JSON: a list with one entry per file, each null (detect) or a list of "
            "[x, y, width, height] in pixels of the upright image. One answer per box, in order.",
            "examples": ["[null, [[410, 120, 220, 224]]]"],
        },
    },
}
_REQUESTS = (Body.__name__, BodyImage.__name__)
_STATUSES = {
    404: "unknown-model",
    408: "request-timeout: the body did not arrive in time",
    413: "body-too-large",
    415: "unsupported-media-type: of the body, or of the single image in it; Content-Encoding",
    422: "invalid-parameter, too-many-images, image-undecodable, image-too-many-pixels, no-face",
    500: "internal",
    503: "overloaded or not-ready, with Retry-After",
    504: "deadline-exceeded",
}


def request_body() -> dict[str, Any]:
    """The OpenAPI request body of the analysis endpoints."""
    content: dict[str, Any] = {
        FORM_TYPE: {"schema": _FORM_SCHEMA},
        JSON_TYPE: {"schema": {"$ref": f"#/components/schemas/{Body.__name__}"}},
    }
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        "required": True,
        "content": content | dict.fromkeys((*IMAGE_TYPES, BYTES_TYPE), binary),
    }


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI responses for these statuses, all of them by default."""
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {
        status: {
            "description": _STATUSES[status],
            "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses or _STATUSES
    }


def complete(schema: dict[str, Any]) -> dict[str, Any]:
    """Add the schemas that are only referred to, drop FastAPI's own error shape, and leave answers
    open for the fields that they may get within v1.
    """
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    for model in (Body, Problem):
        own = model.model_json_schema(ref_template="#/components/schemas/{model}")
        components |= own.pop("$defs", {})
        components[model.__name__] = own
    components.pop("HTTPValidationError", None)
    components.pop("ValidationError", None)
    for name, component in components.items():
        if name not in _REQUESTS and component.get("additionalProperties") is False:
            del component["additionalProperties"]
    for path in schema["paths"].values():
        for operation in path.values():
            # FastAPI assumes that a path parameter may be invalid; a name of any kind is valid.
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
    return schema
