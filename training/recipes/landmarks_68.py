"""landmarks-68: 68 points from a 128-pixel crop, trained on 300-W with a share of YouTube Faces."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import keras
import numpy as np

from app.face.landmarks import scheme as scheme_named
from training.beginning import Beginning, begun_with
from training.crop_jitter import CropJitter
from training.datasets import load
from training.export import export_onnx
from training.faces.difference import MOST_BY_INT8, points_difference
from training.fit import LearnsMoreThanTheMean, Schedule, fit
from training.landmarks.calibration import std_scale
from training.landmarks.evaluation import evaluate_landmarks
from training.landmarks.losses import NormalisedError, landmark_loss
from training.landmarks.pipeline import LandmarkBatches, plain_arrays
from training.landmarks.pose_evaluation import evaluate_pose
from training.landmarks.report import write_metrics, write_report
from training.networks.landmarks import landmark_network, serving_network
from training.precision_files import INT8_SUFFIX, make_int8
from training.preparation import load_prepared, prepare
from training.prepared_faces import PreparedFaces
from training.publication import publish, recipe_use, save_parity
from training.recipes.landmarks_68_card import OUTPUTS, facts
from training.samples import some_of
from training.workspace import Workspace

# What the numbers on the card stand on; neither was seen in training or selection.
TEST_SETS = {"w300": "300-W LFPW test", "dlib_examples": "dlib example faces"}
POSE_SET = "pointing04"
_CALIBRATION_FACES = 256  # of int8


@dataclass(frozen=True, slots=True)
class Landmarks68:
    """Everything that decides the weights, besides the data itself."""

    name: str = "landmarks-68"
    scheme: str = "ibug-68"
    size: int = 128
    batch: int = 64
    seed: int = 1
    # 300-W is small and exact, YouTube Faces is varied and rounded: mostly the former.
    weights: dict[str, float] = field(default_factory=lambda: {"w300": 0.88, "ytf68": 0.12})
    jitter: CropJitter = field(default_factory=CropJitter)
    schedule: Schedule = Schedule(epochs=60, steps_per_epoch=200)
    begins_with: str = ""

    def changed(self, *, schedule: Schedule, begins_with: str) -> Self:
        return replace(self, schedule=schedule, begins_with=begins_with)

    def prepare(self, data: Path, workspace: Workspace) -> None:
        sets = (some_of(load(name, data), workspace.limit) for name in self.weights)
        samples = [sample for some in sets for sample in some]
        prepare(samples, self.scheme, workspace.prepared, limit=workspace.limit)

    def train(self, data: Path, workspace: Workspace) -> None:  # noqa: ARG002 - reads what prepare left
        """Trains on the training split, judged on 300-W's validation split."""
        keras.utils.set_random_seed(self.seed)
        prepared = load_prepared(workspace.prepared)
        faces = prepared.of_split("train")
        mean = faces.mean_points_in_crop()
        crops, targets = plain_arrays(_validation(prepared), self.size)
        scheme = scheme_named(self.scheme)
        batches = LandmarkBatches(
            [(faces.of_source(name), share) for name, share in self.weights.items()],
            size=self.size,
            batch=self.batch,
            steps=self.schedule.steps_per_epoch,
            jitter=self.jitter,
            seed=self.seed,
        )
        points = targets[..., :2]
        distances = np.linalg.norm(mean - points, axis=-1).mean(axis=-1)
        mean_face_nme = float(np.mean(distances / scheme.nme_distance(points)))
        network = landmark_network(self.size, len(scheme), mean)
        beginning = Beginning.at(workspace.models, self.begins_with, "research")
        if beginning is not None:
            beginning.give(network, crops.astype(np.uint8))
        fit(
            network,
            loss=landmark_loss,
            train=batches,
            validation=(crops, targets),
            schedule=self.schedule,
            out=workspace.fit,
            metrics=[NormalisedError(*scheme.normaliser)],
            callbacks=[LearnsMoreThanTheMean("val_nme", mean_face_nme)],
            record={
                "recipe": self.name,
                "faces": len(faces),
                "mean_face_nme": mean_face_nme,
                "begins_with": begun_with(beginning),
            },
        )

    def export(self, data: Path, workspace: Workspace) -> None:  # noqa: ARG002 - reads what train left
        """Exports with deviations calibrated on the validation faces."""
        trained = keras.saving.load_model(
            workspace.require(workspace.fit / "last.keras", "train"), compile=False
        )
        crops, targets = plain_arrays(_validation(load_prepared(workspace.prepared)), self.size)
        prediction = np.asarray(trained.predict(crops, verbose=0), np.float64)
        scale = std_scale(
            prediction[..., :2] - targets[..., :2], np.exp(prediction[..., 2]), targets[..., 2] > 0
        )
        exported = export_onnx(
            serving_network(trained, scale),
            workspace.onnx,
            crops.astype(np.uint8),
            input_name="crops",
            output_names=list(OUTPUTS),
        )
        save_parity(exported, workspace.export)

    def quantise(self, data: Path, workspace: Workspace) -> None:  # noqa: ARG002 - reads what prepare left
        """Ranges are those of training faces in their own boxes."""
        faces = load_prepared(workspace.prepared).of_split("train").of_source("w300")
        crops, _ = plain_arrays(faces.take(np.arange(_CALIBRATION_FACES)), self.size)
        make_int8(workspace, crops.astype(np.uint8), points_difference, most=MOST_BY_INT8)

    def evaluate(self, data: Path, workspace: Workspace) -> None:
        mean = load_prepared(workspace.prepared).of_split("train").mean_points_in_crop()
        turned = [sample for sample in load(POSE_SET, data) if sample.split == "test"]
        files = {"": workspace.require(workspace.onnx, "export"), INT8_SUFFIX: workspace.int8}
        for suffix, model in files.items():
            if not model.is_file():
                continue
            for name, title in TEST_SETS.items():
                samples = [sample for sample in load(name, data) if sample.split == "test"]
                evaluation = evaluate_landmarks(
                    model, samples, test_set=title, mean_points=mean.astype(np.float64)
                )
                folder = workspace.evaluation(name + suffix)
                write_report(evaluation, folder, title=f"{self.name}{suffix}, {title}")
            pose = evaluate_pose(model, turned, test_set="Pointing'04 persons 11-12")
            write_metrics(pose, workspace.evaluation(POSE_SET + suffix))

    def card(self, data: Path, workspace: Workspace) -> None:
        use = recipe_use(
            workspace, seed=self.seed, batch=self.batch, code="training/recipes/landmarks_68.py"
        )
        publish(facts(use, data), workspace, (*TEST_SETS, POSE_SET))


def _validation(prepared: PreparedFaces) -> PreparedFaces:
    """The held-out faces of 300-W: YouTube labels are too coarse to choose or calibrate by."""
    return prepared.of_split("validation").of_source("w300")
