"""Files of one detector evaluation: the numbers, the curve's threshold, and sheets to look at.

The sheets show photographs of people: write them outside the repository.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box
from training.contact_sheet import Detection, contact_sheet, detection_tile, save_picture
from training.detection.evaluation import DetectorEvaluation
from training.detection.judging import Judged

THRESHOLDS_FILE = "thresholds.json"
_ON_A_SHEET = 30


def write_report(evaluation: DetectorEvaluation, folder: Path, *, nms_iou: float) -> None:
    """Writes metrics.json, thresholds.json and, for each set, a sheet of its errors and of others.

    Labelled boxes are red, found ones green; pictures with an error come first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row.model_dump(mode="json") for row in evaluation.rows]
    (folder / "metrics.json").write_text(json.dumps(rows, indent=2) + "\n")
    thresholds = {"score": evaluation.score, "nms_iou": nms_iou}
    (folder / THRESHOLDS_FILE).write_text(json.dumps(thresholds, indent=2) + "\n")
    for name, judged in evaluation.judged.items():
        wrong = _wrong(judged, evaluation.score)
        order = np.concatenate([np.flatnonzero(wrong), np.flatnonzero(~wrong)])
        tiles = [_tile(judged, int(index), evaluation.score) for index in order[:_ON_A_SHEET]]
        if tiles:
            save_picture(folder / f"{name.replace(' ', '-')}.png", contact_sheet(tiles))


def read_thresholds(folder: Path) -> dict[str, float]:
    """What `write_report` left: score and nms_iou."""
    content = json.loads((folder / THRESHOLDS_FILE).read_text())
    return {name: float(value) for name, value in content.items()}


def _wrong(judged: Judged, score: float) -> NDArray[np.bool_]:
    """(images,) whether a face is missed or a box is false at this threshold."""
    return np.array(
        [
            bool(((one.hit == 0) & (one.scores >= score)).any())
            or bool((np.nan_to_num(one.best_score, nan=-1.0) < score).any())
            for one in judged.matches
        ]
    )


def _tile(judged: Judged, index: int, score: float) -> NDArray[np.uint8]:
    image, faces = judged.images[index], judged.faces[index]
    found = [
        Detection(Box(*box), points, float(confidence))
        for box, points, confidence in zip(
            faces.boxes.tolist(), faces.points, faces.scores.tolist(), strict=True
        )
        if confidence >= score
    ]
    truth = [Box(*box) for box in image.boxes.tolist()]
    return detection_tile(image.pixels, found, truth, f"{judged.name} {index}")
