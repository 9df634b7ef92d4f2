"""What the cards of the zoo's models say that no measurement can tell."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.face.card import DataUse
from app.face.geometry import CROP_SCALE
from training.beginning import Beginning
from training.card_usage import LARGEST_KEPT
from training.cards import FREE, RESEARCH, CardFacts, OutputNote
from training.datasets import SOURCES
from training.faces.rendered import FOLDER as HELD_OUT
from training.fit import FinishedRun, Schedule
from training.publication import data_use, held_out_use, publish, recipe_use
from training.workspace import Workspace
from training.zoo.entrants import LARGE
from training.zoo.runs import HISTORY_FILE, NO_AUGMENTATION, Learnt

POINTS = OutputNote(
    "unit crop", "points (x, y) in the scheme's order; 0..1 spans the crop edge to edge"
)
ROTATION = OutputNote(
    "matrix",
    "head -> camera as the crop shows it, canonical convention (app.face.rotation), always a "
    "proper rotation",
)
_IMAGENET = (
    "Its first layers began with Keras' ImageNet weights, whose photographs are for research only."
)
_NO_IMAGENET = (
    "It is made to begin with ImageNet's weights; they could not be had here, so it began with "
    "random ones and learnt all of its layers."
)
_NOT_AUGMENTED = "It was trained without the augmentation that its author had."
_LIMITS = (
    "One of earlier systems, rebuilt to see what its ideas are worth.",
    "It states no deviations, so nothing tells which of its answers are wrong.",
)


@dataclass(frozen=True, slots=True)
class ZooCard:
    """What a recipe says of itself. code: its file."""

    summary: str
    limits: tuple[str, ...]
    code: str
    outputs: tuple[str, ...]


_NOTES = {"points": POINTS, "rotation": ROTATION}


def publish_zoo(
    card: ZooCard,
    workspace: Workspace,
    data: Path,
    *,
    scheme: str | None,
    tests: Sequence[str],
    seed: int,
    batch: int,
    whole: Schedule,
    imagenet: bool = False,
    reads: Beginning | None = None,
) -> None:
    """Publishes the model with the rows of those of `tests` that it was judged on, and the curves
    of its training; one with a large file among the large ones (training.zoo.entrants).

    whole: the recipe's own schedule, of which the run may have been a part. imagenet: it is made to
    begin with ImageNet's weights. reads: the published landmark model inside of it, whose data and
    terms then count too.

    FileNotFoundError when it was not trained, exported or judged on any.
    """
    learnt = Learnt.of(workspace)
    judged = [name for name in tests if (workspace.evaluation(name) / "metrics.json").is_file()]
    if not judged:
        workspace.require(workspace.evaluation(tests[0]) / "metrics.json", "evaluate")
    bound = learnt.imagenet or (reads is not None and reads.card.licence.edition != "free")
    free = not bound and all(SOURCES[name].edition == "free" for name in learnt.faces)
    limits = [*card.limits, *_LIMITS]
    limits += _changes(FinishedRun.of(workspace.fit).schedule, whole)
    limits += [_NOT_AUGMENTED] if NO_AUGMENTATION in learnt.options else []
    limits += [_IMAGENET] if learnt.imagenet else []
    limits += [_NO_IMAGENET] if imagenet and not learnt.imagenet else []
    limits += [f"It holds the weights of {reads}."] if reads is not None else []
    use = recipe_use(workspace, seed=seed, batch=batch, code=card.code, options=learnt.options)
    facts = CardFacts(
        name=workspace.name,
        version="1",
        task="pose" if "rotation" in card.outputs else "landmarks",
        summary=card.summary,
        outputs={name: _NOTES[name] for name in card.outputs},
        licence=FREE if free else RESEARCH,
        data=_data(learnt, judged, data) + _data_of(reads),
        limits=limits,
        recipe=use,
        scheme=scheme,
        crop_scale=CROP_SCALE,
    )
    kept = workspace.onnx.stat().st_size <= LARGEST_KEPT
    folder = workspace if kept else replace(workspace, models=workspace.models / LARGE)
    publish(facts, folder, judged)
    shutil.copyfile(workspace.fit / HISTORY_FILE, folder.model / HISTORY_FILE)


def _changes(run: Schedule, whole: Schedule) -> list[str]:
    """What of the original schedule the run did not have."""
    changes = []
    if run.steps < whole.steps:
        steps = f"{run.steps:,} steps; the original schedule has {whole.steps:,}"
        changes.append(f"Trained for {steps}.")
    if run.learning_rate != whole.learning_rate:
        rates = f"{run.learning_rate:g}; the original one is {whole.learning_rate:g}"
        changes.append(f"Its learning rate was {rates}.")
    return changes


def _data(learnt: Learnt, judged: Sequence[str], data: Path) -> list[DataUse]:
    rows = data_use(list(learnt.faces), data, splits=("train", "validation"))
    counts = {"train": learnt.faces, "validation": learnt.validation}
    rows = [_as_learnt(row, counts[row.use]) for row in rows]
    rows += data_use([name for name in judged if name != HELD_OUT], data, splits=("test",))
    if HELD_OUT in judged:
        rows.append(held_out_use(data))
    return rows


def _as_learnt(row: DataUse, faces: Mapping[str, int]) -> DataUse:
    """The set's row with the faces that the run had of it, by set: fewer than it holds where
    preparing left some out, or was limited.
    """
    titles = {name: f"{SOURCES[name].title} [" for name in faces}
    had = next((n for name, n in faces.items() if row.name.startswith(titles[name])), None)
    if had is None or had >= row.faces:  # older runs did not note those for validation
        return row
    note = f"{row.note}; {had:,} of its {row.faces:,} faces".removeprefix("; ")
    return row.model_copy(update={"faces": had, "images": min(had, row.images), "note": note})


def _data_of(reads: Beginning | None) -> list[DataUse]:
    """What the landmark model inside was trained on."""
    if reads is None:
        return []
    note = f"by {reads.card.name}, whose points are read"
    learnt = [row for row in reads.card.data if row.use != "test"]
    return [row.model_copy(update={"note": note}) for row in learnt]
