"""`python -m training zoo`: every published model of faces on the same faces, and docs/zoo.md.

All schemes name five places (eyes, nose tip, mouth corners): on these all models that tell points
are compared. A model of 68 points that tells no rotation is judged by PnP on its points.
"""

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.face.card import Metric
from app.face.geometry import face_box
from app.face.landmarks import scheme
from app.face.pnp import solve
from training.datasets import load
from training.faces.predictor import FacePredictor
from training.faces.rendered import FOLDER as HELD_OUT
from training.landmarks.evaluation import evaluate_landmarks
from training.landmarks.measure import mean_face
from training.landmarks.metrics import to_five
from training.landmarks.predictor import LandmarkPredictor
from training.landmarks.protocols import LABELLED
from training.plots import plot_by_part, plot_ced
from training.samples import ImageSample
from training.speed import time_beside_reference
from training.zoo.comparison_page import Compared, page_with
from training.zoo.crop_camera import crop_camera
from training.zoo.entrants import Entrant, entrants
from training.zoo.rotation_evaluation import (
    answers_of_rotation,
    evaluate_rotations,
    rotation_predictor,
)
from training.zoo.sources import judged_samples

PAGE = "zoo.md"
PHOTOGRAPHS, PEOPLE = "w300", "pointing04"
# Each as it is published, where the repacked one is not there.
_COPIES = {PHOTOGRAPHS: "pts-folder", PEOPLE: "pointing04-folder"}
_LFPW_TEST = "300w:lfpw/test/"
_BINS = ("|yaw| 0-30", "|yaw| 30-60", "|yaw| 60-90")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Faces:
    """The faces that all are judged on. five: labelled with the five places."""

    five: Mapping[str, Sequence[ImageSample]]
    mean_five: Floats
    data: Path

    @classmethod
    def of(cls, data: Path) -> "_Faces":
        photographs = load(_at_hand(PHOTOGRAPHS, data), data)
        tested = [one for one in photographs if one.subject.startswith(_LFPW_TEST)]
        training = [one for one in photographs if one.split == "train"]
        five = {
            PHOTOGRAPHS: _five(tested),
            HELD_OUT: _five(judged_samples(HELD_OUT, "ibug-68", data)),
        }
        return cls(five, mean_face(_five(training), 1.3), data)


def write_comparison(models: Path, data: Path, runs: Path, docs: Path) -> None:
    """Writes the numbers of docs/zoo.md and its pictures in docs/images; keeps the page's text.

    FileNotFoundError when there is no model of faces, or a test set is missing.
    """
    taking_part = entrants(models, runs)
    faces = _Faces.of(data)
    errors: dict[str, Floats] = {}
    compared = []
    for one in taking_part:
        print(f"== compare {one.name}", file=sys.stderr)
        compared.append(_compare(one, faces, errors))
    scratch = runs / "zoo" / "speed"
    timings = time_beside_reference({one.name: one.file for one in taking_part}, scratch)
    shutil.rmtree(scratch, ignore_errors=True)
    pictures = _pictures(compared, errors, docs)
    page = docs / PAGE
    page.write_text(page_with(page.read_text(), compared, timings, pictures), encoding="utf-8")


def _compare(one: Entrant, faces: _Faces, errors: dict[str, Floats]) -> Compared:
    rows: dict[str, list[Metric]] = {}
    if "points" in one.outputs:
        predictor = LandmarkPredictor.open(one.file)
        for name, samples in faces.five.items():
            judged = evaluate_landmarks(
                predictor,
                samples,
                test_set=name,
                mean_points=_as_scheme(faces.mean_five, predictor),
                protocols=[LABELLED],
            )
            rows[f"{name}, five places"] = judged.rows
            if name == PHOTOGRAPHS:
                errors[one.name] = judged.nme[LABELLED.name]
        own = judged_samples(HELD_OUT, predictor.scheme.name, faces.data)
        judged = evaluate_landmarks(predictor, own, test_set=HELD_OUT, protocols=[LABELLED])
        rows[f"{HELD_OUT}, own points"] = judged.rows
    by_pnp = "rotation" not in one.outputs
    turned = _turned(one, by_pnp)
    if turned is not None:
        for name in (PEOPLE, HELD_OUT):
            samples = judged_samples(_at_hand(name, faces.data), "ibug-68", faces.data)
            rows[f"{name}, rotation"], _ = evaluate_rotations(turned, samples, test_set=name)
    return Compared(one.card, rows, by_pnp and turned is not None)


def _at_hand(name: str, data: Path) -> str:
    """The set, or the copy of it that lies in `data`."""
    copy = _COPIES.get(name, name)
    return copy if (data / copy).is_dir() and not (data / name).is_dir() else name


def _turned(one: Entrant, by_pnp: bool) -> FacePredictor | None:
    """What answers its rotations; None where there is no way to one."""
    if not by_pnp:
        return rotation_predictor(one.file)
    return pnp_predictor(LandmarkPredictor.open(one.file)) if one.card.scheme == "ibug-68" else None


def pnp_predictor(points_of: LandmarkPredictor) -> FacePredictor:
    """The rotations that PnP makes of a model's 68 points, as if a camera looked straight at the
    middle of each crop.
    """
    size = points_of.size
    camera = crop_camera(size)

    def run(crops: NDArray[np.uint8]) -> Mapping[str, NDArray[Any]]:
        points, _ = points_of.predict(crops)
        found = [solve(one * size - 0.5, camera).rotation for one in points]
        return answers_of_rotation(np.stack(found))

    return FacePredictor(run, size, points_of.crop_scale)


def _five(samples: Iterable[ImageSample]) -> list[ImageSample]:
    """The same faces with the five places of their 68 points, in the boxes of all 68."""
    made = []
    for sample in samples:
        faces = [
            replace(
                face,
                box=face_box(face.points_in_image),
                points_in_image=to_five(face.points_in_image[None], scheme("ibug-68"))[0],
                seen=None,
                scheme="five",
            )
            for face in sample.faces
            if face.points_in_image is not None and face.scheme == "ibug-68"
        ]
        if faces:
            made.append(replace(sample, faces=tuple(faces)))
    return made


def _as_scheme(five: Floats, predictor: LandmarkPredictor) -> Floats:
    """Points of the predictor's scheme whose five named places are these."""
    named = predictor.scheme
    points = np.zeros((len(named), 2))
    for place, name in zip(five, scheme("five").names, strict=True):
        points[list(named.places[name])] = place
    return points


def _pictures(
    compared: Sequence[Compared], errors: Mapping[str, Floats], docs: Path
) -> dict[str, str]:
    """Draws them into docs/images; captions by path relative to docs."""
    title = "300-W LFPW test, five places over the distance of the eyes' centres"
    curves = _alike_together(errors)
    plot_ced(
        docs / "images" / "zoo-ced.png", curves, limit=0.25, title="300-W LFPW test, five places"
    )
    captions = {"images/zoo-ced.png": f"Share of faces below each error, {title}"}
    for test, metric, title in (
        (PEOPLE, "yaw_mae", "Pointing'04 persons 11-12, mean absolute error of yaw"),
        (HELD_OUT, "geodesic_error", "Held-out renders, angle between the rotations"),
    ):
        lines = {
            one.title: _by_bin(one.rows.get(f"{test}, rotation", ()), metric) for one in compared
        }
        path = f"images/zoo-{metric.split('_')[0]}.png"
        known = {name: values for name, values in lines.items() if values}
        plot_by_part(docs / path, known, title=title, unit="degrees")
        captions[path] = title
    return captions


def _alike_together(errors: Mapping[str, Floats]) -> dict[str, Floats]:
    """Models that answer with the points of another one are one line with it, though their graphs
    round differently.
    """
    lines: list[tuple[list[str], Floats]] = []
    for name, values in errors.items():
        names = next((n for n, known in lines if np.allclose(values, known, atol=1e-5)), None)
        if names is None:
            lines.append(([name], values))
        else:
            names.append(name)
    return {", ".join(names): values for names, values in lines}


def _by_bin(rows: Sequence[Metric], name: str) -> dict[str, tuple[float, float, float]]:
    return {
        row.slice: (row.value, *row.interval95)
        for row in rows
        if row.name == name and row.slice in _BINS and row.interval95 is not None
    }
