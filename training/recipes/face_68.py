"""face-68 and face-68-research: points, head pose, eye openness and presence from one crop.

One network, two editions: the free one learns from our renders and Pointing'04 alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Self

import keras
import numpy as np
from numpy.typing import NDArray

from app.face.landmarks import scheme
from training.beginning import Beginning, begun_with
from training.crop_jitter import CropJitter
from training.datasets import load
from training.faces.calibration import calibration_sets
from training.faces.crops import LabelledCrops
from training.faces.difference import MOST_BY_INT8, face_difference
from training.faces.evaluation import FACE_SETS
from training.faces.exporting import export_face
from training.faces.losses import FaceLoss
from training.faces.monitors import PointError, PoseError, PresenceError
from training.faces.negatives import FacelessPlaces
from training.faces.pipeline import JITTER, FaceBatches, faceless_arrays, plain_arrays
from training.faces.prepared import load_source, prepare_source
from training.faces.report import judge
from training.faces.targets import TARGET
from training.fit import LearnsMoreThanTheMean, Schedule, fit
from training.networks.face import face_network, serving_network
from training.precision_files import make_int8
from training.publication import publish, recipe_use
from training.recipes.face_68_card import facts
from training.workspace import Workspace

# Shares of the faces. Photographs teach what faces look like and where people click, renders and
# profiled photographs what a turned head is; Pointing'04's angles are rough, but real people's.
RESEARCH = {
    "w300": 0.52,
    "renders": 0.20,
    "profiled": 0.10,
    "pointing04": 0.10,
    "renders-before-photographs": 0.05,
    "ytf68": 0.02,
    "mtfl80": 0.01,
}
FREE = {"renders": 0.85, "pointing04": 0.15}
_MOST_VALIDATION = 400  # faces of one set
_EVERY_PICTURE = {"pointing04": 4}  # one room: a part of the pictures shows all of it
_CALIBRATION_BATCHES = 4  # of int8
_RENDERS = 2000  # whose surroundings are shown as places without faces


@dataclass(frozen=True, slots=True)
class Face68:
    """Everything that decides the weights, besides the data itself.

    shares: of the faces, by set. faceless: sets whose pictures give crops without a face, of which
    there are faceless_share for each face. judged: sets whose validation parts watch the training.
    jitter: how crops stray and what is done to them; calm_share: of the epochs, the last ones, in
    which less is done. head: how points are found (training.networks.point_heads); points_loss,
    rotation_weight: see FaceLoss. appearance: how much of what a head looks like counts in the
    served rotation (training.networks.sometimes), chosen on validation faces. begins_with: the
    published model whose weights the training begins with (of a landmark model: its trunk), "" for
    random ones.
    """

    name: str
    edition: str
    shares: Mapping[str, float]
    faceless: tuple[str, ...]
    judged: tuple[str, ...]
    points_of: str  # the set whose mean face the network starts from
    head: str = "heat"
    points_loss: str = "wing"
    rotation_weight: float = 60.0
    appearance: float = 0.25
    begins_with: str = ""
    faceless_share: float = 0.05
    jitter: CropJitter = JITTER
    calm_share: float = 0.3
    size: int = 128
    batch: int = 64
    seed: int = 1
    schedule: Schedule = field(default_factory=lambda: Schedule(epochs=200, steps_per_epoch=250))

    def changed(self, *, schedule: Schedule, begins_with: str) -> Self:
        return replace(self, schedule=schedule, begins_with=begins_with)

    def prepare(self, data: Path, workspace: Workspace) -> None:
        for name in self.shares:
            prepare_source(name, data, workspace.prepared / name, limit=workspace.limit)

    def train(self, data: Path, workspace: Workspace) -> None:
        """Trains on the training splits, watched on the validation splits of `judged`."""
        beginning = Beginning.at(workspace.models, self.begins_with, self.edition)
        self.fit_on(self.load(data, workspace.prepared), data, workspace.fit, beginning)

    def load(self, data: Path, prepared: Path) -> dict[str, LabelledCrops]:
        """The faces of all sets, by name, those for training first: taking a split copies no
        picture.
        """
        sets = {name: load_source(name, data, prepared / name) for name in self.shares}
        return {name: faces.train_first() for name, faces in sets.items()}

    def fit_on(
        self,
        sets: Mapping[str, LabelledCrops],
        data: Path,
        out: Path,
        beginning: Beginning | None = None,
    ) -> keras.Model:
        """The trained network, left in `out` (see training.fit)."""
        keras.utils.set_random_seed(self.seed)
        crops, targets = self._validation(sets, data)
        faces = {name: sets[name].of_split("train") for name in self.shares}
        mean = faces[self.points_of].mean_points_in_crop()
        mean_face_nme = _mean_face_nme(mean, targets)
        batches = self._batches(faces, data)
        network = face_network(self.size, mean, head=self.head)
        if beginning is not None:
            beginning.give(network, batches[0][0])
        return fit(
            network,
            loss=FaceLoss(self.head, self.points_loss, self.rotation_weight),
            train=batches,
            validation=(crops, targets),
            schedule=self.schedule,
            out=out,
            metrics=[PointError(), PoseError(), PresenceError()],
            callbacks=[LearnsMoreThanTheMean("val_nme", mean_face_nme)],
            record={
                "recipe": self.name,
                "seed": self.seed,
                "head": self.head,
                "points_loss": self.points_loss,
                "rotation_weight": self.rotation_weight,
                "begins_with": begun_with(beginning),
                "shares": dict(self.shares),
                "faces": {name: len(part) for name, part in faces.items()},
                "mean_face_nme": mean_face_nme,
            },
        )

    def export(self, data: Path, workspace: Workspace) -> None:
        """Exports with deviations calibrated on validation faces."""
        trained = keras.saving.load_model(
            workspace.require(workspace.fit / "last.keras", "train"), compile=False
        )
        trained.get_layer("appearance").served = self.appearance
        sets = calibration_sets(data, self.points_of)
        odds = 1 / self.faceless_share
        export_face(partial(serving_network, trained, faces_per_other=odds), workspace, sets)

    def quantise(self, data: Path, workspace: Workspace) -> None:
        """Ranges are those of training crops, strayed as in training."""
        faces = self.load(data, workspace.prepared)
        batches = self._batches({name: faces[name].of_split("train") for name in self.shares}, data)
        crops = np.concatenate([batches[index][0] for index in range(_CALIBRATION_BATCHES)])
        make_int8(workspace, crops, face_difference, most=MOST_BY_INT8)

    def evaluate(self, data: Path, workspace: Workspace) -> None:
        judge(workspace, data)

    def card(self, data: Path, workspace: Workspace) -> None:
        sources = tuple(dict.fromkeys((*self.shares, *self.faceless)))
        use = recipe_use(
            workspace, seed=self.seed, batch=self.batch, code="training/recipes/face_68.py"
        )
        card = facts(use, self.edition, data, sources=sources)
        publish(card, workspace, FACE_SETS)

    def _batches(self, faces: Mapping[str, LabelledCrops], data: Path) -> FaceBatches:
        return FaceBatches(
            [(faces[name], share) for name, share in self.shares.items()],
            faceless=list(self._places(faces, data, "train")),
            faceless_share=self.faceless_share,
            size=self.size,
            batch=self.batch,
            steps=self.schedule.steps_per_epoch,
            seed=self.seed,
            jitter=self.jitter,
            calm_from=round((1 - self.calm_share) * self.schedule.epochs),
        )

    def _validation(
        self, sets: Mapping[str, LabelledCrops], data: Path
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        held = {name: sets[name].of_split("validation") for name in self.judged}
        parts = [
            plain_arrays(some.take(np.arange(len(some))[:_MOST_VALIDATION]), self.size)
            for some in held.values()
        ]
        count = sum(len(crops) for crops, _ in parts) // 4
        for places in self._places(held, data, "validation"):
            parts.append(faceless_arrays(places, count, self.size, self.seed))
        crops, targets = zip(*parts, strict=True)
        return np.concatenate(crops), np.concatenate(targets)

    def _places(
        self, faces: Mapping[str, LabelledCrops], data: Path, split: str
    ) -> Iterator[FacelessPlaces]:
        for name in self.faceless:
            if name == "renders":
                rows = np.arange(min(len(faces[name]), _RENDERS))
                yield FacelessPlaces.of_crops(faces[name].take(rows))
            else:
                every = _EVERY_PICTURE.get(name, 1)
                yield FacelessPlaces.of_samples(load(name, data), split, every)


def _mean_face_nme(mean: NDArray[np.float32], targets: NDArray[np.float32]) -> float:
    """The error of always answering the mean face, over the faces with all points."""
    whole = targets[:, TARGET["point_weights"]].all(axis=1)
    points = targets[whole, TARGET["points"]].reshape(-1, *mean.shape)
    distances = np.linalg.norm(mean - points, axis=-1).mean(axis=-1)
    eyes = np.maximum(scheme("ibug-68").nme_distance(points), 0.1)
    return float(np.mean(distances / eyes))


FACE_68 = Face68(
    "face-68",
    "free",
    FREE,
    faceless=("pointing04", "renders"),
    judged=("renders", "pointing04"),
    points_of="renders",
    # Else it would learn our painter's shading and skin, which no photograph has.
    jitter=replace(JITTER, restyled=0.35),
)
FACE_68_RESEARCH = Face68(
    "face-68-research",
    "research",
    RESEARCH,
    faceless=("negatives", "wider_sub", "pointing04"),
    judged=("w300", "pointing04"),
    points_of="w300",
    begins_with="landmarks-68",
)
