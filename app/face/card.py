"""The model card: what a model folder says about itself, checked strictly.

A model folder holds model.onnx, card.json (this schema) and README.md, rendered from the card.
"""

import hashlib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.face.landmarks import scheme

CARD_FILE = "card.json"

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(min_length=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]


def face_outputs(points: int) -> dict[str, tuple[int, ...]]:
    """What a model of the task "face" answers about one crop: the shape of each output by name.

    points and std: unit crop. rotation: head -> camera as the crop shows it; rotation_std: degrees,
    about the axes of app.face.head_axes. openness: right eye, left eye. presence: 0..1.
    """
    return {
        "points": (points, 2),
        "std": (points,),
        "rotation": (3, 3),
        "rotation_std": (3,),
        "openness": (2,),
        "presence": (),
    }


class CardError(Exception):
    """A model folder that cannot be trusted; the message names the file and a remedy."""


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=()
    )


class ModelFile(_Part):
    name: Literal["model.onnx"] = "model.onnx"
    sha256: Sha256
    bytes: Positive
    opset: Positive
    parameters: Count


class CropRule(_Part):
    """How the input is cut from an image: see `geometry.crop_transform`."""

    scale: Annotated[float, Field(gt=0)]
    rule: Literal["square"] = "square"


class ModelInput(_Part):
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


class ModelOutput(_Part):
    name: Text
    shape: list[int | str]
    unit: Text
    meaning: Text


class Licence(_Part):
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


class DataUse(_Part):
    name: Text
    licence: Text
    images: Count
    faces: Count
    use: Literal["train", "validation", "test"]
    note: str = ""


class Metric(_Part):
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


class Parity(_Part):
    """The largest difference of the ONNX file to the network it was exported from."""

    max_abs_difference: Annotated[float, Field(ge=0)]
    samples: Positive
    batches: list[Positive]


class RecipeUse(_Part):
    """How to train it again."""

    name: Text
    command: Text
    seed: int
    steps: Count
    samples: Count
    trained: date
    code: Text


class ModelCard(_Part):
    """card.json, version 1."""

    schema_version: Literal[1] = 1
    name: Slug
    version: Text
    task: Literal["landmarks", "detection", "pose", "face"]
    summary: Text
    file: ModelFile
    input: ModelInput
    outputs: Annotated[list[ModelOutput], Field(min_length=1)]
    scheme: str | None = None
    batch_sizes: Annotated[list[Positive], Field(min_length=1)]
    licence: Licence
    data: list[DataUse]
    metrics: list[Metric]
    thresholds: dict[str, float] = Field(default_factory=dict)
    parity: Parity
    limits: list[Text]
    recipe: RecipeUse

    @field_validator("scheme")
    @classmethod
    def _known_scheme(cls, name: str | None) -> str | None:
        return name if name is None else scheme(name).name

    @field_validator("batch_sizes")
    @classmethod
    def _ascending(cls, sizes: list[int]) -> list[int]:
        if sizes != sorted(set(sizes)):
            raise ValueError("batch sizes ascend without repeats")
        return sizes

    @field_validator("outputs")
    @classmethod
    def _distinct(cls, outputs: list[ModelOutput]) -> list[ModelOutput]:
        if len({output.name for output in outputs}) != len(outputs):
            raise ValueError("output names are distinct")
        return outputs

    @model_validator(mode="after")
    def _fits_its_task(self) -> Self:
        fixed_square = self.input.height is not None and self.input.height == self.input.width
        if self.task != "detection" and not (self.input.crop and fixed_square):
            raise ValueError(f"a {self.task} model needs input.crop and equal height and width")
        if self.task in {"landmarks", "face"} and self.scheme is None:
            raise ValueError(f"a {self.task} model needs a scheme")
        if self.task == "face":
            self._has_the_outputs_of_a_face_model()
        if self.task == "detection" and not (
            self.input.long_side and {"score", "nms_iou"} <= self.thresholds.keys()
        ):
            raise ValueError(
                "a detection model needs input.long_side, thresholds score and nms_iou"
            )
        return self

    def _has_the_outputs_of_a_face_model(self) -> None:
        points = len(scheme(self.scheme or ""))
        shapes = {output.name: tuple(output.shape) for output in self.outputs}
        wanted = {name: ("batch", *sides) for name, sides in face_outputs(points).items()}
        if shapes != wanted:
            raise ValueError(f"a face model has the outputs {wanted}, this one {shapes}")


def load_card(folder: Path) -> ModelCard:
    """Read and check folder/card.json. CardError names the file, every fault and a remedy."""
    path = folder / CARD_FILE
    try:
        return ModelCard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CardError(
            f"{path} cannot be read ({error.strerror}). A model folder holds model.onnx and "
            f"{CARD_FILE}: check the models folder, or write the card by `python -m training card`."
        ) from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'card'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise CardError(
            f"{path} is not a valid model card: {faults}. Restore the file, or write it again by "
            "`python -m training card`."
        ) from error


def verify(folder: Path, card: ModelCard) -> None:
    """Check size and SHA-256 of the model file against the card. CardError if they differ."""
    path = folder / card.file.name
    remedy = "Restore the model file, or export it again and write its card anew."
    try:
        size = path.stat().st_size
        if size != card.file.bytes:
            raise CardError(f"{path} has {size} bytes, its card says {card.file.bytes}. {remedy}")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CardError(f"{path} cannot be read ({error.strerror}). {remedy}") from error
    if digest != card.file.sha256:
        raise CardError(f"{path} has SHA-256 {digest}, its card says {card.file.sha256}. {remedy}")
