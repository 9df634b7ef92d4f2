"""`python -m training results`: judges every published model and writes docs/results.md."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.face.card import CARD_FILE, Metric, ModelCard, load_card
from training.faces.coverage import Curve, face_curves, point_curves
from training.faces.evaluation import (
    DETECTOR,
    FaceEvaluation,
    Finder,
    PointEvaluation,
    evaluate_face,
    evaluate_points,
)
from training.faces.report import write_face_report, write_point_report
from training.landmarks.protocols import LABELLED
from training.plots import plot_by_part, plot_ced, plot_coverage
from training.results_page import Published, results_page
from training.speed import time_beside_reference

PAGE = "results.md"
_PHOTOGRAPHS = "w300"
_BINS = ("|yaw| 0-30", "|yaw| 30-60", "|yaw| 60-90")


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """One model and everything measured about it."""

    published: Published
    points: PointEvaluation
    coverage: Mapping[str, Curve]

    @property
    def name(self) -> str:
        return self.published.card.name


def write_results(models: Path, data: Path, runs: Path, docs: Path) -> None:
    """models: folder of model folders. runs: gets numbers, tables and contact sheets of each model
    in `results/<model>/`. docs: gets results.md and the pictures in images/.

    FileNotFoundError when there is no model of faces, or a test set is missing.
    """
    cards = [load_card(path.parent) for path in sorted(models.glob(f"*/{CARD_FILE}"))]
    judged_cards = sorted(
        filter(is_ours, cards), key=lambda card: (card.task != "landmarks", card.name)
    )
    if not judged_cards:
        raise FileNotFoundError(f"{models} holds no model of 68 points: is --models right?")
    detectors = [card for card in cards if card.task == "detection"]
    found = any(card.name == DETECTOR for card in detectors)
    finder = Finder.open(models / DETECTOR) if found else None
    judged = [_judge(card, models, data, runs, finder) for card in judged_cards]
    files = {card.name: models / card.name / card.file.name for card in judged_cards}
    scratch = runs / "results" / "speed"
    timings = time_beside_reference(files, scratch)
    shutil.rmtree(scratch, ignore_errors=True)
    pictures = _pictures(judged, docs)
    page = results_page([one.published for one in judged], detectors, timings, pictures)
    (docs / PAGE).write_text(page, encoding="utf-8")


def is_ours(card: ModelCard) -> bool:
    """Of 68 points with deviations: earlier systems, which state none, stand in docs/zoo.md."""
    states = any(output.name == "std" for output in card.outputs)
    return card.task in {"face", "landmarks"} and card.scheme == "ibug-68" and states


def _judge(card: ModelCard, models: Path, data: Path, runs: Path, finder: Finder | None) -> _Judged:
    print(f"== results {card.name}", file=sys.stderr)
    folder, out = models / card.name, runs / "results" / card.name

    def folder_of(test_set: str) -> Path:
        return out / test_set

    if card.task == "face":
        face: FaceEvaluation = evaluate_face(folder, data, finder=finder)
        write_face_report(face, folder_of, title=card.name)
        return _Judged(Published(card, face.rows), face.points, face_curves(face))
    points = evaluate_points(folder, data, finder=finder)
    write_point_report(points, folder_of, title=card.name)
    return _Judged(Published(card, points.rows), points, point_curves(points))


def _pictures(judged: Sequence[_Judged], docs: Path) -> dict[str, str]:
    """Draws them into docs/images; captions by path relative to docs."""
    images = docs / "images"
    errors = {}
    for one in judged:
        photographs = one.points.photographs[_PHOTOGRAPHS]
        # Missed faces stay in the curve as errors beyond any limit.
        errors[one.name] = np.nan_to_num(photographs.nme[LABELLED.name], nan=np.inf)
        if photographs.baseline is not None:
            errors.setdefault("mean face", np.nan_to_num(photographs.baseline, nan=np.inf))
    title = "300-W LFPW test, labelled boxes"
    plot_ced(images / "results-ced.png", errors, title=title)
    captions = {"images/results-ced.png": f"Share of faces below each error, {title}"}
    for angle in ("yaw", "pitch"):
        lines = {}
        for one in judged:
            rows = one.published.rows
            lines[one.name] = _by_bin(rows.get("pointing04", ()), f"{angle}_mae")
            lines[f"{one.name}, PnP"] = _by_bin(rows["pointing04-pnp"], f"{angle}_mae_pnp")
        known = {name: values for name, values in lines.items() if values}
        title = f"Pointing'04 persons 11-12, mean absolute error of {angle}"
        plot_by_part(images / f"results-{angle}.png", known, title=title, unit="degrees")
        captions[f"images/results-{angle}.png"] = title
    for one in judged:
        if one.coverage:
            path = f"images/results-coverage-{one.name}.png"
            plot_coverage(docs / path, one.coverage, title=f"{one.name}, held-out faces")
            captions[path] = f"What the intervals of {one.name} promise and cover"
    return captions


def _by_bin(rows: Sequence[Metric], name: str) -> dict[str, tuple[float, float, float]]:
    values = {}
    for row in rows:
        if row.name == name and row.slice in _BINS and row.interval95 is not None:
            values[row.slice] = (row.value, *row.interval95)
    return values
