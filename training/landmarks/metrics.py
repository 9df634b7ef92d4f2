"""How far predicted landmarks lie from labelled ones: per-face errors and what they give.

Everything is computed from per-face errors, so that a table, a curve and an interval can never
disagree. Errors are fractions of the normaliser (0.04 = 4 %); percent is made where text is made.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.face.landmarks import NAMED, LandmarkScheme

Floats = NDArray[np.float64]


def point_errors(points: ArrayLike, truth: ArrayLike, seen: ArrayLike | None = None) -> Floats:
    """Euclidean distance of each point, NaN where the truth is not seen.

    points, truth: (N, K, 2), the same unit and frame. seen: (N, K) bool or None (all seen).
    Returns (N, K) in the unit of the input. ValueError when the shapes differ or when a prediction
    is not finite: a NaN must never improve a mean by being left out of it.
    """
    predicted = np.asarray(points, dtype=np.float64)
    labelled = np.asarray(truth, dtype=np.float64)
    if predicted.shape != labelled.shape or predicted.ndim != 3 or predicted.shape[-1] != 2:
        raise ValueError(
            f"points {predicted.shape} and truth {labelled.shape}: want equal (N, K, 2)"
        )
    if not np.isfinite(predicted).all():
        raise ValueError("a predicted point is not finite")
    distances: Floats = np.linalg.norm(predicted - labelled, axis=-1)
    if seen is not None:
        mask = np.asarray(seen, dtype=bool)
        if mask.shape != distances.shape:
            raise ValueError(f"seen {mask.shape}: want {distances.shape}")
        distances = np.where(mask, distances, np.nan)
    return distances


def nme(
    points: ArrayLike, truth: ArrayLike, normaliser: ArrayLike, seen: ArrayLike | None = None
) -> Floats:
    """Normalised mean error of each face: mean point distance / normaliser, as a fraction.

    points, truth: (N, K, 2); normaliser: (N,) lengths in the same unit; seen: (N, K) bool or None.
    Returns (N,). ValueError for a normaliser that is not a positive length (an eye distance of 0
    happens with profile labels: normalise those by the box diagonal), and for a face without
    points.
    """
    lengths = np.asarray(normaliser, dtype=np.float64)
    distances = point_errors(points, truth, seen)
    if lengths.shape != distances.shape[:1]:
        raise ValueError(f"normaliser {lengths.shape}: want ({len(distances)},)")
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise ValueError("a normaliser is not a positive length")
    if np.isnan(distances).all(axis=1).any():
        raise ValueError("a face has no seen point")
    means: Floats = np.nanmean(distances, axis=1)
    result: Floats = means / lengths
    return result


def box_diagonals(truth: ArrayLike, seen: ArrayLike | None = None) -> Floats:
    """(N,) diagonal of the tight box of the seen points of (N, K, 2) labels.

    The normaliser that stays meaningful when one eye is hidden.
    """
    faces = np.asarray(truth, dtype=np.float64)
    if seen is not None:
        faces = np.where(np.asarray(seen, dtype=bool)[..., None], faces, np.nan)
    result: Floats = np.linalg.norm(np.nanmax(faces, axis=1) - np.nanmin(faces, axis=1), axis=-1)
    return result


def to_five(points: ArrayLike, scheme: LandmarkScheme) -> Floats:
    """(N, K, 2) points of a scheme -> (N, 5, 2) in the order of the scheme "five"."""
    faces = np.asarray(points, dtype=np.float64)
    rows = [np.stack([scheme.named(face)[name] for name in NAMED]) for face in faces]
    return np.stack(rows).astype(np.float64) if rows else np.empty((0, 5, 2))


def failures(errors: ArrayLike, threshold: float) -> NDArray[np.bool_]:
    """(N,) bool: the face's error is above the threshold (a fraction, for instance 0.08)."""
    result: NDArray[np.bool_] = np.asarray(errors, dtype=np.float64) > threshold
    return result


def failure_rate(errors: ArrayLike, threshold: float) -> float:
    """Share of faces whose error is above the threshold."""
    return float(failures(errors, threshold).mean())


def ced_scores(errors: ArrayLike, limit: float) -> Floats:
    """(N,) each face's contribution to the AUC: max(0, 1 - error / limit).

    The area under the empirical CED up to `limit`, divided by `limit`, is exactly the mean of
    these, so no integration step is involved and a bootstrap of the mean gives its interval.
    """
    if limit <= 0:
        raise ValueError(f"limit must be positive, not {limit}")
    return np.clip(1.0 - np.asarray(errors, dtype=np.float64) / limit, 0.0, None)


def area_under_ced(errors: ArrayLike, limit: float) -> float:
    """Normalised area (0..1) under the cumulative error distribution from 0 to `limit`."""
    return float(ced_scores(errors, limit).mean())


def ced(errors: ArrayLike, limit: float, steps: int = 501) -> tuple[Floats, Floats]:
    """The curve itself: thresholds (steps,) and the share of faces with an error at most that."""
    ordered = np.sort(np.asarray(errors, dtype=np.float64))
    thresholds: Floats = np.linspace(0.0, limit, steps)
    shares: Floats = np.searchsorted(ordered, thresholds, side="right") / max(len(ordered), 1)
    return thresholds, shares
