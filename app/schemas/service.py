"""What the service says about itself and its models."""

from pydantic import Field

from app.face.card import ModelCard
from app.schemas.base import Schema


class ModelSummary(Schema):
    name: str
    version: str
    task: str = Field(description="landmarks, face (landmarks and head), detection or pose.")
    scheme: str | None = Field(description="Landmark scheme, null for a model without one.")
    sha256: str = Field(description="Of the file that runs.")
    provider: str = Field(
        description="Execution provider really in use: one of ONNX Runtime's, or OpenVINO."
    )
    precision: str = Field(description="Of the arithmetic really in use: fp32, bf16, fp16, int8.")
    default: bool = Field(description="Used when a request names no model.")
    edition: str = Field(description="free or research.")
    commercial_use: str = Field(description="yes or no; see the card's licence.")


class ModelList(Schema):
    models: list[ModelSummary]


class Live(Schema):
    status: str = Field(description="`live`: the process answers.")


class Ready(Schema):
    status: str = Field(description="`ready`: models are loaded and the self-test passed.")
    models: list[str] = Field(description="Names of the loaded models.")


class ModelCardAnswer(ModelCard):
    """The model's card (see docs), and where and how the model runs."""

    provider: str = Field(
        description="Execution provider really in use: one of ONNX Runtime's, or OpenVINO."
    )
    precision: str = Field(description="Of the arithmetic really in use: fp32, bf16, fp16, int8.")
