"""Rendered heads at every roll: how many are found, and whether their five points tell the tilt.

Photographs of upright people do not show what happens beyond 30 degrees; renders of a folder that
no recipe trains on do, with exact labels.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.card import Metric
from app.face.rotation import to_euler, turn
from app.face.tilt import tilt_of
from training.datasets import renders
from training.detection.images import LabelledImage, load_images
from training.detection.judging import MATCH, Judged, judge
from training.detection.predictor import DetectorPredictor
from training.detection.protocols import turned
from training.metric_rows import MetricRows

FOLDER = "renders-test"
_MOST = 2000
_YAWS = ((0.0, 30.0), (30.0, 60.0), (60.0, 90.0))
_WRONG = 30.0  # degrees: the landmark model then sees a head that is tilted more than it can read


@dataclass(frozen=True, slots=True, eq=False)
class RolledHeads:
    """Pictures of one head each. yaw: (N,) degrees, before the picture is turned. tilt: (N,)
    degrees clockwise of the head's vertical in the turned picture.
    """

    images: list[LabelledImage]
    yaw: NDArray[np.float64]
    tilt: NDArray[np.float64]


def rolled_heads(folder: Path, seed: int = 0) -> RolledHeads:
    """The first renders of a folder that do not look away, each turned by an angle of its own."""
    samples, rotations = [], []
    for sample in renders.load(folder):
        rotation = sample.faces[0].rotation
        if rotation is not None and abs(float(to_euler(rotation)[0])) <= _YAWS[-1][1]:
            samples.append(sample)
            rotations.append(rotation)
        if len(samples) == _MOST:
            break
    angles = np.random.default_rng(seed).uniform(-180, 180, len(samples))
    images = [
        turned(float(angle))(image)
        for image, angle in zip(load_images(samples), angles, strict=True)
    ]
    upright = np.array(rotations).reshape(-1, 3, 3)
    down = turn(upright, angles)[:, :2, 1]
    return RolledHeads(
        images, to_euler(upright)[0], np.degrees(np.arctan2(-down[:, 0], down[:, 1]))
    )


def judge_rolled(
    predictor: DetectorPredictor, data: Path, score: float
) -> tuple[list[Metric], Judged | None]:
    """Rows for the card, by yaw; none, with a note, where `data` has no such folder."""
    folder = data / FOLDER
    if not folder.is_dir():
        print(f"note: no {folder}: heads at every roll are not judged", file=sys.stderr)
        return [], None
    heads = rolled_heads(folder)
    judged = judge(predictor, "renders turned", heads.images)
    best = np.concatenate([one.best_score for one in judged.matches])
    hit = (np.nan_to_num(best, nan=-1.0) >= score).astype(np.float64)
    errors = _tilt_errors(judged, heads.tilt, hit)
    rows = MetricRows("rendered heads", range(len(hit)))
    showing = "turned by -180 to 180 degrees, canvas grown"
    slices = [("turned +-180", np.ones(len(hit), bool))]
    for low, high in _YAWS:
        inside = (np.abs(heads.yaw) >= low) & (np.abs(heads.yaw) <= high)
        slices.append((f"turned +-180, yaw {low:g}-{high:g}", inside))
    for name, mask in slices:
        rows.share("recall", hit, protocol=f"{showing}, {MATCH}", slice_name=name, mask=mask)
        protocol = f"{showing}, tilt by the five points, faces found"
        rows.mean(
            "tilt_error", errors, unit="degrees", protocol=protocol, slice_name=name, mask=mask
        )
        wrong = np.where(np.isnan(errors), np.nan, errors > _WRONG)
        rows.share(f"tilt_beyond_{_WRONG:g}", wrong, protocol=protocol, slice_name=name, mask=mask)
    return rows.metrics, judged


def _tilt_errors(
    judged: Judged, tilt: NDArray[np.float64], hit: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N,) degrees, NaN where the head was not found."""
    errors = np.full(len(tilt), np.nan)
    for row, (faces, matches) in enumerate(zip(judged.faces, judged.matches, strict=True)):
        if hit[row]:
            best = int(np.flatnonzero(faces.scores == matches.best_score[0])[0])
            difference = tilt_of(faces.points[best]) - tilt[row]
            errors[row] = abs((difference + 180) % 360 - 180)
    return errors
