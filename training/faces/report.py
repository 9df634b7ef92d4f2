"""Files of one evaluation of a face model: numbers, a table of all faces, curves, contact sheets.

The sheets show photographs of people: write them outside the repository.
"""

import csv
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.card import CARD_FILE
from app.face.landmarks import scheme
from training.contact_sheet import landmark_tile, write_sheets
from training.faces.evaluation import (
    DETECTOR,
    FaceEvaluation,
    Finder,
    PointEvaluation,
    evaluate_face,
)
from training.faces.five_points import FivePointEvaluation
from training.faces.posed import PosedFaces
from training.faces.presence import PlacesWithoutFace, PresenceEvaluation
from training.faces.rendered import FOLDER as RENDERS
from training.faces.tiles import posed_tile
from training.landmarks.report import write_metrics, write_report
from training.precision_files import INT8_SUFFIX
from training.workspace import Workspace

_ANGLES = ("yaw", "pitch", "roll")


def judge(workspace: Workspace, data: Path) -> None:
    """Evaluates a recipe's exported files on all sets, in our detector's boxes too where that is
    published, and writes the folders that its card is made from.
    """
    detector = workspace.models / DETECTOR
    finder = Finder.open(detector) if (detector / CARD_FILE).is_file() else None
    files = {"": workspace.require(workspace.onnx, "export"), INT8_SUFFIX: workspace.int8}
    for suffix, model in files.items():
        if model.is_file():
            evaluation = evaluate_face(model, data, finder=finder)
            folder_of = partial(_folder_of, workspace, suffix)
            write_face_report(evaluation, folder_of, title=workspace.name + suffix)


def _folder_of(workspace: Workspace, suffix: str, test_set: str) -> Path:
    return workspace.evaluation(test_set + suffix)


def write_face_report(
    evaluation: FaceEvaluation, folder_of: Callable[[str], Path], *, title: str
) -> None:
    """Writes the folder of every set of FACE_SETS; folder_of: where that of a set is."""
    write_point_report(evaluation.points, folder_of, title=title)
    for name, rows in evaluation.rows.items():
        write_metrics(rows, folder_of(name))

    posed = evaluation.pointing.posed
    folder = folder_of("pointing04")
    _write_table(posed, folder / "results.csv")
    errors = np.linalg.norm(posed.axis_errors, axis=1)
    write_sheets(folder, errors, lambda row: posed_tile(posed, row, _caption(posed, row)))

    rendered, by_diagonal = evaluation.renders.faces, evaluation.renders.nme
    heads, truth = rendered.posed, rendered.points_in_crop
    folder = folder_of(RENDERS)
    _write_table(heads, folder / "results.csv")
    write_sheets(folder, heads.geodesic, lambda row: _rendered_tile(heads, row, truth))
    write_sheets(folder / "points", by_diagonal, lambda row: _rendered_tile(heads, row, truth))
    _write_presence(evaluation.presence, folder_of("negatives"))


def write_point_report(
    evaluation: PointEvaluation, folder_of: Callable[[str], Path], *, title: str
) -> None:
    """Writes the folder of every set of POINT_SETS."""
    for name, photographs in evaluation.photographs.items():
        write_report(photographs, folder_of(name), title=f"{title}, {name}")
    for name, rows in evaluation.rows.items():
        write_metrics(rows, folder_of(name))
    five = evaluation.five
    write_sheets(folder_of("mtfl80"), five.errors, lambda row: _five_tile(five, row))


def _rendered_tile(posed: PosedFaces, row: int, truth: NDArray[np.float64]) -> NDArray[np.uint8]:
    caption = f"{posed.geodesic[row]:.1f} deg  {posed.names[row]}"
    return posed_tile(posed, row, caption, truth[row])


def _caption(posed: PosedFaces, row: int) -> str:
    """What was said and what is true, of the angles that are labelled."""
    count = len(posed.axes)
    found = (posed.angles + posed.angle_errors)[row, :count]
    pairs = zip(_ANGLES, found.tolist(), posed.angles[row].tolist(), strict=False)
    return "  ".join(f"{name} {said:.0f} ({true:.0f})" for name, said, true in pairs)


def _five_tile(five: FivePointEvaluation, row: int) -> NDArray[np.uint8]:
    measured = five.measurement
    if measured.crops is None:
        raise ValueError("the crops of the labelled box were not kept")
    return landmark_tile(
        measured.crops[row],
        measured.points_in_crop[row],
        measured.truth_in_crop[row],
        scheme("five"),
        f"{100 * five.errors[row]:.1f} %",
    )


def _write_presence(presence: PresenceEvaluation, folder: Path) -> None:
    """Places without a face, the ones most like a face first."""
    for kind, places in presence.empty.items():
        write_sheets(folder / kind.split()[0], places.presence, partial(_empty_tile, places))


def _empty_tile(places: PlacesWithoutFace, row: int) -> NDArray[np.uint8]:
    caption = f"{places.presence[row]:.2f}  {places.photographs[row]}"
    return landmark_tile(places.crops[row], None, None, scheme("ibug-68"), caption)


def _write_table(posed: PosedFaces, path: Path) -> None:
    """One line a face: angles and deviations in degrees."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns: Sequence[str] = (
        "name",
        *(f"true_{angle}" for angle in _ANGLES),
        *(f"{angle}_error" for angle in _ANGLES),
        *(f"std_{axis}" for axis in "xyz"),
        "presence",
    )
    answers = posed.answers
    rows = np.concatenate(
        [posed.angles, posed.angle_errors, answers.rotation_std, answers.presence[:, None]], axis=1
    )
    with path.open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(columns)
        for name, values in zip(posed.names, rows.tolist(), strict=True):
            table.writerow([name, *(f"{value:.3f}" for value in values)])
