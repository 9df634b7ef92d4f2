"""Factors that make the model's own deviations true on faces it was not trained on.

A model states standard deviations; if errors are normal, 1.645 of them cover 90 %. One factor for
all points and one for each axis of the rotation are measured on validation faces, never on a test
set, and multiplied into the exported graph.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from training.datasets import load
from training.faces.posed import AXES, PosedFaces, measure_posed
from training.faces.predictor import FacePredictor
from training.images import read_rgb
from training.landmarks.calibration import axis_coverage, std_scale
from training.landmarks.measure import labelled_faces
from training.landmarks.protocols import labelled_box
from training.samples import ImageSample

Floats = NDArray[np.float64]

LEVEL = 0.90


@dataclass(frozen=True, slots=True)
class Calibration:
    """std: the factor of the points' deviations; rotation_std: of each axis of the rotation.

    coverage: by set and quantity, what the 90 % intervals cover on the same faces after scaling.
    """

    std: float
    rotation_std: tuple[float, float, float]
    coverage: Mapping[str, float]

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")


@dataclass(frozen=True, slots=True)
class CalibrationSets:
    """points: faces with 68 points. posed: by name, faces of known rotation and whether their roll
    is labelled; each set counts alike, however many faces it has.
    """

    points: Sequence[ImageSample]
    posed: Mapping[str, tuple[Sequence[ImageSample], bool]]


def calibration_sets(data: Path, points: str) -> CalibrationSets:
    """The validation faces of the set `points` (w300; renders for weights free of other data), of
    Pointing'04 and of the renders.
    """
    held_out = {
        name: [sample for sample in load(name, data) if sample.split == "validation"]
        for name in {points, "pointing04", "renders"}
    }
    posed = {"pointing04": (held_out["pointing04"], False), "renders": (held_out["renders"], True)}
    return CalibrationSets(held_out[points], posed)


def calibrate(predictor: FacePredictor, sets: CalibrationSets) -> Calibration:
    """predictor: the model with its deviations as they were learnt."""
    faces = labelled_faces(sets.points)
    crops = [predictor.crop(read_rgb(one.sample.path), labelled_box(one.face)) for one in faces]
    answers = predictor.predict([crop.pixels for crop in crops])
    truth = np.stack(
        [crop.points_to_crop(one.truth) for crop, one in zip(crops, faces, strict=True)]
    )
    seen = np.stack([one.seen for one in faces])
    offsets = answers.points - truth
    factor = std_scale(offsets, answers.std, seen, LEVEL)
    coverage = {"points": float(axis_coverage(offsets, answers.std * factor, seen).mean())}

    posed = {
        name: measure_posed(predictor, samples, roll_labelled=roll)
        for name, (samples, roll) in sets.posed.items()
    }
    factors = rotation_scales(list(posed.values()))
    for name, measured in posed.items():
        inside = covered(measured, np.array(factors))
        for axis in measured.axes:
            coverage[f"{AXES[axis]}, {name}"] = float(inside[:, axis].mean())
    return Calibration(factor, factors, coverage)


def rotation_scales(sets: Sequence[PosedFaces]) -> tuple[float, float, float]:
    """For each axis the factor by which the sets, each counting alike, are covered to 90 %."""
    first, second, third = (_scale(sets, axis) for axis in range(3))
    return first, second, third


def covered(posed: PosedFaces, factors: Floats | float = 1.0, level: float = LEVEL) -> Floats:
    """(N, 3) 1 where the error about an axis is inside the central `level` interval, else 0."""
    half_width = NormalDist().inv_cdf(0.5 + level / 2) * posed.answers.rotation_std * factors
    return np.asarray(np.abs(posed.axis_errors) <= half_width, np.float64)


def _scale(sets: Sequence[PosedFaces], axis: int) -> float:
    labelled = [posed for posed in sets if axis in posed.axes]
    if not labelled:
        raise ValueError(f"no calibration face has a labelled {AXES[axis]}")
    ratios = [np.abs(p.axis_errors[:, axis]) / p.answers.rotation_std[:, axis] for p in labelled]
    weights = [np.full(len(values), 1.0 / len(values)) for values in ratios]
    wanted = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    return _weighted_quantile(np.concatenate(ratios), np.concatenate(weights)) / wanted


def _weighted_quantile(values: Floats, weights: Floats) -> float:
    """The smallest of the values that holds LEVEL of the weight at or below it."""
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    # A hair less than LEVEL, since the shares are sums of rounded parts.
    return float(values[order][np.searchsorted(share, LEVEL - 1e-9)])
