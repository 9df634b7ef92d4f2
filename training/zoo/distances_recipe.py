"""A recipe of the zoo that reads the head's angles off 68 points."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import keras
import numpy as np
from numpy.typing import NDArray

from app.face.geometry import face_crop
from training.beginning import Beginning
from training.datasets import load, points_and_angles
from training.export import export_onnx
from training.fit import Schedule, fit
from training.images import read_rgb
from training.landmarks.protocols import labelled_box
from training.networks.distances_mlp import POINTS, distances_mlp, posing_network
from training.networks.landmarks import landmark_network
from training.networks.rotation_forms import RotationFromAngles
from training.publication import save_parity
from training.samples import some_of
from training.workspace import Workspace
from training.zoo.card import ZooCard, publish_zoo
from training.zoo.losses import Geodesic
from training.zoo.posed_points import SCHEME, AngleBatches, PosedPoints, head_fit, prepare_posed
from training.zoo.rotation_evaluation import judge_rotations
from training.zoo.runs import NO_BEGINNING, Learnt, draw_history, say_no_int8
from training.zoo.sources import present

_PICTURES = 48  # that the landmark network is reopened and the export checked with


@dataclass(frozen=True, slots=True)
class DistancesZooRecipe:
    """Everything that decides the weights, besides the data itself.

    repaired: see training.networks.distances_mlp. points_from: the published landmark model whose
    points it reads when it is served. sources, tests: the sets that it learns from and those that
    it is judged on, as far as they are there; all faces count alike.
    """

    name: str
    repaired: bool
    points_from: str
    schedule: Schedule
    sources: tuple[str, ...]
    tests: tuple[str, ...]
    about: ZooCard
    begins_with: str = ""
    whole: Schedule | None = None  # where `schedule` was changed: the original one
    batch: int = 32
    seed: int = 1

    def changed(self, *, schedule: Schedule, begins_with: str) -> Self:
        if begins_with:
            raise ValueError(NO_BEGINNING)
        return replace(self, schedule=schedule, whole=self.whole or self.schedule)

    def prepare(self, data: Path, workspace: Workspace) -> None:
        names = present(self.sources, data)
        sets = ([s for s in load(name, data) if s.split != "test"] for name in names)
        samples = [sample for some in sets for sample in some_of(some, workspace.limit)]
        prepare_posed(samples, head_fit(data / "facekit"), workspace.prepared)

    def train(self, data: Path, workspace: Workspace) -> None:  # noqa: ARG002 - reads what prepare left
        keras.utils.set_random_seed(self.seed)
        faces = PosedPoints.load(workspace.prepared)
        training, held_out = faces.of_split("train"), faces.of_split("validation")
        fit(
            distances_mlp(training.points, repaired=self.repaired),
            loss="mse",
            train=AngleBatches(
                training, batch=self.batch, steps=self.schedule.steps_per_epoch, seed=self.seed
            ),
            validation=(held_out.points, held_out.angles),
            schedule=self.schedule,
            out=workspace.fit,
            metrics=["mse", Geodesic(RotationFromAngles())],
            record=Learnt(Counter(training.source.tolist()), imagenet=False).record(self.name),
        )
        draw_history(workspace)

    def export(self, data: Path, workspace: Workspace) -> None:
        """Puts the landmark model before it: crops go in, like into every model."""
        last = workspace.require(workspace.fit / "last.keras", "train")
        beginning = self._landmark_model(workspace)
        size = int(beginning.card.input.height or 0)
        landmarks = landmark_network(size, POINTS)
        pictures = _pictures(list(Learnt.of(workspace).faces), data, size)
        beginning.give(landmarks, pictures)
        exported = export_onnx(
            posing_network(landmarks, keras.saving.load_model(last, compile=False)),
            workspace.onnx,
            pictures,
            input_name="crops",
            output_names=["points", "rotation"],
        )
        save_parity(exported, workspace.export)

    def quantise(self, data: Path, workspace: Workspace) -> None:  # noqa: ARG002 - makes nothing
        say_no_int8(self.name)

    def evaluate(self, data: Path, workspace: Workspace) -> None:
        judge_rotations(workspace, data, self.tests)

    def card(self, data: Path, workspace: Workspace) -> None:
        publish_zoo(
            self.about,
            workspace,
            data,
            scheme=SCHEME,
            tests=self.tests,
            seed=self.seed,
            batch=self.batch,
            whole=self.whole or self.schedule,
            reads=self._landmark_model(workspace),
        )

    def _landmark_model(self, workspace: Workspace) -> Beginning:
        """CardError when it is not there, ValueError when it is another kind of model."""
        model = Beginning.at(workspace.models, self.points_from, "research")
        if model is None or model.card.task != "landmarks" or model.card.scheme != SCHEME:
            raise ValueError(f"{self.points_from!r} is no landmark model of {SCHEME}")
        return model


def _pictures(names: Sequence[str], data: Path, size: int) -> NDArray[np.uint8]:
    """(n, size, size, 3): crops of training faces of the first of the sets that has pictures."""
    names = [name for name in names if name != points_and_angles.SOURCE.name]
    if not names:
        raise ValueError("a set with pictures must be among those learnt from: none is")
    faces = [
        (sample, face)
        for sample in load(names[0], data)
        for face in sample.faces
        if sample.split == "train" and face.points_in_image is not None
    ]
    crops = [
        face_crop(read_rgb(sample.path), labelled_box(face), size).pixels
        for sample, face in faces[:_PICTURES]
    ]
    return np.stack(crops)
