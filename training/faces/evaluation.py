"""Judges an exported model of faces on every test set; its rows go on the model card.

The ONNX file is run on the same crops as in the service. Models that answer points alone are judged
on their points, and on the rotation that PnP makes of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.card import Metric, load_card
from app.face.geometry import CROP_SCALE, Box
from training.datasets import load
from training.detection.predictor import DetectorPredictor
from training.faces.five_points import FivePointEvaluation, evaluate_five_points
from training.faces.pointing import TEST_SET as POINTING
from training.faces.pointing import PointingEvaluation, evaluate_pointing
from training.faces.predictor import FacePredictor
from training.faces.presence import PresenceEvaluation, evaluate_presence
from training.faces.render_evaluation import RenderEvaluation, evaluate_renders
from training.faces.rendered import FOLDER as RENDERS
from training.faces.stability import StabilityEvaluation, evaluate_stability
from training.landmarks.evaluation import LandmarkEvaluation, evaluate_landmarks
from training.landmarks.measure import mean_face
from training.landmarks.pose_evaluation import evaluate_pose
from training.landmarks.protocols import PROTOCOLS, Protocol, found_box
from training.samples import ImageSample, Split

DETECTOR = "detector"
"""The published detector in whose boxes models are judged."""
PHOTOGRAPHS = {"w300": "300-W LFPW test", "dlib_examples": "dlib example faces"}
POINT_SETS = (*PHOTOGRAPHS, "pointing04-pnp", "mtfl80")
FACE_SETS = (*POINT_SETS, "pointing04", RENDERS, "negatives", "turning-head")


@dataclass(frozen=True, slots=True)
class Finder:
    """Our detector as its card says that it is served."""

    detector: DetectorPredictor
    score: float

    @classmethod
    def open(cls, folder: Path) -> "Finder":
        """ValueError when the folder holds another kind of model."""
        card = load_card(folder)
        if card.input.long_side is None:
            raise ValueError(f"{folder} is a {card.task} model, not a detector")
        detector = DetectorPredictor.open(
            folder, long_side=card.input.long_side, nms_iou=card.thresholds["nms_iou"]
        )
        return cls(detector, card.thresholds["score"])

    def __call__(self, image: NDArray[np.uint8]) -> list[Box]:
        return [Box(*edges) for edges in self.detector.detect(image, self.score).boxes.tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class PointEvaluation:
    """photographs: by set; by_pnp: rows about the rotation that PnP makes of the points."""

    photographs: Mapping[str, LandmarkEvaluation]
    by_pnp: list[Metric]
    five: FivePointEvaluation

    @property
    def rows(self) -> dict[str, list[Metric]]:
        """By the names of POINT_SETS."""
        sets = {name: evaluation.rows for name, evaluation in self.photographs.items()}
        return sets | {"pointing04-pnp": self.by_pnp, "mtfl80": self.five.rows}


@dataclass(frozen=True, slots=True, eq=False)
class FaceEvaluation:
    points: PointEvaluation
    pointing: PointingEvaluation
    renders: RenderEvaluation
    presence: PresenceEvaluation
    stability: StabilityEvaluation

    @property
    def rows(self) -> dict[str, list[Metric]]:
        """By the names of FACE_SETS."""
        return self.points.rows | {
            "pointing04": self.pointing.rows,
            RENDERS: self.renders.rows,
            "negatives": self.presence.rows,
            "turning-head": self.stability.rows,
        }


def evaluate_face(model: Path, data: Path, *, finder: Finder | None = None) -> FaceEvaluation:
    """A model folder or a bare ONNX file of the task "face" on all sets below `data`.

    finder: whose boxes are judged beside the labelled ones. FileNotFoundError names a set that is
    not there.
    """
    predictor = FacePredictor.open(model)
    return FaceEvaluation(
        points=evaluate_points(model, data, finder=finder),
        pointing=evaluate_pointing(predictor, _samples("pointing04", data, "test")),
        renders=evaluate_renders(predictor, data / RENDERS, mean_points=_mean_points(data)),
        presence=evaluate_presence(
            predictor,
            _samples("negatives", data, "test"),
            _samples("w300", data, "test"),
            detector=None if finder is None else finder.detector,
        ),
        stability=evaluate_stability(predictor, data / "facekit"),
    )


def evaluate_points(model: Path, data: Path, *, finder: Finder | None = None) -> PointEvaluation:
    """The part of it that a model of 68 points alone can answer."""
    protocols: Sequence[Protocol] = PROTOCOLS if finder is None else (*PROTOCOLS, found_box(finder))
    mean_points = _mean_points(data)
    return PointEvaluation(
        photographs={
            name: evaluate_landmarks(
                model,
                _samples(name, data, "test"),
                test_set=title,
                mean_points=mean_points,
                protocols=protocols,
            )
            for name, title in PHOTOGRAPHS.items()
        },
        by_pnp=evaluate_pose(model, _samples("pointing04", data, "test"), test_set=POINTING),
        five=evaluate_five_points(
            model, _samples("mtfl80", data, "validation"), _samples("w300", data, "train")
        ),
    )


def _mean_points(data: Path) -> NDArray[np.float64]:
    return mean_face(_samples("w300", data, "train"), CROP_SCALE)


def _samples(name: str, data: Path, split: Split) -> list[ImageSample]:
    return [sample for sample in load(name, data) if sample.split == split]
