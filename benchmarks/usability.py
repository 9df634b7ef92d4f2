"""How well `usable` tells right answers from wrong: `python -m benchmarks.usability --data DIR`.

DIR holds the folders w300, pointing04 and negatives as training reads them. An answer is right when
its landmarks are within 10 % of the eye distance (w300) or its pose within 20 degrees of the marker
that the person looked at (pointing04), wrong from 15 % or above 20 degrees on; where there is no
face, every answer is wrong. Boxes are those of the detector on pointing04 and made from the labels
elsewhere.
"""

import argparse
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from app.alignment import Aligner
from app.candidates import Candidate
from app.detection import Detector
from app.face.landmarks import scheme
from app.face.rotation import geodesic_degrees
from app.inference import Model
from app.measuring import measure
from app.options import Options
from app.results import Face, ImageFacts
from benchmarks.usability_cases import Case, nothing, people, photographs


@dataclass(slots=True)
class Row:
    """Counts of one kind of case: answers, and of these the usable ones (landmarks, pose).

    reasons: those given for right answers.
    """

    right: int = 0
    right_landmarks: int = 0
    right_pose: int = 0
    wrong: int = 0
    wrong_landmarks: int = 0
    wrong_pose: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    given = parser.parse_args()
    detector = Detector(Model.open(given.models / "detector", "cpu"))
    aligner = Aligner(Model.open(given.models / "landmarks-68", "cpu"))
    rng = np.random.default_rng(0)
    rows: dict[str, Row] = defaultdict(Row)
    for case in chain(
        photographs(given.data / "w300", rng),
        nothing(given.data / "negatives", rng),
        people(given.data / "pointing04", detector),
    ):
        count(rows[case.kind], case, answer(case, aligner))
    print(
        "| answers | right | landmarks | pose | refused for | wrong | both refused | pose refused |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for kind, row in rows.items():
        kept = _percent(row.right_landmarks, row.right), _percent(row.right_pose, row.right)
        refused = (
            _percent(row.wrong - row.wrong_landmarks, row.wrong),
            _percent(row.wrong - row.wrong_pose, row.wrong),
        )
        why = ", ".join(f"{name} {n}" for name, n in row.reasons.most_common(3)) or "-"
        print("|", " | ".join([kind, str(row.right), *kept, why, str(row.wrong), *refused]), "|")


def answer(case: Case, aligner: Aligner) -> Face:
    """What the service would answer for the box."""
    found = Candidate(case.box, case.confidence, 0.0, case.box)
    crop = found.cut(case.image, aligner.crop_size, aligner.crop_scale)
    height, width = case.image.shape[:2]
    aligned = aligner.run([crop.pixels])
    (face,) = measure([found], [crop], aligned, aligner, Options(), ImageFacts(width, height, 1))
    return face


def count(row: Row, case: Case, face: Face) -> None:
    right, wrong = False, True
    if case.points is not None:
        distance = np.linalg.norm(face.points - case.points, axis=1).mean()
        error = distance / scheme("ibug-68").nme_distance(case.points)
        right, wrong = error < 0.10, error > 0.15
    elif case.rotation is not None and face.pose is not None:
        right = float(geodesic_degrees(face.pose.rotation, case.rotation)) <= 20
        wrong = not right
    row.right += right
    row.right_landmarks += right and face.usable.landmarks
    row.right_pose += right and face.usable.pose
    if right:
        row.reasons.update(face.usable.reasons)
    row.wrong += wrong
    row.wrong_landmarks += wrong and face.usable.landmarks
    row.wrong_pose += wrong and face.usable.pose


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


if __name__ == "__main__":
    main()
