"""Model folders: the ONNX file, the card that says what it is, the README made of the card."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from app.face.card import (
    CARD_FILE,
    CropRule,
    DataUse,
    Licence,
    Metric,
    ModelCard,
    ModelFile,
    ModelInput,
    ModelOutput,
    Parity,
    PrecisionFile,
    RecipeUse,
)
from training.card_readme import render_readme
from training.export import Export

README_FILE = "README.md"

__all__ = [
    "FREE",
    "RESEARCH",
    "CardFacts",
    "OutputNote",
    "build_card",
    "card_json",
    "render_readme",
    "write_card",
]

FREE = Licence(
    edition="free",
    weights="CC0-1.0",
    commercial_use="yes",
    sentence=(
        "Trained only on our own renders and on data whose authors allow any use:"
        " use the weights for anything."
    ),
)
RESEARCH = Licence(
    edition="research",
    weights="non-commercial research only, after the terms of the training data listed below",
    commercial_use="no",
    sentence=(
        "Trained on data sets whose terms allow research only:"
        " do not use these weights in a product or for any other commercial purpose."
    ),
)


@dataclass(frozen=True, slots=True)
class OutputNote:
    """What one output means, for the card."""

    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a recipe knows about its model and no measurement can tell.

    outputs: by name. crop_scale: for models of crops; long_side: for detectors.
    """

    name: str
    version: str
    task: Literal["landmarks", "detection", "pose", "face"]
    summary: str
    outputs: Mapping[str, OutputNote]
    licence: Licence
    data: Sequence[DataUse]
    limits: Sequence[str]
    recipe: RecipeUse
    scheme: str | None = None
    crop_scale: float | None = None
    long_side: int | None = None
    multiple_of: int = 1
    batch_sizes: Sequence[int] = (1, 2, 4, 8)
    thresholds: Mapping[str, float] = field(default_factory=dict)


def build_card(
    facts: CardFacts,
    export: Export,
    metrics: Sequence[Metric],
    precisions: Sequence[PrecisionFile] = (),
) -> ModelCard:
    """The card of an exported file: the recipe's facts, the file's signature, the measured rows.

    ValueError when the file's outputs are not the ones that the facts explain.
    """
    served = [tensor.name for tensor in export.graph.outputs]
    if set(served) != set(facts.outputs):
        raise ValueError(f"the file gives {served}, the facts explain {sorted(facts.outputs)}")
    (source,) = export.graph.inputs
    height, width = (side if isinstance(side, int) else None for side in source.shape[1:3])
    return ModelCard(
        name=facts.name,
        version=facts.version,
        task=facts.task,
        summary=facts.summary,
        file=_file(export),
        precisions=list(precisions),
        input=ModelInput(
            name=source.name,
            height=height,
            width=width,
            multiple_of=facts.multiple_of,
            crop=None if facts.crop_scale is None else CropRule(scale=facts.crop_scale),
            long_side=facts.long_side,
        ),
        outputs=[
            ModelOutput(
                name=tensor.name,
                shape=list(tensor.shape),
                unit=facts.outputs[tensor.name].unit,
                meaning=facts.outputs[tensor.name].meaning,
            )
            for tensor in export.graph.outputs
        ],
        scheme=facts.scheme,
        batch_sizes=sorted(set(facts.batch_sizes)),
        licence=facts.licence,
        data=list(facts.data),
        metrics=list(metrics),
        thresholds=dict(sorted(facts.thresholds.items())),
        parity=Parity(
            max_abs_difference=export.parity.max_abs_difference,
            samples=export.parity.samples,
            batches=list(export.parity.batches),
        ),
        limits=list(facts.limits),
        recipe=facts.recipe,
    )


def card_json(card: ModelCard) -> str:
    """The card as stable text: sorted keys, so that one changed number is one changed line."""
    content = card.model_dump(mode="json")
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_card(folder: Path, card: ModelCard) -> None:
    """Write card.json and README.md beside the model file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD_FILE).write_text(card_json(card), encoding="utf-8")
    (folder / README_FILE).write_text(render_readme(card), encoding="utf-8")


def _file(export: Export) -> ModelFile:
    content = export.path.read_bytes()
    return ModelFile(
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        opset=export.graph.opset,
        parameters=export.graph.parameters,
    )
