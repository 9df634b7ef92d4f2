"""Rows about rotations: errors of the angles, by parts, and whether the deviations are true."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from training.faces.calibration import covered
from training.faces.posed import AXES, PosedFaces
from training.landmarks.calibration import certain_half_ratio
from training.metric_rows import MetricRows

Floats = NDArray[np.float64]
Masks = Mapping[str, NDArray[np.bool_]]

YAW_BINS = ((0, 30), (30, 60), (60, 90))


def yaw_slices(posed: PosedFaces) -> dict[str, NDArray[np.bool_]]:
    """Bins of the true |yaw|, 90 itself among those up to 90; empty ones are left out."""
    yaw = np.abs(posed.angles[:, 0])
    masks = {
        f"|yaw| {low}-{high}": (yaw >= low) & (yaw <= high if high == 90 else yaw < high)
        for low, high in YAW_BINS
    }
    masks["|yaw| > 90"] = yaw > 90
    return {name: mask for name, mask in masks.items() if mask.any()}


def pitch_slices(posed: PosedFaces) -> dict[str, NDArray[np.bool_]]:
    """One slice for each |pitch| that is labelled, for sets of a few nominal angles."""
    pitch = np.abs(posed.angles[:, 1])
    return {f"|pitch| {value:g}": pitch == value for value in np.unique(pitch)}


def angle_rows(rows: MetricRows, posed: PosedFaces, protocol: str, slices: Masks) -> None:
    """Mean absolute errors of the labelled angles beside those of a model that always says 0."""
    errors, truth = np.abs(posed.angle_errors), np.abs(posed.angles)
    for column, angle in enumerate(("yaw", "pitch", "roll")[: len(posed.axes)]):
        sliced_means(rows, f"{angle}_mae", errors[:, column], "degrees", protocol, slices)
        zero = f"{angle}_mae_of_always_0"
        rows.mean(zero, truth[:, column], unit="degrees", protocol=protocol)


def uncertainty_rows(rows: MetricRows, posed: PosedFaces, protocol: str, slices: Masks) -> None:
    """Coverage of the 90 % intervals, axis by axis, and the error of the most certain half."""
    axes = list(posed.axes)
    inside = covered(posed)
    for axis in axes:
        name = f"coverage_90_{AXES[axis]}"
        rows.share(name, inside[:, axis], protocol=protocol)
        for part, mask in slices.items():
            rows.share(name, inside[:, axis], protocol=protocol, slice_name=part, mask=mask)
    error = np.linalg.norm(posed.axis_errors, axis=1)
    spread = np.linalg.norm(posed.answers.rotation_std[:, axes], axis=1)
    rows.statistic(
        "certain_half_rotation_ratio",
        np.stack([error, spread], axis=1),
        lambda values: certain_half_ratio(values[:, 0], values[:, 1]),
        unit="ratio",
        protocol=protocol,
    )


def sliced_means(
    rows: MetricRows,
    name: str,
    values: Floats,
    unit: str,
    protocol: str,
    slices: Masks,
    factor: float = 1.0,
) -> None:
    """The mean over all and over each slice."""
    rows.mean(name, values, unit=unit, protocol=protocol, factor=factor)
    for part, mask in slices.items():
        rows.mean(
            name,
            values,
            unit=unit,
            protocol=protocol,
            slice_name=part,
            mask=mask,
            factor=factor,
        )
