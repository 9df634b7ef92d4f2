"""detector: a tiny anchor-free network, trained on photographs, mosaics and pasted faces."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np
from tqdm import tqdm

from training.beginning import Beginning, begun_with
from training.datasets import SOURCES, load
from training.detection.difference import MOST_BY_INT8, cell_difference
from training.detection.evaluation import choose_score, evaluate_detector
from training.detection.images import LabelledImage, load_images
from training.detection.losses import detection_loss
from training.detection.mining import HardNegatives
from training.detection.order import in_order_of
from training.detection.painted import PAINTED, painted_images
from training.detection.pipeline import DetectionBatches, scene_batch
from training.detection.predictor import LONG_SIDE, NMS_IOU
from training.detection.report import read_thresholds, write_report
from training.detection.scenes import SceneMaker, SceneRules
from training.export import export_onnx
from training.fit import Schedule, fit
from training.networks.detector import detector_network, served_network
from training.precision_files import INT8_SUFFIX, make_int8
from training.publication import publish, recipe_use, save_parity
from training.recipes.detector_card import OUTPUTS, data_of, facts
from training.samples import Split
from training.workspace import Workspace

_TEST_SETS = "test-sets"

_RENDERS = "renders"
_COMPOSITED = "renders-before-photographs"

_RULES = SceneRules(
    shares=(
        ("wider_sub", 0.40),
        ("w300", 0.08),
        ("pointing04", 0.09),
        ("negatives", 0.18),
        ("ytf68", 0.02),
        ("mtfl80", 0.02),
        (_RENDERS, 0.12),
        (_COMPOSITED, 0.09),
    ),
    pasted=("mtfl80", "w300", "ytf68", _RENDERS),
)
_FREE_RULES = SceneRules(
    shares=((_RENDERS, 0.45), ("pointing04", 0.25), (PAINTED, 0.3)),
    pasted=(_RENDERS, "pointing04"),
    paste=0.5,
    natural=(PAINTED,),
)
# Faces that fill the served input (long side 384) do not fit into the usual scene.
_LARGE: dict[str, Any] = {"size": 384, "sizes": (24.0, 370.0), "mosaic": 0.2}
_SCHEDULE = Schedule(epochs=110, steps_per_epoch=250, learning_rate=2e-3, weight_decay=5e-4)


_CALIBRATION_SCENES = 64  # of int8
_STATISTICS = 64  # scenes that show a reopened network what its normalisations see
_PAINTED_SEEDS: Mapping[Split, int] = {"train": 1, "validation": 2}


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """Everything that decides the weights, besides the data itself.

    most: pictures of each set that are used. painted: how many of PAINTED are made, where scenes
    use them. mine_every: epochs between two searches for hard negatives. begins_with: the published
    model whose weights the training begins with, "" for random ones.
    """

    name: str = "detector"
    batch: int = 32
    seed: int = 2
    rules: SceneRules = _RULES
    schedule: Schedule = _SCHEDULE
    validation_scenes: int = 256
    most: int = 6000
    painted: int = 3000
    mine_every: int = 4
    begins_with: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.rules.shares if name != PAINTED)

    @property
    def edition(self) -> str:
        """ "free" where all of the sources are, else "research"."""
        free = all(SOURCES[name].edition == "free" for name in self.sources)
        return "free" if free else "research"

    def painted_images(self, split: Split) -> int:
        """How many rooms are painted for a split."""
        if PAINTED not in dict(self.rules.shares):
            return 0
        return self.painted if split == "train" else self.painted // 10

    def changed(self, *, schedule: Schedule, begins_with: str) -> Self:
        return replace(self, schedule=schedule, begins_with=begins_with)

    def images(self, data: Path, split: Split) -> list[LabelledImage]:
        """The pictures of one split in memory (3 GB for training)."""
        samples = []
        for name in self.sources:
            samples += [sample for sample in load(name, data) if sample.split == split][: self.most]
        images = load_images(samples)
        if count := self.painted_images(split):
            images += tqdm(painted_images(count, _PAINTED_SEEDS[split]), desc=PAINTED, total=count)
        return images

    def prepare(self, data: Path, workspace: Workspace) -> None:
        """Only looks whether all sets are there: scenes are composed from the photographs.

        ValueError when it is to be limited.
        """
        if workspace.limit is not None:
            raise ValueError("nothing is cut for a detector: use --epochs and --steps-per-epoch")
        for name in self.sources:
            load(name, data)

    def train(self, data: Path, workspace: Workspace) -> None:
        """Trains on the training split of the sets, judged on scenes of the validation split."""
        keras.utils.set_random_seed(self.seed)
        images = self.images(data, "train")
        held_out = SceneMaker(self.images(data, "validation"), self.rules)
        validation = scene_batch(held_out, np.random.default_rng(0), self.validation_scenes)
        maker, large = (
            SceneMaker(images, self.rules),
            SceneMaker(images, replace(self.rules, **_LARGE)),
        )
        train = DetectionBatches(
            maker,
            large=large,
            batch=self.batch,
            steps=self.schedule.steps_per_epoch,
            seed=self.seed,
        )
        network = detector_network()
        beginning = Beginning.at(workspace.models, self.begins_with, self.edition)
        if beginning is not None:
            beginning.give(network, validation[0][:_STATISTICS])
        fit(
            network,
            loss=detection_loss,
            train=train,
            validation=validation,
            schedule=self.schedule,
            out=workspace.fit,
            callbacks=[HardNegatives((maker, large), self.mine_every)],
            record={
                "recipe": self.name,
                "images": len(images),
                "begins_with": begun_with(beginning),
            },
        )

    def export(self, data: Path, workspace: Workspace) -> None:
        """Exports the network with its decoding; parity is checked on scenes of the validation
        split.
        """
        trained = keras.saving.load_model(
            workspace.require(workspace.fit / "last.keras", "train"), compile=False
        )
        held_out = SceneMaker(self.images(data, "validation"), self.rules)
        scenes, _ = scene_batch(held_out, np.random.default_rng(1), 16)
        side = float(self.rules.size)
        exported = export_onnx(
            served_network(trained),
            workspace.onnx,
            scenes,
            input_name="images",
            output_names=list(OUTPUTS),
            output_axes=("batch", "cells"),
            scales={"boxes": side, "points": side},
            arrange=in_order_of,
        )
        save_parity(exported, workspace.export)

    def quantise(self, data: Path, workspace: Workspace) -> None:
        """Ranges are those of training scenes, as wide and high as a photograph is served."""
        large = SceneMaker(self.images(data, "train"), replace(self.rules, **_LARGE))
        scenes, _ = scene_batch(large, np.random.default_rng(1), _CALIBRATION_SCENES)
        # The first convolution has three channels in, which eight bits make slower.
        scenes = scenes[:, : LONG_SIDE * 3 // 4]
        make_int8(workspace, scenes, cell_difference, most=MOST_BY_INT8, keep_first=True)

    def evaluate(self, data: Path, workspace: Workspace) -> None:
        """Chooses the threshold on validation negatives, then judges the files on the test sets."""
        model = workspace.require(workspace.onnx, "export")
        score = choose_score(model, data)
        files = {"": model, INT8_SUFFIX: workspace.int8}
        for suffix, file in files.items():
            if file.is_file():
                evaluation = evaluate_detector(file, data, score)
                folder = workspace.evaluation(_TEST_SETS + suffix)
                write_report(evaluation, folder, nms_iou=NMS_IOU)

    def card(self, data: Path, workspace: Workspace) -> None:
        report = workspace.require(workspace.evaluation(_TEST_SETS), "evaluate")
        use = recipe_use(
            workspace, seed=self.seed, batch=self.batch, code="training/recipes/detector.py"
        )
        painted = {split: self.painted_images(split) for split in _PAINTED_SEEDS}
        painted = {split: count for split, count in painted.items() if count}
        rows = data_of(self.sources, data, self.most, painted)
        publish(facts(use, self.edition, rows, read_thresholds(report)), workspace, (_TEST_SETS,))


DETECTOR_FREE = DetectorRecipe(
    name="detector-free",
    rules=_FREE_RULES,
    most=12000,
    schedule=replace(_SCHEDULE, epochs=24),
    seed=3,
)
