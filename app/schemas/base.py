"""What every schema shares."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Point = Annotated[list[float], Field(min_length=2, max_length=2)]


class Schema(BaseModel):
    """A part of the JSON contract: unknown fields are refused. (Answers are described as open all
    the same: callers are to expect more of them.)
    """

    model_config = ConfigDict(extra="forbid")
