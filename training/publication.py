"""From a workspace to `models/<name>`: the ONNX file, its card and its README."""

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from app.face.card import DataUse, Metric, RecipeUse
from training.cards import CardFacts, build_card, write_card
from training.datasets import SOURCES, load
from training.export import Export
from training.faces.prepared import SHARDS
from training.faces.rendered import FOLDER as HELD_OUT_RENDERS
from training.fit import FinishedRun
from training.onnx_graph import describe
from training.parity import ParityReport
from training.precision_files import precision_files
from training.prepared_folder import limits_of
from training.samples import Split
from training.synthetic.shard_files import read_manifest, rendered_by
from training.workspace import Workspace

_PARITY_FILE = "parity.json"


def save_parity(export: Export, folder: Path) -> None:
    """Keeps what the export measured beside the file, for the card."""
    report = export.parity
    content = {
        "max_abs_difference": report.max_abs_difference,
        "samples": report.samples,
        "batches": list(report.batches),
        "by_output": dict(report.by_output),
    }
    (folder / _PARITY_FILE).write_text(json.dumps(content, indent=2) + "\n")


def publish(facts: CardFacts, workspace: Workspace, test_sets: Sequence[str]) -> None:
    """Copies the exported file to `models/<name>` and writes the card that its evaluations support.

    FileNotFoundError when the model was not exported or one of `test_sets` not evaluated.
    """
    metrics: list[Metric] = []
    for test_set in test_sets:
        file = workspace.require(workspace.evaluation(test_set) / "metrics.json", "evaluate")
        metrics += [Metric.model_validate(row) for row in json.loads(file.read_text())]
    parity_file = workspace.require(workspace.export / _PARITY_FILE, "export")
    parity = json.loads(parity_file.read_text())
    workspace.model.mkdir(parents=True, exist_ok=True)
    published = workspace.model / "model.onnx"
    shutil.copyfile(workspace.require(workspace.onnx, "export"), published)
    export = Export(
        published,
        describe(published),
        ParityReport(
            parity["max_abs_difference"],
            parity["samples"],
            tuple(parity["batches"]),
            parity["by_output"],
        ),
    )
    precisions = precision_files(workspace, test_sets)
    for other in precisions:
        shutil.copyfile(workspace.export / other.name, workspace.model / other.name)
    write_card(workspace.model, build_card(facts, export, metrics, precisions))


def recipe_use(
    workspace: Workspace, *, seed: int, batch: int, code: str, options: Sequence[str] = ()
) -> RecipeUse:
    """How the finished run of the workspace is made again. code: the recipe's file. options: of the
    command line, besides the schedule's.
    """
    run = FinishedRun.of(workspace.fit)
    schedule = run.schedule
    words = [
        f"--recipe {workspace.name} --data DATA",
        f"--epochs {schedule.epochs} --steps-per-epoch {schedule.steps_per_epoch}",
        f"--learning-rate {schedule.learning_rate:g}",
    ]
    words += [f"--limit {limit}" for limit in limits_of(workspace.prepared)]
    if run.begins_with:
        words.append(f"--begin-with {run.begins_with.split()[0]}")
    return RecipeUse(
        name=workspace.name,
        command=f"python -m training all {' '.join([*words, *options])}",
        seed=seed,
        steps=run.epochs * schedule.steps_per_epoch,
        samples=run.epochs * schedule.steps_per_epoch * batch,
        trained=run.trained,
        code=code,
        begins_with=run.begins_with,
        parameters=run.parameters,
    )


def data_use(
    names: Sequence[str],
    data: Path,
    notes: dict[str, str] | None = None,
    splits: Sequence[Split] = ("train", "validation", "test"),
) -> list[DataUse]:
    """How many images and faces of each set are used for what; a row for each set and split."""
    rows = []
    for name in names:
        images: Counter[str] = Counter()
        faces: Counter[str] = Counter()
        for sample in load(name, data):
            images[sample.split] += 1
            faces[sample.split] += len(sample.faces)
        made = f"`render {rendered_by(read_manifest(data / name))}`" if name in SHARDS else ""
        rows += [
            DataUse(
                name=f"{SOURCES[name].title} [{SOURCES[name].citation}]",
                licence=SOURCES[name].licence,
                images=images[split],
                faces=faces[split],
                use=split,
                note="; ".join(note for note in ((notes or {}).get(name), made) if note),
            )
            for split in splits
            if images[split]
        ]
    return rows


def held_out_use(data: Path) -> DataUse:
    """The row of the rendered heads that models are judged on."""
    count = int(read_manifest(data / HELD_OUT_RENDERS)["count"])
    source = SOURCES["renders"]
    return DataUse(
        name=f"{source.title} [{source.citation}]",
        licence=source.licence,
        images=count,
        faces=count,
        use="test",
        note="rendered from a seed that no training saw",
    )
