"""Judges a face model on held-out renders, whose labels are exact: points, rotation, eyes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.card import Metric
from app.face.landmarks import scheme
from app.face.rotation import geodesic_degrees, to_euler
from training.faces.pose_rows import angle_rows, sliced_means, uncertainty_rows, yaw_slices
from training.faces.predictor import FacePredictor
from training.faces.presence import area_under_roc
from training.faces.rendered import RenderedFaces, measure_rendered
from training.landmarks.calibration import axis_coverage
from training.landmarks.metrics import box_diagonals, nme
from training.metric_rows import MetricRows
from training.pitch_bias import pitch_bias_rows

Floats = NDArray[np.float64]
Masks = dict[str, NDArray[np.bool_]]

TEST_SET = "held-out renders"
_PROTOCOL = "box of the labelled points (face_box rule)"
_TONES = {"Monk tone 1-3": (1, 3), "Monk tone 4-7": (4, 7), "Monk tone 8-10": (8, 10)}
_OUTER_CORNERS = [36, 45]
_HIDDEN = 0.5  # below it the service calls a point hidden


@dataclass(frozen=True, slots=True, eq=False)
class RenderEvaluation:
    """rows: for the card. nme: (N,) by the diagonal of the points' box, fractions."""

    rows: list[Metric]
    faces: RenderedFaces
    nme: Floats


def evaluate_renders(
    predictor: FacePredictor, folder: Path, *, mean_points: Floats | None = None
) -> RenderEvaluation:
    """mean_points: (68, 2) unit crop, the mean face, as the baseline of the points."""
    faces = measure_rendered(predictor, folder)
    posed = faces.posed
    rows = MetricRows(TEST_SET, range(len(posed)))
    by_yaw = yaw_slices(posed)
    slices = {**by_yaw, **_looks(faces)}
    sliced_means(rows, "geodesic_error", posed.geodesic, "degrees", _PROTOCOL, slices)
    turned = np.abs(posed.angles[:, 0])
    for name, mask in {"|yaw| <= 60": turned <= 60, "|yaw| > 60": turned > 60}.items():
        rows.mean(
            "geodesic_error",
            posed.geodesic,
            unit="degrees",
            protocol=_PROTOCOL,
            slice_name=name,
            mask=mask,
        )
    zero = geodesic_degrees(posed.rotation, np.eye(3))
    rows.mean("geodesic_error_of_always_0", zero, unit="degrees", protocol=_PROTOCOL)
    angle_rows(rows, posed, _PROTOCOL, by_yaw)
    uncertainty_rows(rows, posed, _PROTOCOL, by_yaw)
    by_pnp = np.stack(to_euler(faces.by_pnp), axis=-1)
    found = {"pitch_bias": posed.angles + posed.angle_errors, "pitch_bias_pnp": by_pnp}
    for name, angles in found.items():
        pitch_bias_rows(rows, name, angles, posed.angles, _PROTOCOL, nominal=False)
    by_diagonal = _point_rows(rows, faces, slices, mean_points)
    everything = np.ones(faces.points.shape[:2], bool)
    coverage = axis_coverage(
        posed.answers.points - faces.points_in_crop, posed.answers.std, everything
    )
    sliced_means(rows, "coverage_90", coverage, "%", _PROTOCOL, by_yaw, factor=100)
    _visible_rows(rows, faces, slices)
    _openness_rows(rows, faces, by_yaw)
    return RenderEvaluation(rows.metrics, faces, by_diagonal)


def _looks(faces: RenderedFaces) -> Masks:
    """By tone, glasses, infrared light and what hides parts of the face."""
    tags = faces.tags
    tone = tags["tone"].astype(int)
    masks = {name: (tone >= low) & (tone <= high) for name, (low, high) in _TONES.items()}
    masks |= {f"glasses: {kind}": tags["glasses"] == kind for kind in ("none", "clear", "sun")}
    masks |= {f"infrared: {kind}": tags["infrared"] == kind for kind in ("no", "yes")}
    free = tags["occluders"] == "none"
    masks |= {"occluded: no": free, "occluded: yes": ~free, "mask: yes": tags["mask"] != "none"}
    return {name: mask for name, mask in masks.items() if mask.any()}


def _point_rows(
    rows: MetricRows, faces: RenderedFaces, slices: Masks, mean_points: Floats | None
) -> Floats:
    answers, truth = faces.posed.answers, faces.points_in_crop
    diagonal = box_diagonals(truth)
    by_diagonal = nme(answers.points, truth, diagonal)
    sliced_means(rows, "nme_box_diagonal", by_diagonal, "%", _PROTOCOL, slices, factor=100)
    if mean_points is not None:
        constant = nme(np.broadcast_to(mean_points, truth.shape), truth, diagonal)
        name = "mean_face_nme_box_diagonal"
        rows.mean(name, constant, unit="%", protocol=_PROTOCOL, factor=100)
    # A hidden corner is placed all the same, but the eyes' distance then means little.
    shown = faces.visible[:, _OUTER_CORNERS].all(axis=1)
    distance = scheme("ibug-68").nme_distance(truth)
    inter_ocular = np.full(len(truth), np.nan)
    inter_ocular[shown] = nme(answers.points[shown], truth[shown], distance[shown])
    protocol = f"{_PROTOCOL}, faces whose outer eye corners both show"
    rows.mean("nme_inter_ocular", inter_ocular, unit="%", protocol=protocol, factor=100)
    return by_diagonal


def _visible_rows(rows: MetricRows, faces: RenderedFaces, slices: Masks) -> None:
    """Whether points show: hidden by the head itself, by what it wears, or by what is before it."""
    told, hidden = faces.posed.answers.visible, ~faces.visible
    rows.statistic(
        "visible_auc",
        np.concatenate([told, faces.visible], axis=1),
        _area_over_points,
        unit="0..1",
        protocol=_PROTOCOL,
    )
    for name, points in {"hidden_told": hidden, "shown_told_hidden": ~hidden}.items():
        said = ((told < _HIDDEN) & points).sum(axis=1)
        share = said / np.where(points.any(axis=1), points.sum(axis=1), np.nan)
        sliced_means(rows, name, share, "%", _PROTOCOL, slices, factor=100)


def _area_over_points(rows: Floats) -> float:
    told, truth = np.split(rows, 2, axis=1)
    return area_under_roc(told.ravel(), truth.ravel() > 0)


def _openness_rows(rows: MetricRows, faces: RenderedFaces, slices: Masks) -> None:
    shows = np.isfinite(faces.openness)
    protocol = f"{_PROTOCOL}, mean over the eyes that show"
    for name, predicted in (
        ("openness_error", faces.posed.answers.openness),
        ("openness_error_of_the_mean", np.full_like(faces.openness, np.nanmean(faces.openness))),
    ):
        errors = np.where(shows, np.abs(predicted - faces.openness), 0.0).sum(axis=1)
        mean = errors / np.where(shows.any(axis=1), shows.sum(axis=1), np.nan)
        parts = slices if name == "openness_error" else {}
        sliced_means(rows, name, mean, "openness", protocol, parts)
