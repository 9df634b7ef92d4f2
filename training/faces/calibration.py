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
    """By name. points: faces with 68 points. posed: faces of known rotation, and whether their roll
    is labelled. Each set is to be covered, however many faces it has.
    """

    points: Mapping[str, Sequence[ImageSample]]
    posed: Mapping[str, tuple[Sequence[ImageSample], bool]]


def calibration_sets(data: Path, points: str) -> CalibrationSets:
    """The validation faces of the set `points` (w300; renders for weights free of other data) and
    of the renders; for the rotation those of Pointing'04 and of the renders.
    """
    held_out = {
        name: [sample for sample in load(name, data) if sample.split == "validation"]
        for name in {points, "pointing04", "renders"}
    }
    posed = {"pointing04": (held_out["pointing04"], False), "renders": (held_out["renders"], True)}
    return CalibrationSets({name: held_out[name] for name in (points, "renders")}, posed)


def calibrate(predictor: FacePredictor, sets: CalibrationSets) -> Calibration:
    """predictor: the model with its deviations as they were learnt."""
    placed = {name: _placed(predictor, samples) for name, samples in sets.points.items()}
    factor = _scale([np.abs(one.errors) / one.std[:, None] for one in placed.values()])
    coverage = {
        f"points, {name}": float(
            (np.abs(one.errors) <= _half_width(LEVEL) * factor * one.std[:, None]).mean()
        )
        for name, one in placed.items()
    }
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
    """For each axis the factor by which each of the sets is covered to 90 % at least."""
    first, second, third = (_axis_scale(sets, axis) for axis in range(3))
    return first, second, third


def covered(posed: PosedFaces, factors: Floats | float = 1.0, level: float = LEVEL) -> Floats:
    """(N, 3) 1 where the error about an axis is inside the central `level` interval, else 0."""
    half_width = _half_width(level) * posed.answers.rotation_std * factors
    return np.asarray(np.abs(posed.axis_errors) <= half_width, np.float64)


@dataclass(frozen=True, slots=True)
class _Placed:
    """errors: (n, 2) of all points that are seen, unit crop. std: (n,)."""

    errors: Floats
    std: Floats


def _placed(predictor: FacePredictor, samples: Sequence[ImageSample]) -> _Placed:
    faces = labelled_faces(samples)
    crops = [predictor.crop(read_rgb(one.sample.path), labelled_box(one.face)) for one in faces]
    answers = predictor.predict([crop.pixels for crop in crops])
    truth = [crop.points_to_crop(one.truth) for crop, one in zip(crops, faces, strict=True)]
    seen = np.stack([one.seen for one in faces])
    return _Placed((answers.points - np.stack(truth))[seen], answers.std[seen])


def _axis_scale(sets: Sequence[PosedFaces], axis: int) -> float:
    labelled = [posed for posed in sets if axis in posed.axes]
    if not labelled:
        raise ValueError(f"no calibration face has a labelled {AXES[axis]}")
    return _scale(
        [np.abs(p.axis_errors[:, axis]) / p.answers.rotation_std[:, axis] for p in labelled]
    )


def _scale(ratios: Sequence[Floats]) -> float:
    """The factor by which each set is covered to LEVEL at least: who asks about faces of one kind
    is not helped by another kind that is easier. ratios: by set, of errors to deviations.
    """
    quantiles = [np.quantile(values, LEVEL, method="inverted_cdf") for values in ratios]
    return float(max(quantiles)) / _half_width(LEVEL)


def _half_width(level: float) -> float:
    """Of the central interval, in deviations."""
    return NormalDist().inv_cdf(0.5 + level / 2)
