"""How well `usable` tells right answers from wrong, and where its limits should stand.

    python -m benchmarks.usability --data DIR [--model NAME]

DIR holds the folders w300, pointing04 and negatives as training reads them. An answer is right when
its landmarks are within 10 % of the eye distance (w300) or its pose within 20 degrees of the marker
that the person looked at (pointing04), wrong from 15 % or above 20 degrees on; where there is no
face, every answer is wrong. Boxes are those of the detector on pointing04 and made from the labels
elsewhere. Photographs are also blurred, darkened, shrunk and half covered.

The first table is what the verdicts do, the second what each limit does by itself, where it stands
and where it would cost least.
"""

import argparse
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from app.detection.candidates import Candidate
from app.detection.detector import Detector
from app.face.landmarks import scheme
from app.face.rotation import geodesic_degrees
from app.faces import measure
from app.inference.model import Model
from app.measuring.alignment import Aligner
from app.options import Options
from app.results import ImageFacts
from app.settings import Settings
from benchmarks.usability_cases import Case, nothing, people, photographs, spoilt
from benchmarks.usability_limits import Answered, proposals, table


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
    settings = Settings()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument(
        "--models", type=Path, default=settings.models_dir, help="folder of the models"
    )
    parser.add_argument(
        "--model", default=settings.landmarks[0], help="landmark or face model (default: the first)"
    )
    given = parser.parse_args()
    detector = Detector(Model.open(given.models / settings.detector, "cpu"))
    aligner = Aligner(Model.open(given.models / given.model, "cpu"))
    if not aligner.tells_deviations:
        parser.error(f"{given.model} states no deviations: nothing it answers is called usable")
    rng = np.random.default_rng(0)
    rows: dict[str, Row] = defaultdict(Row)
    answers = []
    for case in chain(
        photographs(given.data / "w300", rng),
        spoilt(given.data / "w300", rng),
        nothing(given.data / "negatives", rng),
        people(given.data / "pointing04", detector),
    ):
        found = answer(case, aligner)
        count(rows[case.kind], found)
        answers.append(found)
    print_verdicts(rows)
    print()
    print("\n".join(table(list(proposals(answers, aligner.tells_head)))))


def answer(case: Case, aligner: Aligner) -> Answered:
    """What the service would answer for the box, and whether it is right."""
    candidate = Candidate(case.box, case.confidence, 0.0, case.box)
    crop = candidate.cut(case.image, aligner.crop_size, aligner.crop_scale)
    height, width = case.image.shape[:2]
    aligned = aligner.run([crop.pixels])
    facts = ImageFacts(width, height, 1)
    (face,) = measure([candidate], [crop], aligned, aligner, Options(), facts)
    right, wrong = False, True
    by = ["landmarks", "pose"]
    if case.points is not None:
        by = ["landmarks"]
        distance = np.linalg.norm(face.points - case.points, axis=1).mean()
        error = distance / scheme("ibug-68").nme_distance(case.points)
        right, wrong = bool(error < 0.10), bool(error > 0.15)
    elif case.rotation is not None:
        by = ["pose"]
        if face.pose is not None:
            right = float(geodesic_degrees(face.pose.rotation, case.rotation)) <= 20
            wrong = not right
    return Answered(case.kind, face, aligned[0].head, right, wrong, by)


def count(row: Row, one: Answered) -> None:
    usable = one.face.usable
    row.right += one.right
    row.right_landmarks += one.right and usable.landmarks
    row.right_pose += one.right and usable.pose
    if one.right:
        row.reasons.update(usable.reasons)
    row.wrong += one.wrong
    row.wrong_landmarks += one.wrong and usable.landmarks
    row.wrong_pose += one.wrong and usable.pose


def print_verdicts(rows: dict[str, Row]) -> None:
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


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


if __name__ == "__main__":
    main()
