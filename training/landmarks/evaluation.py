"""Judges an exported landmark model on labelled photographs; its rows go on the model card.

The ONNX file is run on the same crops as in the service, under several boxes for the same faces,
and beside the mean face. Every number has its n and a 95 % interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.card import Metric
from app.face.landmarks import LandmarkScheme, scheme
from training.landmarks.calibration import (
    axis_coverage,
    certain_half_of_points,
    certain_half_ratio,
    point_rank_correlation,
    rank_correlation,
)
from training.landmarks.measure import LabelledFace, Measurement, labelled_faces, measure
from training.landmarks.metrics import box_diagonals, ced_scores, nme, point_errors
from training.landmarks.predictor import LandmarkPredictor
from training.landmarks.protocols import LABELLED, MIRROR, PROTOCOLS, Protocol
from training.landmarks.slices import Masks, tag_slices, yaw_slices, yaws_of
from training.metric_rows import MetricRows
from training.samples import ImageSample

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_DISTANCE_NAMES = {
    "ibug-68": "inter_ocular",
    "five": "inter_pupil",
    "aflw-21": "inter_pupil",
    "muct-76": "inter_pupil",
}
_THRESHOLDS = (0.08, 0.10)
_CLOSEST_EYES = 0.02  # unit crop: of a profile they nearly fall together


@dataclass(frozen=True, slots=True)
class LandmarkEvaluation:
    """rows: for the card. The rest, one entry a face, is what files and pictures are made of.

    nme: (N,) by protocol name, fractions of the scheme's distance, NaN where there is none (face
    missed, eye corner not labelled). nme_box_diagonal: likewise, of the labelled points' diagonal.
    baseline: (N,) the mean face in the labelled box, or None. yaw: (N,) degrees, NaN where unknown.
    """

    rows: list[Metric]
    scheme: LandmarkScheme
    faces: list[LabelledFace]
    measurements: dict[str, Measurement]
    nme: dict[str, Floats]
    nme_box_diagonal: dict[str, Floats]
    baseline: Floats | None
    yaw: Floats


@dataclass(frozen=True, slots=True)
class _Truth:
    """The labels of N faces and the lengths that errors are divided by (NaN where not labelled)."""

    points: Floats
    seen: Bools
    distance: Floats
    diagonal: Floats
    slices: Masks
    distance_name: str
    scheme: LandmarkScheme


def evaluate_landmarks(
    model: Path | LandmarkPredictor,
    samples: Sequence[ImageSample],
    *,
    test_set: str,
    mean_points: Floats | None = None,
    protocols: Sequence[Protocol] = PROTOCOLS,
    seed: int = 0,
) -> LandmarkEvaluation:
    """Judge a model folder (with card) or a bare ONNX file on the labelled faces of `samples`.

    test_set: its name for the rows ("300-W LFPW test"). mean_points: (K, 2) unit crop, the mean of
    the TRAINING labels (`measure.mean_face`), as the baseline. Faces of one subject are drawn
    together in the bootstrap. Slices and calibration are reported for the labelled box.
    """
    predictor = model if isinstance(model, LandmarkPredictor) else LandmarkPredictor.open(model)
    faces = labelled_faces(samples)
    yaw, estimated = yaws_of(faces)
    truth = _truth(faces, {**yaw_slices(yaw, estimated), **tag_slices(faces)})
    rows = MetricRows(test_set, [entry.sample.subject for entry in faces])
    measurements: dict[str, Measurement] = {}
    errors: dict[str, Floats] = {}
    by_diagonal: dict[str, Floats] = {}
    baseline: Floats | None = None
    for protocol in protocols:
        plain = protocol.name == LABELLED.name
        measured = measure(
            predictor, faces, protocol, mean_points=mean_points, seed=seed, keep_crops=plain
        )
        measurements[protocol.name] = measured
        errors[protocol.name] = _errors(measured.points, truth, truth.distance)
        by_diagonal[protocol.name] = _errors(measured.points, truth, truth.diagonal)
        slices = truth.slices if plain else {}
        _error_rows(rows, protocol, measured, truth, slices)
        if measured.baseline is not None and plain:
            baseline = _errors(measured.baseline, truth, truth.distance)
            _mean_rows(rows, f"mean_face_nme_{truth.distance_name}", baseline, protocol, slices)
        _coverage_rows(rows, protocol, measured, truth, slices)
        if plain:
            _calibration_rows(rows, protocol, measured, truth, errors[protocol.name])
    if LABELLED.name in measurements and MIRROR.name in measurements:
        _mirror_row(rows, measurements[LABELLED.name], measurements[MIRROR.name], truth)
    return LandmarkEvaluation(
        rows.metrics,
        scheme(str(faces[0].face.scheme)),
        faces,
        measurements,
        errors,
        by_diagonal,
        baseline,
        yaw,
    )


def _truth(faces: Sequence[LabelledFace], slices: Masks) -> _Truth:
    named = scheme(str(faces[0].face.scheme))
    points = np.stack([entry.truth for entry in faces])
    seen = np.stack([entry.seen for entry in faces])
    needed = [index for group in named.normaliser for index in group]
    # Points that fall together, or a corner nobody labelled, give no length to divide by.
    usable = seen[:, needed].all(axis=1) & (named.nme_distance(points) > 0)
    return _Truth(
        points,
        seen,
        np.where(usable, named.nme_distance(points), np.nan),
        box_diagonals(points, seen),
        slices,
        _DISTANCE_NAMES.get(named.name, named.name),
        named,
    )


def _errors(points: Floats, truth: _Truth, lengths: Floats) -> Floats:
    """(N,) normalised errors; NaN for missed faces and where there is no length."""
    known = np.isfinite(points).all(axis=(1, 2)) & np.isfinite(lengths)
    result = np.full(len(points), np.nan)
    result[known] = nme(points[known], truth.points[known], lengths[known], truth.seen[known])
    return result


def _error_rows(
    rows: MetricRows, protocol: Protocol, measured: Measurement, truth: _Truth, slices: Masks
) -> None:
    errors = _errors(measured.points, truth, truth.distance)
    if protocol.may_miss:
        rows.share("found", measured.found.astype(np.float64), protocol=protocol.sentence)
    _mean_rows(rows, f"nme_{truth.distance_name}", errors, protocol, slices)
    by_box = _errors(measured.points, truth, truth.diagonal)
    _mean_rows(rows, "nme_box_diagonal", by_box, protocol, slices)
    # A face that was not found is as bad as can be, not absent.
    judged = np.where(measured.found, errors, np.where(np.isfinite(truth.distance), np.inf, np.nan))
    for threshold in _THRESHOLDS:
        failed = np.where(np.isnan(judged), np.nan, judged > threshold)
        area = np.where(np.isnan(judged), np.nan, ced_scores(judged, threshold))
        percent = round(100 * threshold)
        rows.share(f"failure_rate_{percent}", failed, protocol=protocol.sentence)
        rows.mean(f"auc_{percent}", area, unit="0..1", protocol=protocol.sentence)


def _mean_rows(
    rows: MetricRows, name: str, values: Floats, protocol: Protocol, slices: Masks
) -> None:
    sentence = protocol.sentence
    rows.mean(name, values, unit="%", protocol=sentence, factor=100)
    for part, mask in slices.items():
        rows.mean(name, values, unit="%", protocol=sentence, slice_name=part, mask=mask, factor=100)


def _mirror_row(rows: MetricRows, plain: Measurement, mirrored: Measurement, truth: _Truth) -> None:
    """How far the answer for the mirrored picture, mirrored back, is from the plain one."""
    known = plain.found & mirrored.found & np.isfinite(truth.distance)
    apart = np.full(len(known), np.nan)
    distances = point_errors(mirrored.points[known], plain.points[known])
    apart[known] = distances.mean(axis=1) / truth.distance[known]
    rows.mean(
        f"mirror_difference_{truth.distance_name}",
        apart,
        unit="%",
        protocol="picture and mirrored picture, each with the labelled box",
        factor=100,
    )


def _coverage_rows(
    rows: MetricRows, protocol: Protocol, measured: Measurement, truth: _Truth, slices: Masks
) -> None:
    if measured.std is not None:
        offsets = measured.points_in_crop - measured.truth_in_crop
        coverage = axis_coverage(offsets, measured.std, truth.seen)
        _mean_rows(rows, "coverage_90", coverage, protocol, slices)


def _calibration_rows(
    rows: MetricRows, protocol: Protocol, measured: Measurement, truth: _Truth, errors: Floats
) -> None:
    """Whether the deviations tell good answers from bad ones."""
    if measured.std is None:
        return
    sentence = protocol.sentence
    offsets = measured.points_in_crop - measured.truth_in_crop
    std, seen = measured.std, truth.seen
    # By the eyes' distance, as the errors are, but of the answer: callers have no other.
    eyes = np.maximum(truth.scheme.nme_distance(measured.points_in_crop), _CLOSEST_EYES)
    face_std = np.where(seen, std, 0.0).sum(axis=1) / seen.sum(axis=1) / eyes
    distances = np.where(seen, np.linalg.norm(offsets, axis=-1), 0.0).sum(axis=1) / seen.sum(axis=1)
    faces = np.stack([face_std, distances, errors], axis=1)
    rows.statistic(
        "std_error_rank_correlation_faces",
        faces,
        lambda values: rank_correlation(values[:, 0], values[:, 1]),
        unit="-1..1",
        protocol=sentence,
    )
    rows.statistic(
        "certain_half_error_ratio",
        faces,
        lambda values: certain_half_ratio(values[:, 2], values[:, 0]),
        unit="ratio",
        protocol=sentence,
    )
    # Had the deviations known the errors: most of the error of a face is that of every face.
    rows.statistic(
        "certain_half_error_ratio_at_best",
        faces,
        lambda values: certain_half_ratio(values[:, 2], values[:, 2]),
        unit="ratio",
        protocol=sentence,
    )
    pairs = np.concatenate([std, np.linalg.norm(offsets, axis=-1), seen], axis=1)
    rows.statistic(
        "std_error_rank_correlation_points",
        pairs,
        point_rank_correlation,
        unit="-1..1",
        protocol=sentence,
    )
    rows.statistic(
        "certain_half_error_ratio_points",
        pairs,
        certain_half_of_points,
        unit="ratio",
        protocol=sentence,
    )
