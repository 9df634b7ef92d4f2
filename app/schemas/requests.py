"""The JSON form of a request."""

from typing import Annotated

from pydantic import Field

from app.schemas.base import Schema


class BodyImage(Schema):
    """One image of a JSON request."""

    data: str = Field(
        description="The image file (JPEG, PNG, WebP or BMP) in base64, no data: prefix.",
    )
    boxes: list[Annotated[list[float], Field(min_length=4, max_length=4)]] | None = Field(
        None,
        description="Faces as [x, y, width, height], pixels of the upright image; null: detect.",
    )


class Body(Schema):
    """A JSON request."""

    images: list[BodyImage] = Field(min_length=1)
