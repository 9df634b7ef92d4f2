"""How well `usable` tells right answers from wrong, and where its limits should stand.

    python -m benchmarks.usability --data DIR [--model NAME] [--boxes validation|test]

DIR holds the folders w300, pointing04 and negatives as training reads them. An answer is right when
its landmarks are within 10 % of the eye distance (w300) or its pose within 20 degrees of the marker
that the person looked at (pointing04), wrong from 15 % or above 20 degrees on; where there is no
face, every answer is wrong. Boxes are those of the detector on pointing04 and made from the labels
elsewhere. Photographs are also blurred, darkened, shrunk and half covered. Of boxes beside the face
the pose is right within 10 degrees of the answer for the face's own box, and they are sent once
more, made from the landmarks of the answer: what a caller can do who is refused.

--boxes judges boxes beside the face alone, on those pictures or on the ones that test the models.

The first table is what the verdicts do, the second what each limit does by itself, where it stands
and where it would cost least.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import numpy as np

from app.detection.candidates import Candidate
from app.detection.detector import Detector
from app.face.geometry import Box, face_box
from app.face.landmarks import scheme
from app.face.rotation import geodesic_degrees
from app.faces import measure
from app.inference.model import Model
from app.measuring.alignment import Aligner, HeadInCrop
from app.options import Options
from app.results import Face, ImageFacts
from app.settings import Settings
from benchmarks.usability_boxes import moved_boxes
from benchmarks.usability_cases import Case, Image8, nothing, people, photographs, spoilt
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
    parser.add_argument(
        "--boxes", choices=("validation", "test"), help="boxes beside the face alone"
    )
    given = parser.parse_args()
    detector = Detector(Model.open(given.models / settings.detector, "cpu"))
    aligner = Aligner(Model.open(given.models / given.model, "cpu"))
    if not aligner.tells_deviations:
        parser.error(f"{given.model} states no deviations: nothing it answers is called usable")
    rng = np.random.default_rng(0)
    rows: dict[str, Row] = defaultdict(Row)
    answers = []
    for case in () if given.boxes else _cases(given.data, detector, rng):
        found = answer(case, aligner)
        count(rows[case.kind], found)
        answers.append(found)
    for case in moved_boxes(given.data, detector, rng, given.boxes == "test"):
        found = answer(case, aligner)
        count(rows[case.kind], found)
        again = replace(case, kind=f"{case.kind}, sent again", box=face_box(found.face.points))
        count(rows[again.kind], answer(again, aligner))
    print_verdicts(rows)
    if answers:
        print()
        print("\n".join(table(list(proposals(answers, aligner.tells_head)))))


def _cases(data: Path, detector: Detector, rng: np.random.Generator) -> Iterator[Case]:
    return chain(
        photographs(data / "w300", rng),
        spoilt(data / "w300", rng),
        nothing(data / "negatives", rng),
        people(data / "pointing04", detector),
    )


def answer(case: Case, aligner: Aligner) -> Answered:
    """What the service would answer for the box, and whether it is right."""
    face, head = _ask(case.image, case.box, case.confidence, aligner)
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
    elif case.whole is not None:
        by = ["pose"]
        own = _ask(case.image, case.whole, None, aligner)[0].pose
        if face.pose is not None and own is not None:
            right = float(geodesic_degrees(face.pose.rotation, own.rotation)) <= 10
            wrong = not right
    return Answered(case.kind, face, head, right, wrong, by)


def _ask(
    image: Image8, box: Box, confidence: float | None, aligner: Aligner
) -> tuple[Face, HeadInCrop | None]:
    candidate = Candidate(box, confidence, 0.0, box)
    crop = candidate.cut(image, aligner.crop_size, aligner.crop_scale)
    aligned = aligner.run([crop.pixels])
    facts = ImageFacts(image.shape[1], image.shape[0], 1)
    (face,) = measure([candidate], [crop], aligned, aligner, Options(), facts)
    return face, aligned[0].head


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
