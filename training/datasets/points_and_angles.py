"""A table of faces without pictures: 68 points and the head's angles, for `distances-mlp`.

`points_and_angles.csv` with a header and one face a row:

    subject,x0,y0,x1,y1,...,x67,y67,roll,pitch,yaw

Points are pixels of whatever picture they were found in, in the order of ibug-68 (dlib's). Angles
are degrees in our convention (app.face.rotation); bring those of another convention into it first.
`subject` says who is shown, so that no person is in two splits; where it is empty, the row is
somebody of its own. 70 % of the subjects are for training, 15 % each for validation and test, by
hash.

This layout is ours: the table that the recipe was first made for (6,288 faces) was not published
with one. A table of the 2,278 distances alone cannot be read, since the network takes points and
measures the distances itself.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from app.face.geometry import face_box
from app.face.rotation import from_euler
from training.datasets.facts import SourceFacts
from training.samples import FaceSample, ImageSample, Split
from training.splits import bucket

SOURCE = SourceFacts(
    name="points_and_angles",
    title="table of 68 points and head angles",
    licence="that of the pictures that its points were found in",
    edition="research",
    citation="your own",
)

FILE = "points_and_angles.csv"
_POINTS = tuple(f"{axis}{index}" for index in range(68) for axis in "xy")
HEADER = ("subject", *_POINTS, "roll", "pitch", "yaw")


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a row. There is no picture: the path is that of the table and the row.

    Raises FileNotFoundError when there is no table, ValueError, naming the row, for a broken one.
    """
    file = root / FILE
    if not file.is_file():
        raise FileNotFoundError(
            f"{file} is missing: its columns are subject,x0,y0,...,roll,pitch,yaw"
        )
    with file.open(newline="", encoding="utf-8") as text:
        rows = csv.reader(text)
        header = tuple(name.strip() for name in next(rows, []))
        if header != HEADER:
            raise ValueError(
                f"{file} has {len(header)} columns that are not the {len(HEADER)} expected: "
                "subject,x0,y0,...,x67,y67,roll,pitch,yaw"
            )
        for number, row in enumerate(rows):
            subject = f"points_and_angles:{row[0] or number}" if row else ""
            yield ImageSample(
                source=SOURCE.name,
                path=file / str(number),
                faces=(_face(row, f"{file}, row {number}"),),
                subject=subject,
                split=_split(subject),
                complete=False,
            )


def _face(row: list[str], where: str) -> FaceSample:
    try:
        numbers = np.array(row[1:], np.float64)
    except ValueError as error:
        raise ValueError(f"{where}, holds something that is no number: {error}") from error
    if len(row) != len(HEADER) or not np.isfinite(numbers).all():
        raise ValueError(f"{where}, holds {len(row)} values, expected {len(HEADER)} finite ones")
    points = numbers[:-3].reshape(68, 2).astype(np.float32)
    roll, pitch, yaw = numbers[-3:].tolist()
    return FaceSample(
        box=face_box(points),
        points_in_image=points,
        scheme="ibug-68",
        rotation=from_euler(yaw, pitch, roll),
    )


def _split(subject: str) -> Split:
    part = bucket(subject, 20)
    return "test" if part < 3 else "validation" if part < 6 else "train"
