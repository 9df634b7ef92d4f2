"""A recipe of the zoo that reads the head's angles off 68 points."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from app.face.geometry import face_crop
from training.beginning import Beginning
from training.datasets import load
from training.export import export_onnx
from training.fit import fit
from training.images import read_rgb
from training.landmarks.protocols import labelled_box
from training.networks.distances_mlp import POINTS, distances_mlp, posing_network
from training.networks.landmarks import landmark_network
from training.networks.rotation_forms import RotationFromAngles
from training.prepared_folder import require_splits
from training.publication import save_parity
from training.samples import some_of, to_learn_from
from training.workspace import Workspace
from training.zoo.labelled_points import judge_labelled_points
from training.zoo.losses import Geodesic
from training.zoo.posed_points import SCHEME, AngleBatches, PosedPoints, head_fit, prepare_posed
from training.zoo.recipe import ZooRecipe
from training.zoo.rotation_evaluation import judge_rotations
from training.zoo.runs import Learnt, draw_history
from training.zoo.sources import WITHOUT_PICTURES, held_out_subjects, present

_PICTURES = 48  # that the landmark network is reopened and the export checked with


@dataclass(frozen=True, slots=True, kw_only=True)
class DistancesZooRecipe(ZooRecipe):
    """Everything that decides the weights, besides the data itself.

    repaired: see training.networks.distances_mlp. points_from: the published landmark model whose
    points it reads when it is served. sources: the sets that it learns from, as far as they are
    there; all faces count alike.
    """

    repaired: bool
    points_from: str
    sources: tuple[str, ...]

    def prepare(self, data: Path, workspace: Workspace) -> None:
        names = present(self.sources, data)
        apart = held_out_subjects(self.tests, data)
        sets = (to_learn_from(load(name, data), apart) for name in names)
        samples = [sample for some in sets for sample in some_of(some, workspace.limit)]
        prepare_posed(samples, head_fit(data / "facekit"), workspace.prepared, workspace.limit)
        require_splits([workspace.prepared])

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
            record=Learnt(_by_set(training), _by_set(held_out)).record(self.name),
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

    def evaluate(self, data: Path, workspace: Workspace) -> None:
        names = present(self.tests, data)
        judge_rotations(workspace, data, [n for n in names if n not in WITHOUT_PICTURES])
        judge_labelled_points(workspace, data, names)

    def card(self, data: Path, workspace: Workspace) -> None:
        self.published(data, workspace, SCHEME, reads=self._landmark_model(workspace))

    def _landmark_model(self, workspace: Workspace) -> Beginning:
        """CardError when it is not there, ValueError when it is another kind of model."""
        model = Beginning.at(workspace.models, self.points_from, "research")
        if model is None or model.card.task != "landmarks" or model.card.scheme != SCHEME:
            raise ValueError(f"{self.points_from!r} is no landmark model of {SCHEME}")
        return model


def _by_set(faces: PosedPoints) -> dict[str, int]:
    return dict(Counter(faces.source.tolist()))


def _pictures(names: Sequence[str], data: Path, size: int) -> NDArray[np.uint8]:
    """(n, size, size, 3): crops of training faces of the first of the sets that has pictures."""
    names = [name for name in names if name not in WITHOUT_PICTURES]
    if not names:  # any pictures will do: the landmark model's answers are those of its file
        shape = (_PICTURES, size, size, 3)
        return np.random.default_rng(0).integers(0, 256, shape, np.uint8)
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
