"""Coverage curves: what intervals of every level really cover, for the plot of reliability."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from training.faces.calibration import covered
from training.faces.evaluation import FaceEvaluation, PointEvaluation
from training.faces.posed import PosedFaces
from training.landmarks.calibration import axis_coverage
from training.landmarks.protocols import LABELLED

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]

_LEVELS = np.linspace(0.05, 0.95, 19)


def point_curves(evaluation: PointEvaluation) -> Mapping[str, Curve]:
    """Of the points of each set of photographs; none for a model without deviations."""
    curves = {}
    for name, photographs in evaluation.photographs.items():
        measured = photographs.measurements[LABELLED.name]
        if measured.std is None:
            continue
        offsets = measured.points_in_crop - measured.truth_in_crop
        seen = np.stack([face.seen for face in photographs.faces])
        shares = [
            np.nanmean(axis_coverage(offsets, measured.std, seen, level)) for level in _LEVELS
        ]
        curves[f"points, {name}"] = (_LEVELS, np.array(shares))
    return curves


def face_curves(evaluation: FaceEvaluation) -> Mapping[str, Curve]:
    """Of the points, and of the rotation's labelled axes together."""
    rotations = {
        "rotation, pointing04": evaluation.pointing.posed,
        "rotation, renders": evaluation.renders.faces.posed,
    }
    return {**point_curves(evaluation.points)} | {
        name: _rotation_curve(posed) for name, posed in rotations.items()
    }


def _rotation_curve(posed: PosedFaces) -> Curve:
    axes = list(posed.axes)
    shares = [covered(posed, level=level)[:, axes].mean() for level in _LEVELS]
    return _LEVELS, np.array(shares)
