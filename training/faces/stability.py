"""How much the answers shake from frame to frame while a head turns evenly.

The second difference of the error takes out what is constant or drifts evenly and leaves what a
viewer sees as trembling. Its standard deviation is sqrt(6) times that of independent noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.card import Metric
from app.face.geometry import face_box
from app.face.landmarks import scheme
from training.datasets.viewing import as_seen
from training.faces.clip import Clip, Frame, render_clip
from training.faces.posed import PosedFaces
from training.faces.predictor import FacePredictor
from training.metric_rows import MetricRows
from training.synthetic.facekit import load_facekit
from training.synthetic.quality import FAST
from training.synthetic.studio import Studio

Floats = NDArray[np.float64]

TEST_SET = "rendered heads turning from -60 to 60 degrees by 1 degree a frame"
PEOPLE = 6
_PROTOCOL = (
    "box of the labelled points, fresh sensor noise in each frame, standard deviation of the "
    "second difference of the error; the interval is over the few people"
)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The answers about one person's frames, in order. posed: rotations; points, truth: (N, 68, 2)
    in pixels of the picture.
    """

    posed: PosedFaces
    points: Floats
    truth: Floats


@dataclass(frozen=True, slots=True, eq=False)
class StabilityEvaluation:
    """rows: for the card. tracks: one a person."""

    rows: list[Metric]
    tracks: list[Track]


def evaluate_stability(
    predictor: FacePredictor, facekit: Path, *, clip: Clip | None = None, people: int = PEOPLE
) -> StabilityEvaluation:
    """facekit: folder of the 3D head."""
    studio = Studio.open(load_facekit(facekit, 80), FAST)
    moving = Clip() if clip is None else clip
    tracks = [track(predictor, list(render_clip(studio, moving, n))) for n in range(people)]
    rows = MetricRows(TEST_SET, range(people))
    for column, angle in enumerate(("yaw", "pitch", "roll")):
        shaking = np.array([shake(one.posed.angle_errors[:, column]) for one in tracks])
        rows.mean(f"{angle}_shake", shaking, unit="degrees", protocol=_PROTOCOL)
    shaking = np.array([_point_shake(one) for one in tracks])
    rows.mean(
        "points_shake",
        shaking,
        unit="%",
        protocol=f"{_PROTOCOL}, over the eyes' distance when frontal",
        factor=100,
    )
    for column, angle in enumerate(("yaw", "pitch")):
        errors = np.array([np.abs(one.posed.angle_errors[:, column]).mean() for one in tracks])
        rows.mean(f"{angle}_mae", errors, unit="degrees", protocol="all frames of the clips")
    return StabilityEvaluation(rows.metrics, tracks)


def track(predictor: FacePredictor, frames: Sequence[Frame]) -> Track:
    """The answers about the frames, each in the box of its labelled points."""
    crops = [predictor.crop(frame.image, face_box(frame.label.points)) for frame in frames]
    pixels = np.stack([crop.pixels for crop in crops])
    answers = predictor.predict(pixels)
    poses = [frame.label.pose for frame in frames]
    rotation = as_seen([pose.rotation for pose in poses], [pose.translation for pose in poses])
    points = [crop.points_to_image(row) for crop, row in zip(crops, answers.points, strict=True)]
    names = [f"frame {index}" for index in range(len(frames))]
    return Track(
        PosedFaces(rotation, answers, pixels, names),
        np.stack(points),
        np.stack([frame.label.points for frame in frames]),
    )


def shake(errors: Floats) -> float:
    """Standard deviation of the second difference of (N, ...) errors along the frames."""
    return float(np.diff(errors, n=2, axis=0).std())


def _point_shake(one: Track) -> float:
    frontal = int(np.argmin(np.abs(one.posed.angles[:, 0])))
    return shake(one.points - one.truth) / float(scheme("ibug-68").nme_distance(one.truth[frontal]))
