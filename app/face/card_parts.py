"""The parts of a model card; the card itself is in `app.face.card`."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(min_length=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]


class Part(BaseModel):
    """One part of a card: checked strictly, never changed."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=()
    )


class NetworkFile(Part):
    """A file that holds a network, beside the card."""

    name: str
    sha256: Sha256
    bytes: Positive
    opset: Positive


class ModelFile(NetworkFile):
    """The main file: fp32, what the card's numbers are of. parameters: floating-point numbers that
    it stores.
    """

    name: Literal["model.onnx"] = "model.onnx"
    parameters: Count


class CropRule(Part):
    """How the input is cut from an image: see `geometry.crop_transform`."""

    scale: Annotated[float, Field(gt=0)]
    rule: Literal["square"] = "square"


class ModelInput(Part):
    """height and width: None when dynamic, then multiples of `multiple_of`."""

    name: Text
    dtype: Literal["uint8"] = "uint8"
    layout: Literal["NHWC"] = "NHWC"
    color: Literal["RGB"] = "RGB"
    height: Positive | None
    width: Positive | None
    multiple_of: Positive = 1
    crop: CropRule | None = None
    long_side: Positive | None = None


class ModelOutput(Part):
    name: Text
    shape: list[int | str]
    unit: Text
    meaning: Text


class Licence(Part):
    """weights: the licence of the weights. sentence: what a user must know, in one sentence."""

    edition: Literal["free", "research"]
    weights: Text
    commercial_use: Literal["yes", "no"]
    sentence: Text

    @model_validator(mode="after")
    def _research_is_not_for_sale(self) -> Self:
        if self.edition == "research" and self.commercial_use == "yes":
            raise ValueError("research weights are not for commercial use")
        return self


class DataUse(Part):
    name: Text
    licence: Text
    images: Count
    faces: Count
    use: Literal["train", "validation", "test"]
    note: str = ""


class Metric(Part):
    """One measured number. n: how many faces or images it stands on."""

    name: Text
    value: float
    unit: str
    n: Count
    # JSON has lists only, so a list is welcome here.
    interval95: Annotated[tuple[float, float] | None, Field(strict=False)] = None
    protocol: Text
    slice: Text = "all"

    @field_validator("interval95")
    @classmethod
    def _ordered(cls, interval: tuple[float, float] | None) -> tuple[float, float] | None:
        if interval is not None and interval[0] > interval[1]:
            raise ValueError("an interval is [low, high]")
        return interval


class PrecisionFile(NetworkFile):
    """A further file of the same network: the same inputs and outputs, cheaper arithmetic.

    metrics: its own, each beside one of the card's with the same name, protocol and slice, so that
    the loss can be read. faster_on: features of a CPU, as Linux names them (avx512_vnni), with any
    of which it was measured to be faster; empty: nowhere.
    """

    precision: Literal["int8"]
    name: Annotated[str, Field(pattern=r"^model\.[a-z0-9]+\.onnx$")]
    metrics: Annotated[list[Metric], Field(min_length=1)]
    faster_on: list[Text] = Field(default_factory=list)


class Parity(Part):
    """The largest difference of the ONNX file to the network it was exported from."""

    max_abs_difference: Annotated[float, Field(ge=0)]
    samples: Positive
    batches: list[Positive]


class RecipeUse(Part):
    """How to train it again.

    begins_with: the published model whose weights it began with, its version and hash; "" for
    random weights. parameters: of the network that was trained; its file counts constants too, and
    lacks what was folded into other weights.
    """

    name: Text
    command: Text
    seed: int
    steps: Count
    samples: Count
    trained: date
    code: Text
    # Left out of the file when there is none.
    begins_with: str = Field(default="", exclude_if=lambda text: not text)
    parameters: Count | None = Field(default=None, exclude_if=lambda count: count is None)
