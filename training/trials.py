"""Which head and which losses find faces best: variants of one recipe, the same budget for each.

`python -m training.trials --data DIR --runs DIR` trains each of TRIALS on the same data, with the
same seed and for the same number of steps, judges the exported files on validation faces alone,
leaves one JSON each in `runs/trials` and writes the table `runs/trials/trials.md`. A stopped
command goes on where it was.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras

from training.export import export_onnx
from training.faces.crops import LabelledCrops
from training.faces.pipeline import plain_arrays
from training.faces.predictor import OUTPUT_NAMES, FacePredictor
from training.faces.validation import Measured, judge
from training.networks.face import serving_network
from training.recipes.face_68 import FACE_68_RESEARCH, Face68
from training.speed import Timing, time_beside_reference
from training.workspace import Workspace

EPOCHS, STEPS = 12, 250
_PARITY_CROPS = 16
_RADIAN = 57.3  # degrees: parity is judged in lengths of order 1


@dataclass(frozen=True, slots=True)
class Trial:
    """What differs from the recipe; see Face68."""

    name: str
    head: str = "direct"
    points_loss: str = "wing"
    rotation_weight: float = 60.0

    def of(self, recipe: Face68) -> Face68:
        return replace(
            recipe,
            name=self.name,
            head=self.head,
            points_loss=self.points_loss,
            rotation_weight=self.rotation_weight,
            begins_with="",
        )


TRIALS: Mapping[str, Trial] = {
    trial.name: trial
    for trial in (
        Trial("direct"),
        Trial("simcc", head="simcc"),
        Trial("heat", head="heat"),
        Trial("direct-laplace", points_loss="laplace"),
        Trial("heat-rotation-20", head="heat", rotation_weight=20.0),
    )
}
_COLUMNS = {
    "NME w300, %": "w300 nme",
    "yaw Pointing'04": "pointing04 yaw",
    "pitch": "pointing04 pitch",
    "geodesic, renders": "renders geodesic",
    "\\|yaw\\| <= 60": "renders geodesic, |yaw| <= 60",
    "beyond": "renders geodesic, |yaw| > 60",
    "openness, renders": "renders openness",
}


def main() -> None:
    options = _parser().parse_args()
    folder = options.runs / "trials"
    schedule = FACE_68_RESEARCH.schedule.changed(options.epochs, options.steps_per_epoch)
    recipe = replace(FACE_68_RESEARCH, schedule=schedule)
    prepared = options.prepared or folder / "prepared"
    if not prepared.is_dir():
        recipe.prepare(options.data, Workspace(options.runs, options.runs, "trials"))
    sets = recipe.load(options.data, prepared)
    for name in options.only or TRIALS:
        print(f"== {name}", file=sys.stderr)
        run(TRIALS[name], recipe, sets, options.data, folder / name)
    print(report(folder))


def run(
    trial: Trial, recipe: Face68, sets: Mapping[str, LabelledCrops], data: Path, folder: Path
) -> Path:
    """Trains, exports and judges one trial; its JSON lies beside `folder`. ValueError when the
    folder holds a run with other settings.
    """
    keras.backend.clear_session()
    variant = trial.of(recipe)
    network = variant.fit_on(sets, data, folder / "fit")
    (any_set, *_) = sets.values()
    crops, _ = plain_arrays(any_set.take(slice(0, _PARITY_CROPS)), variant.size)
    exported = export_onnx(
        serving_network(network),
        folder / "model.onnx",
        crops,
        input_name="crops",
        output_names=list(OUTPUT_NAMES),
        scales={"rotation_std": _RADIAN},
    )
    found = judge(FacePredictor.open(exported.path), sets)
    facts = {
        "head": trial.head,
        "points_loss": trial.points_loss,
        "rotation_weight": trial.rotation_weight,
        "seed": variant.seed,
        "epochs": variant.schedule.epochs,
        "steps_per_epoch": variant.schedule.steps_per_epoch,
        "batch": variant.batch,
        "parameters": network.count_params(),
        "results": {name: measured.as_json() for name, measured in found.items()},
    }
    path = folder.with_suffix(".json")
    path.write_text(json.dumps(facts, indent=1) + "\n")
    return path


def report(folder: Path) -> str:
    """The table of all trials that were judged, timed side by side now; written to trials.md."""
    trials = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    timings = time_beside_reference({n: folder / n / "model.onnx" for n in trials}, folder)
    text = table(trials, timings)
    (folder / "trials.md").write_text(text + "\n")
    return text


def table(trials: Mapping[str, Mapping[str, Any]], timings: Sequence[Timing]) -> str:
    """Markdown: a row a trial, each value with its 95 % interval, and the time of one crop as a
    multiple of the reference network's.
    """
    ratios = {timing.name: timing.ratio for timing in timings}
    lines = [
        "| trial | steps | " + " | ".join(_COLUMNS) + " | time |",
        "| --- " * (len(_COLUMNS) + 3) + "|",
    ]
    for name in sorted(trials, key=_order):
        facts = trials[name]
        steps = facts["epochs"] * facts["steps_per_epoch"]
        cells = [Measured(**facts["results"][key]).as_text() for key in _COLUMNS.values()]
        lines.append(f"| {name} | {steps} | " + " | ".join(cells) + f" | {ratios[name]:.2f} |")
    return "\n".join(lines)


def _order(name: str) -> tuple[int, str]:
    known = list(TRIALS)
    return (known.index(name) if name in known else len(known), name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.trials", description=__doc__)
    for name in ("data", "runs"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument(
        "--prepared", type=Path, help="faces that `python -m training prepare` cut before"
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--steps-per-epoch", type=int, default=STEPS)
    parser.add_argument("--only", nargs="*", choices=list(TRIALS), help="these trials alone")
    return parser


if __name__ == "__main__":
    main()
