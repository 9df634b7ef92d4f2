"""The model card: what a model folder says about itself, checked strictly.

A model folder holds model.onnx, card.json (this schema) and README.md, rendered from the card.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from app.face.card_parts import (
    CropRule,
    DataUse,
    Licence,
    Metric,
    ModelFile,
    ModelInput,
    ModelOutput,
    NetworkFile,
    Parity,
    Part,
    Positive,
    PrecisionFile,
    RecipeUse,
    Slug,
    Text,
)
from app.face.landmarks import scheme

__all__ = [
    "CARD_FILE",
    "CardError",
    "CropRule",
    "DataUse",
    "Licence",
    "Metric",
    "ModelCard",
    "ModelFile",
    "ModelInput",
    "ModelOutput",
    "NetworkFile",
    "Parity",
    "PrecisionFile",
    "RecipeUse",
    "face_outputs",
    "load_card",
    "verify",
]

CARD_FILE = "card.json"


def face_outputs(points: int) -> dict[str, tuple[int, ...]]:
    """What a model of the task "face" answers about one crop: the shape of each output by name.

    points and std: unit crop. visible: 0..1. rotation: head -> camera as the crop shows it;
    rotation_std: degrees, about the axes of app.face.head_axes. openness: right eye, left eye.
    presence: 0..1.
    """
    return {
        "points": (points, 2),
        "std": (points,),
        "visible": (points,),
        "rotation": (3, 3),
        "rotation_std": (3,),
        "openness": (2,),
        "presence": (),
    }


class CardError(Exception):
    """A model folder that cannot be trusted; the message names the file and a remedy."""


class ModelCard(Part):
    """card.json, version 1."""

    schema_version: Literal[1] = 1
    name: Slug
    version: Text
    task: Literal["landmarks", "detection", "pose", "face"]
    summary: Text
    file: ModelFile
    # Left out of the file when there are none.
    precisions: list[PrecisionFile] = Field(
        default_factory=list, exclude_if=lambda files: not files
    )
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

    @field_validator("precisions")
    @classmethod
    def _each_precision_once(cls, files: list[PrecisionFile]) -> list[PrecisionFile]:
        if len({file.precision for file in files}) != len(files):
            raise ValueError("there is one file for each precision")
        return files

    @model_validator(mode="after")
    def _losses_can_be_read(self) -> Self:
        own = {(metric.name, metric.protocol, metric.slice) for metric in self.metrics}
        for file in self.precisions:
            theirs = {(metric.name, metric.protocol, metric.slice) for metric in file.metrics}
            if lone := theirs - own:
                raise ValueError(f"{file.name} has metrics that the card has not: {sorted(lone)}")
        return self

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


def verify(folder: Path, card: ModelCard, file: NetworkFile | None = None) -> None:
    """Check size and SHA-256 of a model file against the card. CardError if they differ.

    file: which one of the card's files; None: its main one.
    """
    wanted = card.file if file is None else file
    path = folder / wanted.name
    remedy = "Restore the model file, or export it again and write its card anew."
    try:
        size = path.stat().st_size
        if size != wanted.bytes:
            raise CardError(f"{path} has {size} bytes, its card says {wanted.bytes}. {remedy}")
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        made = f"`{card.recipe.command}` makes it, where it is not kept."
        raise CardError(f"{path} cannot be read ({error.strerror}). {remedy} {made}") from error
    if digest != wanted.sha256:
        raise CardError(f"{path} has SHA-256 {digest}, its card says {wanted.sha256}. {remedy}")
