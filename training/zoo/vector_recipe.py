"""A recipe of the zoo whose network answers a rotation vector."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from training.export import export_onnx
from training.faces.crops import LabelledCrops
from training.faces.prepared import load_source, prepare_source
from training.fit import fit
from training.networks.rotation_forms import RotationFromVector
from training.networks.vector_nets import SIZE, rotation_network
from training.publication import save_parity
from training.workspace import Workspace
from training.zoo.losses import Geodesic
from training.zoo.recipe import ZooRecipe
from training.zoo.rotation_evaluation import judge_rotations
from training.zoo.runs import (
    CROPS_FILE,
    PARITY_CROPS,
    Learnt,
    begun,
    draw_history,
)
from training.zoo.sources import held_out_subjects, present, require_prepared
from training.zoo.vector_batches import VectorBatches, plain_vectors, posed_rows

_PREPARED_SIZE = 2 * SIZE
_MOST_VALIDATION = 200  # faces of one set


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorZooRecipe(ZooRecipe):
    """Everything that decides the weights, besides the data itself.

    network: made with or without ImageNet's weights. shares: of the faces, by set; those that are
    there count (training.zoo.sources).
    """

    network: Callable[[bool], keras.Model]
    shares: Mapping[str, float]

    def prepare(self, data: Path, workspace: Workspace) -> None:
        names = present(self.shares, data)
        apart = held_out_subjects(self.tests, data)
        for name in names:
            prepare_source(
                name,
                data,
                workspace.prepared / name,
                size=_PREPARED_SIZE,
                fit_heads=False,
                limit=workspace.limit,
                apart=apart,
            )
        require_prepared(names, workspace.prepared)

    def train(self, data: Path, workspace: Workspace) -> None:
        """Trains on the training splits, watched on the validation splits."""
        keras.utils.set_random_seed(self.seed)
        sets = self._sets(data, workspace)
        rows = {name: posed_rows(faces, "train") for name, faces in sets.items()}
        batches = VectorBatches(
            [(faces, rows[name], self.shares[name]) for name, faces in sets.items()],
            size=SIZE,
            batch=self.batch,
            steps=self.schedule.steps_per_epoch,
            seed=self.seed,
        )
        network, had_imagenet = begun(self.network, self.imagenet, workspace.fit)
        learnt = Learnt(
            {name: len(chosen) for name, chosen in rows.items()},
            {name: len(posed_rows(faces, "validation")) for name, faces in sets.items()},
            had_imagenet,
        )
        first = next(iter(sets))
        some, _ = plain_vectors(sets[first], np.resize(rows[first], PARITY_CROPS), SIZE)
        fit(
            network,
            loss="mse",
            train=batches,
            validation=_validation(list(sets.values())),
            schedule=self.schedule,
            out=workspace.fit,
            metrics=[Geodesic(RotationFromVector())],
            record=learnt.record(self.name),
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

    def evaluate(self, data: Path, workspace: Workspace) -> None:
        judge_rotations(workspace, data, self.tests)

    def card(self, data: Path, workspace: Workspace) -> None:
        self.published(data, workspace, scheme=None)

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
    parts = [(faces, posed_rows(faces, "validation")[:_MOST_VALIDATION]) for faces in sets]
    crops, vectors = zip(*(plain_vectors(*part, SIZE) for part in parts), strict=True)
    return np.concatenate(crops), np.concatenate(vectors)
