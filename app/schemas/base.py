"""What every schema shares."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Point = Annotated[list[float], Field(min_length=2, max_length=2)]


class Schema(BaseModel):
    """A part of the JSON contract: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")
