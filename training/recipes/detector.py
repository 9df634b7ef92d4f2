"""detector: a tiny anchor-free network, trained on photographs, mosaics and pasted faces."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import keras
import numpy as np

from training.datasets import load
from training.detection.evaluation import choose_score, evaluate_detector
from training.detection.images import LabelledImage, load_images
from training.detection.losses import detection_loss
from training.detection.pipeline import DetectionBatches, scene_batch
from training.detection.predictor import NMS_IOU
from training.detection.report import read_thresholds, write_report
from training.detection.scenes import SceneMaker, SceneRules
from training.export import export_onnx
from training.fit import Schedule, fit
from training.networks.detector import detector_network, served_network
from training.publication import publish, save_parity
from training.recipes.detector_card import OUTPUTS, facts
from training.samples import Split
from training.workspace import Workspace

_TEST_SETS = "test-sets"

_RULES = SceneRules(
    shares=(
        ("wider_sub", 0.46),
        ("w300", 0.17),
        ("pointing04", 0.10),
        ("negatives", 0.16),
        ("ytf68", 0.05),
        ("mtfl80", 0.06),
    ),
    pasted=("mtfl80", "w300", "ytf68"),
)
_SCHEDULE = Schedule(epochs=34, steps_per_epoch=250, learning_rate=2e-3, weight_decay=5e-4)


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """Everything that decides the weights, besides the data itself."""

    name: str = "detector"
    batch: int = 32
    seed: int = 2
    rules: SceneRules = _RULES
    schedule: Schedule = _SCHEDULE
    validation_scenes: int = 256

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.rules.shares)

    def shortened(self, epochs: int | None, steps_per_epoch: int | None) -> Self:
        return replace(self, schedule=self.schedule.shortened(epochs, steps_per_epoch))

    def images(self, data: Path, split: Split) -> list[LabelledImage]:
        """All photographs of one split in memory (2 GB for training)."""
        samples = [sample for name in self.sources for sample in load(name, data)]
        return load_images([sample for sample in samples if sample.split == split])

    def prepare(self, data: Path, workspace: Workspace) -> None:  # noqa: ARG002 - nothing to leave
        """Only looks whether all sets are there: scenes are composed from the photographs."""
        for name in self.sources:
            load(name, data)

    def train(self, data: Path, workspace: Workspace) -> None:
        """Trains on the training split of the sets, judged on scenes of the validation split."""
        keras.utils.set_random_seed(self.seed)
        images = self.images(data, "train")
        held_out = SceneMaker(self.images(data, "validation"), self.rules)
        validation = scene_batch(held_out, np.random.default_rng(0), self.validation_scenes)
        train = DetectionBatches(
            SceneMaker(images, self.rules),
            batch=self.batch,
            steps=self.schedule.steps_per_epoch,
            seed=self.seed,
        )
        fit(
            detector_network(),
            loss=detection_loss,
            train=train,
            validation=validation,
            schedule=self.schedule,
            out=workspace.fit,
            record={"recipe": self.name, "images": len(images)},
        )

    def export(self, data: Path, workspace: Workspace) -> None:
        """Exports the network with its decoding; parity is checked on scenes of the validation
        split.
        """
        trained = keras.saving.load_model(
            workspace.require(workspace.fit / "last.keras", "train"), compile=False
        )
        samples = [sample for sample in load("wider_sub", data) if sample.split == "validation"]
        rules = replace(self.rules, shares=(("wider_sub", 1.0),), pasted=())
        maker = SceneMaker(load_images(samples), rules)
        scenes, _ = scene_batch(maker, np.random.default_rng(1), 16)
        side = float(self.rules.size)
        exported = export_onnx(
            served_network(trained),
            workspace.onnx,
            scenes,
            input_name="images",
            output_names=list(OUTPUTS),
            output_axes=("batch", "cells"),
            scales={"boxes": side, "points": side},
        )
        save_parity(exported, workspace.export)

    def evaluate(self, data: Path, workspace: Workspace) -> None:
        """Chooses the threshold on validation negatives, then judges the file on the test sets."""
        model = workspace.require(workspace.onnx, "export")
        score = choose_score(model, data)
        evaluation = evaluate_detector(model, data, score)
        write_report(evaluation, workspace.evaluation(_TEST_SETS), nms_iou=NMS_IOU)

    def card(self, data: Path, workspace: Workspace) -> None:
        report = workspace.require(workspace.evaluation(_TEST_SETS), "evaluate")
        thresholds = read_thresholds(report)
        card = facts(self.name, self.seed, self.schedule, self.batch, data, thresholds)
        publish(card, workspace, (_TEST_SETS,))
