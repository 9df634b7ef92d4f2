"""A recipe of the zoo whose network answers a rotation vector."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import keras
import numpy as np
from numpy.typing import NDArray

from training.export import export_onnx
from training.faces.crops import LabelledCrops
from training.faces.prepared import load_source, prepare_source
from training.fit import Schedule, fit
from training.networks.rotation_forms import RotationFromVector
from training.networks.vector_nets import SIZE, rotation_network
from training.publication import save_parity
from training.workspace import Workspace
from training.zoo.card import ZooCard, publish_zoo
from training.zoo.losses import Geodesic
from training.zoo.rotation_evaluation import judge_rotations
from training.zoo.runs import (
    CROPS_FILE,
    NO_BEGINNING,
    PARITY_CROPS,
    Learnt,
    begun,
    draw_history,
    say_no_int8,
)
from training.zoo.sources import present
from training.zoo.vector_batches import VectorBatches, plain_vectors, posed_rows

_PREPARED_SIZE = 2 * SIZE
_MOST_VALIDATION = 200  # faces of one set


@dataclass(frozen=True, slots=True)
class VectorZooRecipe:
    """Everything that decides the weights, besides the data itself.

    network: made with or without ImageNet's weights, which `imagenet` asks for. shares: of the
    faces, by set; those that are there count (training.zoo.sources). tests: the sets it is judged
    on, likewise.
    """

    name: str
    network: Callable[[bool], keras.Model]
    schedule: Schedule
    shares: Mapping[str, float]
    tests: tuple[str, ...]
    about: ZooCard
    imagenet: bool = False
    begins_with: str = ""
    whole: Schedule | None = None  # where `schedule` was changed: the original one
    batch: int = 32
    seed: int = 1

    def changed(self, *, schedule: Schedule, begins_with: str) -> Self:
        if begins_with:
            raise ValueError(NO_BEGINNING)
        return replace(self, schedule=schedule, whole=self.whole or self.schedule)

    def prepare(self, data: Path, workspace: Workspace) -> None:
        for name in present(self.shares, data):
            folder = workspace.prepared / name
            prepare_source(
                name,
                data,
                folder,
                size=_PREPARED_SIZE,
                fit_heads=False,
                limit=workspace.limit,
            )

    def train(self, data: Path, workspace: Workspace) -> None:
        """Trains on the training splits, watched on the validation splits."""
        keras.utils.set_random_seed(self.seed)
        sets = self._sets(data, workspace)
        training = {name: faces.of_split("train") for name, faces in sets.items()}
        batches = VectorBatches(
            [(faces, self.shares[name]) for name, faces in training.items()],
            size=SIZE,
            batch=self.batch,
            steps=self.schedule.steps_per_epoch,
            seed=self.seed,
        )
        network, had_imagenet = begun(self.network, self.imagenet, workspace.fit)
        first = next(iter(sets.values()))
        some, _ = plain_vectors(first.take(posed_rows(first)[:PARITY_CROPS]), SIZE)
        counts = {name: len(posed_rows(faces)) for name, faces in training.items()}
        fit(
            network,
            loss="mse",
            train=batches,
            validation=_validation(list(sets.values())),
            schedule=self.schedule,
            out=workspace.fit,
            metrics=[Geodesic(RotationFromVector())],
            record=Learnt(counts, had_imagenet).record(self.name),
        )
        np.save(workspace.fit / CROPS_FILE, some)
        draw_history(workspace)

    def export(self, data: Path, workspace: Workspace) -> None:  # noqa: ARG002 - reads what train left
        last = workspace.require(workspace.fit / "last.keras", "train")
        exported = export_onnx(
            rotation_network(keras.saving.load_model(last, compile=False)),
            workspace.onnx,
            np.load(workspace.require(workspace.fit / CROPS_FILE, "train")),
            input_name="crops",
            output_names=["rotation"],
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
            scheme=None,
            tests=self.tests,
            seed=self.seed,
            batch=self.batch,
            whole=self.whole or self.schedule,
            imagenet=self.imagenet,
        )

    def _sets(self, data: Path, workspace: Workspace) -> dict[str, LabelledCrops]:
        return {
            name: load_source(name, data, workspace.prepared / name)
            for name in present(self.shares, data)
        }


def _validation(
    sets: Sequence[LabelledCrops],
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Some validation faces of each set, as the service would cut them: crops and rotation
    vectors.
    """
    parts = [faces.of_split("validation").take(slice(_MOST_VALIDATION)) for faces in sets]
    crops, vectors = zip(*(plain_vectors(faces, SIZE) for faces in parts), strict=True)
    return np.concatenate(crops), np.concatenate(vectors)
