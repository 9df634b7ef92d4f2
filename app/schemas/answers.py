"""The answer of the analysis endpoints, and problems."""

from typing import Any

from pydantic import Field

from app.schemas.base import Schema
from app.schemas.faces import Face


class ModelUsed(Schema):
    """A model that gave this answer."""

    name: str = Field(description="Name of the model, as in /models.")
    version: str = Field(description="Version on the model's card.")
    sha256: str = Field(description="SHA-256 of the ONNX file that ran, lower-case hexadecimal.")
    provider: str = Field(description="ONNX Runtime execution provider really in use.")
    precision: str = Field(description="Of the arithmetic really in use: fp32, bf16, fp16, int8.")


class ImageFacts(Schema):
    """The image as it was analysed."""

    width: int = Field(description="Width of the upright image in pixels.")
    height: int = Field(description="Height of the upright image in pixels.")
    orientation_applied: int = Field(
        ge=1, le=8, description="EXIF orientation that was undone; 1 when there was none."
    )


class Problem(Schema):
    """An error, as RFC 9457 (application/problem+json)."""

    type: str = Field(description="urn:mien:problem:<code>; the code is stable.")
    title: str = Field(description="Short name of the code.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="What was wrong and what to do about it.")
    instance: str | None = Field(None, description="Id of the request.")
    errors: list[dict[str, Any]] | None = Field(None, description="Each fault where several.")


class Result(Schema):
    """One image. `faces` is empty when there is none."""

    index: int = Field(ge=0, description="Position of the image in the request, from 0.")
    file_name: str | None = Field(description="Name of the uploaded file, null if it had none.")
    image: ImageFacts | None = Field(
        description="Null when the image was not or could not be read."
    )
    faces: list[Face] = Field(
        description="By area, largest first, then by x; with boxes from the caller, one per box in "
        "the order given."
    )
    error: Problem | None = Field(description="Why this one of several images was not analysed.")


class Timings(Schema):
    """Milliseconds per stage; for several images that of the slowest one."""

    receive: float = Field(description="Reading and parsing the body.")
    wait: float = Field(
        description="Until it is an image's turn among those of this and of other requests."
    )
    decode: float = Field(description="Bytes to pixels, waiting for a thread included.")
    detect: float = Field(
        description="Finding faces, waiting included; with the caller's boxes their check."
    )
    crop: float = Field(description="Cutting the faces out.")
    queue: float = Field(description="Waiting for a place in a batch of the landmark model.")
    infer: float = Field(description="Running the landmark model on that batch.")
    measure: float = Field(description="Pose, eyes, quality and verdicts from the landmarks.")
    total: float = Field(description="From the arrival of the request to this answer.")


class Answer(Schema):
    """The answer of /landmarks, /pose and /analyze."""

    id: str = Field(description="Id of the request: X-Request-ID echoed, or made.")
    model: ModelUsed = Field(description="The landmark model.")
    detector: ModelUsed | None = Field(
        description="The model that found the faces; null when the caller gave all boxes."
    )
    results: list[Result]
    timings_ms: Timings
