"""Judges the head pose that PnP computes from a landmark model's points.

Pointing'04 labels where people were told to look, within several degrees, and no roll: yaw and
pitch are judged; the tilts of 90 degrees (where pan says nothing) are left out.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face import pnp
from app.face.card import Metric
from app.face.geometry import Box
from app.face.rotation import to_euler
from training.images import read_rgb
from training.landmarks.predictor import LandmarkPredictor
from training.metric_rows import MetricRows
from training.pitch_bias import pitch_bias_rows
from training.samples import ImageSample

Floats = NDArray[np.float64]

_LARGEST_PITCH = 60.0
_YAW_BINS = ((0, 30), (30, 60), (60, 90))
_PROTOCOL = (
    "labelled box, landmarks, PnP with the assumed camera, |pitch| <= 60; the interval is over "
    "pictures: of the few persons, and says nothing of others"
)


def evaluate_pose(
    model: Path | LandmarkPredictor, samples: Sequence[ImageSample], *, test_set: str
) -> list[Metric]:
    """Mean absolute errors of yaw and pitch, degrees, by bins of |yaw|, beside always answering 0;
    how far the pitch is too high.

    samples: with boxes and rotations. ValueError when none of them has a rotation.
    """
    predictor = model if isinstance(model, LandmarkPredictor) else LandmarkPredictor.open(model)
    labelled = [
        (sample, face.box, angles)
        for sample in samples
        for face in sample.faces
        if face.box is not None
        and face.rotation is not None
        # The matrix brings the angles back with rounding errors.
        and abs((angles := _angles(face.rotation))[1]) <= _LARGEST_PITCH + 1e-6
    ]
    if not labelled:
        raise ValueError("none of these samples has a labelled rotation")
    # Else 30 degrees would now and then be 29.999...: in another bin.
    truth = np.round([angles for _, _, angles in labelled], 6)
    found = np.array([_pose(predictor, sample, box) for sample, box, _ in labelled])
    # Two or three persons are too few to draw from: a bootstrap over them has a handful of values.
    rows = MetricRows(test_set, range(len(labelled)))
    for column, angle in enumerate(("yaw", "pitch")):
        errors = np.abs(np.remainder(found[:, column] - truth[:, column] + 180, 360) - 180)
        _angle_rows(rows, f"{angle}_mae_pnp", errors, np.abs(truth[:, 0]))
        zero = np.abs(truth[:, column])
        rows.mean(f"{angle}_mae_of_always_0", zero, unit="degrees", protocol=_PROTOCOL)
    pitch_bias_rows(rows, "pitch_bias_pnp", found, truth, _PROTOCOL, nominal=True)
    return rows.metrics


def _angle_rows(rows: MetricRows, name: str, errors: Floats, yaw: Floats) -> None:
    """yaw: (N,) true |yaw|, degrees; the last bin holds its upper end."""
    rows.mean(name, errors, unit="degrees", protocol=_PROTOCOL)
    for low, high in _YAW_BINS:
        mask = (yaw >= low) & (yaw < high + (high == _YAW_BINS[-1][1]))
        part = f"|yaw| {low}-{high}"
        rows.mean(name, errors, unit="degrees", protocol=_PROTOCOL, slice_name=part, mask=mask)


def _pose(predictor: LandmarkPredictor, sample: ImageSample, box: Box) -> tuple[float, ...]:
    image = read_rgb(sample.path)
    crop = predictor.crop(image, box)
    points, _ = predictor.predict(crop.pixels[None])
    camera = pnp.Camera.assumed(image.shape[1], image.shape[0])
    return _angles(pnp.solve(crop.points_to_image(points[0]), camera).rotation)


def _angles(rotation: Floats) -> tuple[float, ...]:
    return tuple(float(angle) for angle in to_euler(rotation))
