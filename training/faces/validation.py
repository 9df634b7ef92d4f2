"""The numbers by which variants of the face network are chosen: of validation faces alone.

Crops are those of the labelled boxes. Renders are those that training leaves out; the sets that
cards are judged on are not touched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.face.landmarks import scheme
from app.face.rotation import geodesic_degrees, to_euler
from training.faces.crops import LabelledCrops
from training.faces.pipeline import plain_arrays
from training.faces.predictor import FaceAnswers, FacePredictor
from training.faces.targets import POINTS, TARGET
from training.landmarks.metrics import nme
from training.statistics import bootstrap_mean

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """A mean over n faces; the interval is of 95 %, over persons where a set tells them apart."""

    value: float
    n: int
    low: float
    high: float

    @classmethod
    def mean(cls, values: Floats, clusters: Sequence[str]) -> "Measured":
        low, high = bootstrap_mean(values, clusters=clusters)
        return cls(float(values.mean()), len(values), low, high)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def as_text(self) -> str:
        digits = 3 if self.value < 1 else 2
        return f"{self.value:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


def judge(predictor: FacePredictor, sets: Mapping[str, LabelledCrops]) -> dict[str, Measured]:
    """Of w300 the NME in %, of pointing04 yaw and pitch, of renders the geodesic error in degrees
    and that of the openness.
    """
    return {
        **_points(predictor, sets["w300"].of_split("validation")),
        **_angles(predictor, sets["pointing04"].of_split("validation")),
        **_renders(predictor, sets["renders"].of_split("validation")),
    }


def _points(predictor: FacePredictor, faces: LabelledCrops) -> dict[str, Measured]:
    answers, targets = _answers(predictor, faces)
    truth = targets[:, TARGET["points"]].reshape(-1, POINTS, 2).astype(np.float64)
    errors = nme(answers.points, truth, scheme("ibug-68").nme_distance(truth))
    return {"w300 nme": Measured.mean(100 * errors, faces.subject.tolist())}


def _angles(predictor: FacePredictor, faces: LabelledCrops) -> dict[str, Measured]:
    """The interval is over pictures: two persons are too few to draw from."""
    answers, _ = _answers(predictor, faces)
    pictures = [str(row) for row in range(len(faces))]
    labelled, found = to_euler(faces.rotation.astype(np.float64)), to_euler(answers.rotation)
    off = [
        np.abs(np.remainder(one - other + 180, 360) - 180)
        for one, other in zip(found, labelled, strict=True)
    ]
    return {
        "pointing04 yaw": Measured.mean(off[0], pictures),
        "pointing04 pitch": Measured.mean(off[1], pictures),
    }


def _renders(predictor: FacePredictor, faces: LabelledCrops) -> dict[str, Measured]:
    answers, _ = _answers(predictor, faces)
    truth = faces.rotation.astype(np.float64)
    off = geodesic_degrees(answers.rotation, truth)
    turned = np.abs(to_euler(truth)[0]) > 60
    opening = np.abs(answers.openness - faces.openness).mean(axis=1)
    persons = faces.subject

    def over(values: Floats, rows: NDArray[np.bool_]) -> Measured:
        return Measured.mean(values[rows], persons[rows].tolist())

    everyone = np.ones(len(faces), np.bool_)
    return {
        "renders geodesic": over(off, everyone),
        "renders geodesic, |yaw| <= 60": over(off, ~turned),
        "renders geodesic, |yaw| > 60": over(off, turned),
        "renders openness": over(opening, everyone),
    }


def _answers(
    predictor: FacePredictor, faces: LabelledCrops
) -> tuple[FaceAnswers, NDArray[np.float32]]:
    crops, targets = plain_arrays(faces, predictor.size)
    return predictor.predict(crops), targets
