"""What a model that reads rotations off points makes of labelled points: of its idea alone, without
the errors of the landmark model inside of it.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx.utils import Extractor

from app.face.card import Metric
from app.face.geometry import crop_transform, invert, transform
from training.faces.posed import PosedFaces, judged_rotation
from training.faces.predictor import OUTPUT_NAMES, FaceAnswers
from training.landmarks.protocols import labelled_box
from training.landmarks.report import write_metrics
from training.onnx_session import session_of
from training.samples import ImageSample
from training.workspace import Workspace
from training.zoo.posed_points import SCHEME
from training.zoo.rotation_evaluation import (
    WITHOUT_ROLL,
    answers_of_rotation,
    rotation_rows,
    write_rotation_report,
)
from training.zoo.sources import WITHOUT_PICTURES, judged_samples, present

Points = NDArray[np.float32]

_PROTOCOL = "labelled points in the labelled box, |pitch| <= 60; the interval is over faces"


def judge_labelled_points(workspace: Workspace, data: Path, tests: Sequence[str]) -> None:
    """Adds its rows to the evaluations of those of `tests` whose faces have points and rotations;
    of a set without pictures they are all there is.
    """
    read = points_reader(workspace.require(workspace.onnx, "export"))
    for name in present(tests, data):
        posed = _posed(judged_samples(name, SCHEME, data), read, roll=name not in WITHOUT_ROLL)
        if posed is None:
            continue
        rows = rotation_rows(posed, name, _PROTOCOL)
        folder = workspace.evaluation(name)
        if name in WITHOUT_PICTURES:
            write_rotation_report(rows, posed, folder, title=f"{workspace.name}, {name}")
        else:
            known = json.loads((folder / "metrics.json").read_text())
            write_metrics([*map(Metric.model_validate, known), *rows], folder)


def points_reader(model: Path) -> Callable[[Points], FaceAnswers]:
    """The part of an exported model behind its points: (N, 68, 2), unit crop, in; of the answers
    all but the rotation are NaN.
    """
    graph = Extractor(onnx.load(model)).extract_model(["points"], ["rotation"])
    session = session_of(graph.SerializeToString())

    def read(points: Points) -> FaceAnswers:
        (rotation,) = session.run(["rotation"], {"points": points})
        answers = answers_of_rotation(rotation.astype(np.float64))
        return FaceAnswers(**{name: answers[name] for name in OUTPUT_NAMES})

    return read


def _posed(
    samples: Iterable[ImageSample], read: Callable[[Points], FaceAnswers], roll: bool
) -> PosedFaces | None:
    """None when no face has both points and a rotation."""
    points, rotations, names = [], [], []
    for sample in samples:
        for face in sample.faces:
            rotation = judged_rotation(face)
            if rotation is None or face.points_in_image is None or face.scheme != SCHEME:
                continue
            to_crop = invert(crop_transform(labelled_box(face)))
            points.append(transform(to_crop, face.points_in_image))
            rotations.append(rotation)
            names.append(sample.name)
    if not points:
        return None
    answers = read(np.stack(points).astype(np.float32))
    nothing = np.zeros((len(points), 0, 0, 3), np.uint8)
    return PosedFaces(np.stack(rotations), answers, nothing, names, roll)
