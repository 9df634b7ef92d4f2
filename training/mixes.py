"""What rendered and profiled faces are worth: one landmark network, four mixes, the same budget.

`python -m training.mixes --data DIR --renders DIR --profiles DIR --runs DIR` trains each mix for
the same number of steps, judges the exported files on photographs that none has seen, leaves the
numbers in each mix's `metrics.json` and prints a table.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

from app.face.card import Metric
from app.face.landmarks import scheme as scheme_named
from training.crop_jitter import CropJitter
from training.datasets import load
from training.datasets.renders import prepared_from_shards
from training.export import export_onnx
from training.fit import Schedule, fit
from training.landmarks.evaluation import evaluate_landmarks
from training.landmarks.losses import NormalisedError, landmark_loss
from training.landmarks.pipeline import LandmarkBatches, plain_arrays
from training.landmarks.pose_evaluation import evaluate_pose
from training.landmarks.predictor import LandmarkPredictor
from training.landmarks.protocols import LABELLED
from training.networks.landmarks import landmark_network, serving_network
from training.preparation import load_prepared, prepare
from training.prepared_faces import PreparedFaces

SCHEME = "ibug-68"
SIZE, BATCH, SEED = 128, 64, 1
# Shares of the batches.
MIXES: Mapping[str, Mapping[str, float]] = {
    "photographs": {"w300": 1.0},
    "renders": {"renders": 1.0},
    "photographs + renders": {"w300": 0.7, "renders": 0.3},
    "photographs + renders + profiled": {"w300": 0.6, "renders": 0.15, "profiled": 0.25},
}
_COLUMNS = {
    "NME LFPW test, %": ("w300", "nme_inter_ocular", "all"),
    "NME dlib examples, %": ("dlib_examples", "nme_inter_ocular", "all"),
    "yaw error, all": ("pointing04", "yaw_mae_pnp", "all"),
    "at 0-30": ("pointing04", "yaw_mae_pnp", "|yaw| 0-30"),
    "at 30-60": ("pointing04", "yaw_mae_pnp", "|yaw| 30-60"),
    "at 60-90": ("pointing04", "yaw_mae_pnp", "|yaw| 60-90"),
    "pitch error, all": ("pointing04", "pitch_mae_pnp", "all"),
}


def main() -> None:
    options = _parser().parse_args()
    sources = Sources(options.data, options.renders, options.profiles, options.runs)
    schedule = Schedule(epochs=options.epochs, steps_per_epoch=200)
    results: dict[str, list[dict[str, object]]] = {}
    for name in options.only or MIXES:
        folder = options.runs / name.replace(" + ", "-")
        model = train(name, sources, schedule, folder)
        rows = judge(model, options.data)
        results[name] = [row.model_dump(mode="json") for row in rows]
        (folder / "metrics.json").write_text(json.dumps(results[name], indent=1) + "\n")
    print(table(results))


def train(name: str, sources: "Sources", schedule: Schedule, folder: Path) -> Path:
    """Trains one of MIXES and returns its ONNX file; a finished one is not trained again."""
    keras.utils.set_random_seed(SEED)
    crops, targets = plain_arrays(sources.validation(), SIZE)
    scheme = scheme_named(SCHEME)
    faces = {source: sources.faces(source) for source in MIXES[name]}
    batches = LandmarkBatches(
        [(faces[source], share) for source, share in MIXES[name].items()],
        size=SIZE,
        batch=BATCH,
        steps=schedule.steps_per_epoch,
        jitter=CropJitter(),
        seed=SEED,
    )
    mean = faces[max(faces, key=MIXES[name].__getitem__)].mean_points_in_crop()
    trained = fit(
        landmark_network(SIZE, len(scheme), mean),
        loss=landmark_loss,
        train=batches,
        validation=(crops, targets),
        schedule=schedule,
        out=folder / "fit",
        metrics=[NormalisedError(*scheme.normaliser)],
        record={
            "mix": name,
            "seed": SEED,
            "shares": dict(MIXES[name]),
            "faces": {source: len(faces[source]) for source in faces},
        },
    )
    exported = export_onnx(
        serving_network(trained),
        folder / "model.onnx",
        crops.astype(np.uint8),
        input_name="crops",
        output_names=["points", "std"],
    )
    return exported.path


def judge(model: Path, data: Path) -> list[Metric]:
    """Landmarks on two sets of photographs, pose on a third."""
    predictor = LandmarkPredictor.open(model)
    rows: list[Metric] = []
    for name in ("w300", "dlib_examples"):
        samples = [sample for sample in load(name, data) if sample.split == "test"]
        rows += evaluate_landmarks(predictor, samples, test_set=name, protocols=(LABELLED,)).rows
    turned = [sample for sample in load("pointing04", data) if sample.split == "test"]
    return rows + evaluate_pose(predictor, turned, test_set="pointing04")


def table(results: Mapping[str, Sequence[Mapping[str, object]]]) -> str:
    """Markdown: a row a mix, each value with its 95 % interval."""
    lines = ["| mix | " + " | ".join(_COLUMNS) + " |", "| --- " * (len(_COLUMNS) + 1) + "|"]
    for name, rows in results.items():
        cells = [_cell(rows, *wanted) for wanted in _COLUMNS.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(rows: Sequence[Mapping[str, object]], test_set: str, name: str, slice_name: str) -> str:
    for row in rows:
        here = str(row["protocol"]).startswith(test_set)
        if here and (row["name"], row["slice"]) == (name, slice_name):
            interval = row["interval95"]
            assert isinstance(interval, list)
            return f"{row['value']:.2f} [{interval[0]:.2f}, {interval[1]:.2f}]"
    raise ValueError(f"no row {name} of {test_set}")


class Sources:
    """The faces of each source, read when asked for."""

    def __init__(self, data: Path, renders: Path, profiles: Path, runs: Path) -> None:
        self._data, self._runs = data, runs
        self._shards = {"renders": renders, "profiled": profiles}

    def faces(self, source: str) -> PreparedFaces:
        """Training faces of "w300", "renders" or "profiled"."""
        if source == "w300":
            return self._photographs().of_split("train")
        # All of them: runs are judged on photographs alone.
        return prepared_from_shards(self._shards[source], SCHEME)

    def validation(self) -> PreparedFaces:
        return self._photographs().of_split("validation")

    def _photographs(self) -> PreparedFaces:
        folder = self._runs / "prepared"
        if not (folder / "manifest.json").is_file():
            prepare(load("w300", self._data), SCHEME, folder)
        return load_prepared(folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.mixes", description=__doc__)
    for name in ("data", "renders", "profiles", "runs"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=12, help="of 200 steps of 64 crops")
    parser.add_argument("--only", nargs="*", choices=list(MIXES), help="train these mixes alone")
    return parser


if __name__ == "__main__":
    main()
