"""Judges an exported pose model: errors of angles and rotations, one line and one dot a face."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.face.card import Metric, face_outputs
from app.face.geometry import CROP_SCALE
from app.face.rotation import geodesic_degrees
from training.faces.pose_rows import angle_rows, sliced_means, yaw_slices
from training.faces.posed import PosedFaces, measure_posed
from training.faces.predictor import FacePredictor
from training.faces.targets import POINTS
from training.landmarks.report import write_metrics
from training.metric_rows import MetricRows
from training.onnx_session import open_session
from training.plots import plot_angles
from training.samples import ImageSample
from training.workspace import Workspace
from training.zoo.found_boxes import detector_of, needs_boxes, with_boxes
from training.zoo.sources import judged_samples, present

POSED = (
    "aflw2000_3d_68",
    "w300_3d",
    "w300_lp",
    "pointing04",
    "pointing04-folder",
    "renders-test",
    "biwi",
)
"""The sets that rotations are judged on, as far as they are there."""
ANGLES = ("yaw", "pitch", "roll")
WITHOUT_ROLL = frozenset({"pointing04", "pointing04-folder"})
_LABELLED = "labelled box, |pitch| <= 60; the interval is over pictures"
_FOUND = (
    "box found by our detector, faces that it misses left out, |pitch| <= 60; the interval is over "
    "pictures"
)


def rotation_predictor(path: Path, *, threads: int = 1) -> FacePredictor:
    """A pose model (a folder, or a bare ONNX file) among the models of faces: what it does not
    answer is NaN.
    """
    session, card = open_session(path, threads)
    scale = card.input.crop.scale if card is not None and card.input.crop else CROP_SCALE
    (source,) = session.get_inputs()

    def run(crops: NDArray[np.uint8]) -> Mapping[str, NDArray[Any]]:
        (rotation,) = session.run(["rotation"], {source.name: crops})
        return answers_of_rotation(rotation)

    return FacePredictor(run, int(source.shape[1]), scale)


def answers_of_rotation(rotation: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
    """(N, 3, 3) among the answers of face models; all others are NaN."""
    shapes = face_outputs(POINTS).items()
    unknown = {name: np.full((len(rotation), *sides), np.nan) for name, sides in shapes}
    return unknown | {"rotation": rotation}


def evaluate_rotations(
    predictor: FacePredictor,
    samples: Sequence[ImageSample],
    *,
    test_set: str,
    protocol: str = _LABELLED,
) -> tuple[list[Metric], PosedFaces]:
    """Rows for the card, and the faces that they stand on. protocol: whose boxes the faces have.

    ValueError when none has a rotation.
    """
    roll = not {sample.source for sample in samples} & WITHOUT_ROLL
    posed = measure_posed(predictor, samples, roll_labelled=roll)
    return rotation_rows(posed, test_set, protocol), posed


def rotation_rows(posed: PosedFaces, test_set: str, protocol: str) -> list[Metric]:
    """Errors of the angles and, where roll is labelled, of the rotation, by bins of yaw."""
    rows = MetricRows(test_set, range(len(posed)))
    slices = yaw_slices(posed)
    if posed.roll_labelled:
        sliced_means(rows, "geodesic_error", posed.geodesic, "degrees", protocol, slices)
        zero = geodesic_degrees(posed.rotation, np.eye(3))
        rows.mean("geodesic_error_of_always_0", zero, unit="degrees", protocol=protocol)
    angle_rows(rows, posed, protocol, slices)
    return rows.metrics


def write_rotation_report(
    rows: Sequence[Metric], posed: PosedFaces, folder: Path, *, title: str
) -> None:
    """Writes metrics.json, results.csv and angles.png into `folder`."""
    write_metrics(rows, folder)
    found = posed.angles + posed.angle_errors
    names = ANGLES[: len(posed.axes)]
    with (folder / "results.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        true, errors = ([f"{kind}_{angle}" for angle in names] for kind in ("true", "error"))
        # Without a labelled roll the turn between the two rotations means nothing.
        turn = ["geodesic"] if posed.roll_labelled else []
        table.writerow(["image", *true, *errors, *turn])
        for row, name in enumerate(posed.names):
            values = [*posed.angles[row, : len(names)], *posed.angle_errors[row, : len(names)]]
            values += [posed.geodesic[row]] if turn else []
            table.writerow([name, *(f"{value:.3f}" for value in values)])
    pairs = {angle: (posed.angles[:, i], found[:, i]) for i, angle in enumerate(names)}
    plot_angles(folder / "angles.png", pairs, title=title)


def judge_rotations(workspace: Workspace, data: Path, tests: Sequence[str]) -> None:
    """Evaluates a recipe's exported file on those of `tests` that are there."""
    predictor = rotation_predictor(workspace.require(workspace.onnx, "export"))
    for name in present(tests, data) if tests else ():
        samples, protocol = judged_samples(name, "ibug-68", data), _LABELLED
        if needs_boxes(samples):
            samples, protocol = with_boxes(samples, detector_of(workspace.models)), _FOUND
        rows, posed = evaluate_rotations(predictor, samples, test_set=name, protocol=protocol)
        folder = workspace.evaluation(name)
        write_rotation_report(rows, posed, folder, title=f"{workspace.name}, {name}")
