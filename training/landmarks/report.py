"""Files of one landmark evaluation: numbers for each face, the curve, and sheets to look at.

The sheets show photographs of people: write them outside the repository.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.card import Metric
from training.contact_sheet import landmark_tile, write_sheets
from training.landmarks.evaluation import LandmarkEvaluation
from training.landmarks.protocols import LABELLED
from training.plots import plot_ced

_COLUMNS = (
    "source",
    "image",
    "face",
    "subject",
    "protocol",
    "found",
    "nme",
    "nme_box_diagonal",
    "mean_face_nme",
    "mean_std",
    "yaw",
    "tags",
)


def write_report(
    evaluation: LandmarkEvaluation,
    folder: Path,
    *,
    title: str = "",
    peers: Mapping[str, float] | None = None,
    seed: int = 0,
) -> None:
    """Write metrics.json, results.csv, ced.png, worst.png and random.png into `folder`.

    peers: mean errors (fractions) of others by name, drawn into the curve.
    """
    write_metrics(evaluation.rows, folder)
    write_results(evaluation, folder / "results.csv")
    curves = {name: _known(errors) for name, errors in evaluation.nme.items()}
    if evaluation.baseline is not None:
        curves["mean face"] = _known(evaluation.baseline)
    plot_ced(folder / "ced.png", curves, peers=peers, title=title)
    if LABELLED.name not in evaluation.measurements:
        return
    errors = evaluation.nme[LABELLED.name]
    write_sheets(folder, errors, partial(_tile, evaluation), seed=seed)


def write_metrics(metrics: Sequence[Metric], folder: Path) -> None:
    """Write metrics.json, from which the card takes its numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row.model_dump(mode="json") for row in metrics]
    (folder / "metrics.json").write_text(json.dumps(rows, indent=2) + "\n")


def write_results(evaluation: LandmarkEvaluation, path: Path) -> None:
    """One line for each face and protocol. Errors in percent, deviations in unit-crop lengths."""
    with path.open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(_COLUMNS)
        for protocol, measured in evaluation.measurements.items():
            plain = protocol == LABELLED.name and evaluation.baseline is not None
            baseline = evaluation.baseline if plain else None
            for row, entry in enumerate(evaluation.faces):
                mean_std = None if measured.std is None else measured.std[row][entry.seen].mean()
                table.writerow(
                    [
                        entry.sample.source,
                        entry.sample.name,
                        entry.index,
                        entry.sample.subject,
                        protocol,
                        int(measured.found[row]),
                        _number(100 * evaluation.nme[protocol][row]),
                        _number(100 * evaluation.nme_box_diagonal[protocol][row]),
                        _number(None if baseline is None else 100 * baseline[row]),
                        _number(mean_std, 6),
                        _number(evaluation.yaw[row], 1),
                        ";".join(
                            f"{tag}={value}" for tag, value in sorted(entry.face.tags.items())
                        ),
                    ]
                )


def _tile(evaluation: LandmarkEvaluation, index: int) -> NDArray[np.uint8]:
    measured, entry = evaluation.measurements[LABELLED.name], evaluation.faces[index]
    if measured.crops is None:
        raise ValueError("the crops of the labelled box were not kept")
    error = evaluation.nme[LABELLED.name][index]
    return landmark_tile(
        measured.crops[index],
        measured.points_in_crop[index],
        measured.truth_in_crop[index],
        evaluation.scheme,
        f"{100 * error:.2f} %  {entry.sample.path.stem}",
        seen=entry.seen,
    )


def _known(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Missed faces stay in the curve as errors beyond any limit."""
    return np.where(np.isnan(errors), np.inf, errors)


def _number(value: float | None, digits: int = 4) -> str:
    return "" if value is None or np.isnan(value) else f"{value:.{digits}f}"
