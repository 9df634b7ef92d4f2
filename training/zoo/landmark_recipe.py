"""A recipe of the zoo whose network answers points."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import keras
import numpy as np
from numpy.typing import NDArray

from training.export import export_onnx
from training.fit import fit
from training.landmarks.evaluation import evaluate_landmarks
from training.landmarks.pipeline import plain
from training.landmarks.report import write_report
from training.networks.unit_points import begin_at
from training.prepared_faces import PreparedFaces
from training.publication import save_parity
from training.workspace import Workspace
from training.zoo.losses import Loss, PointDistance
from training.zoo.point_batches import SWITCHED_OFF, Augmentation, PointBatches
from training.zoo.recipe import ZooRecipe
from training.zoo.runs import (
    CROPS_FILE,
    NO_AUGMENTATION,
    PARITY_CROPS,
    Learnt,
    begun,
    draw_history,
)
from training.zoo.sources import (
    held_out_subjects,
    judged_samples,
    load_points,
    prepare_points,
    present,
    require_prepared,
)

_MOST_VALIDATION = 200  # faces of one set
_MEAN_FILE = "mean_points.npy"


@dataclass(frozen=True, slots=True, kw_only=True)
class LandmarkZooRecipe(ZooRecipe):
    """Everything that decides the weights, besides the data itself.

    network: made with or without ImageNet's weights. shares: of the faces, by set; those that are
    there count (training.zoo.sources). begins_at_mean: the read-out begins with the mean face
    instead of zeros. options: of the command line that changed the recipe, besides the schedule's.
    """

    scheme: str
    size: int
    network: Callable[[bool], keras.Model]
    loss: Loss
    shares: Mapping[str, float]
    augmentation: Augmentation = SWITCHED_OFF
    begins_at_mean: bool = False
    options: tuple[str, ...] = ()

    def without_augmentation(self) -> Self:
        """ValueError for a recipe that has none."""
        if self.augmentation == SWITCHED_OFF:
            raise ValueError(f"{self.name} trains without augmentation as it is")
        return replace(self, augmentation=SWITCHED_OFF, options=(NO_AUGMENTATION,))

    def prepare(self, data: Path, workspace: Workspace) -> None:
        names = present(self.shares, data)
        apart = held_out_subjects(self.tests, data)
        for name in names:
            prepare_points(
                name,
                self.scheme,
                data,
                workspace.prepared / name,
                2 * self.size,
                limit=workspace.limit,
                apart=apart,
            )
        require_prepared(names, workspace.prepared)

    def train(self, data: Path, workspace: Workspace) -> None:
        """Trains on the training splits, watched on the validation splits."""
        keras.utils.set_random_seed(self.seed)
        sets = self._sets(data, workspace)
        rows = {name: np.flatnonzero(faces.split == "train") for name, faces in sets.items()}
        batches = PointBatches(
            [(faces, rows[name], self.shares[name]) for name, faces in sets.items()],
            size=self.size,
            batch=self.batch,
            steps=self.schedule.steps_per_epoch,
            augmentation=self.augmentation,
            seed=self.seed,
        )
        network, had_imagenet = begun(self.network, self.imagenet, workspace.fit)
        learnt = Learnt(
            {name: len(chosen) for name, chosen in rows.items()},
            {name: int((faces.split == "validation").sum()) for name, faces in sets.items()},
            had_imagenet,
            self.options,
        )
        first = next(iter(sets.values()))
        mean = first.mean_points_in_crop("train")
        if self.begins_at_mean:
            begin_at(network, mean)
        some = [plain(first, row % len(first), self.size)[0] for row in range(PARITY_CROPS)]
        fit(
            network,
            loss=self.loss,
            train=batches,
            validation=_validation(list(sets.values()), self.size),
            schedule=self.schedule,
            out=workspace.fit,
            metrics=[PointDistance()],
            record=learnt.record(self.name),
        )
        np.save(workspace.fit / _MEAN_FILE, mean)
        np.save(workspace.fit / CROPS_FILE, np.stack(some))
        draw_history(workspace)

    def export(self, data: Path, workspace: Workspace) -> None:  # noqa: ARG002 - reads what train left
        last = workspace.require(workspace.fit / "last.keras", "train")
        exported = export_onnx(
            keras.saving.load_model(last, compile=False),
            workspace.onnx,
            np.load(workspace.require(workspace.fit / CROPS_FILE, "train")),
            input_name="crops",
            output_names=["points"],
        )
        save_parity(exported, workspace.export)

    def evaluate(self, data: Path, workspace: Workspace) -> None:
        mean = np.load(workspace.require(workspace.fit / _MEAN_FILE, "train")).astype(np.float64)
        model = workspace.require(workspace.onnx, "export")
        for name in present(self.tests, data):
            samples = judged_samples(name, self.scheme, data)
            judged = evaluate_landmarks(model, samples, test_set=name, mean_points=mean)
            folder = workspace.evaluation(name)
            write_report(judged, folder, title=f"{self.name}, {name}")

    def card(self, data: Path, workspace: Workspace) -> None:
        self.published(data, workspace, self.scheme)

    def _sets(self, data: Path, workspace: Workspace) -> dict[str, PreparedFaces]:
        return {
            name: load_points(name, self.scheme, data, workspace.prepared / name)
            for name in present(self.shares, data)
        }


def _validation(
    sets: Sequence[PreparedFaces], size: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Some validation faces of each set, as the service would cut them: crops (n, size, size, 3)
    and targets (n, K, 3).
    """
    made = [
        plain(faces, int(row), size)
        for faces in sets
        for row in np.flatnonzero(faces.split == "validation")[:_MOST_VALIDATION]
    ]
    crops, targets = zip(*made, strict=True)
    return np.stack(crops), np.stack(targets)
