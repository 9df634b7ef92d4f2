"""MUCT: 3,755 faces of 276 people, seen by five cameras, 76 points each.

Pictures are `jpg/i000qa-fn.jpg`, 480 wide and 640 high: person 000, lighting q, camera a (in front)
to e, female or male, glasses or not. Labels are read from one of the published files, see
muct_labels; they also list each face mirrored (`ir000qa-fn`), for which there is no picture: left
out. (0, 0) marks a point that is hidden by the face itself; only cameras b and c have them.

MUCT has no split of its own. Of its people, by hash, three in ten are test, and of the others one
in ten validation. No checksum is public. Its files state no licence, so it counts as research; they
ask that no picture be reproduced, but for a few people's in papers.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from app.face.geometry import face_box
from training.datasets.facts import SourceFacts
from training.datasets.muct_labels import labels_file, read_labels
from training.samples import FaceSample, ImageSample, Split
from training.splits import bucket, validation_by_subject

SOURCE = SourceFacts(
    name="muct",
    title="MUCT face database",
    licence="none stated, taken as research only; its pictures must not be reproduced",
    edition="research",
    citation="Milborrow, Morkel, Nicolls, The MUCT Landmarked Face Database, PRASA 2010",
)

_NAME = re.compile(
    r"i(?P<person>\d{3})(?P<light>[a-z])(?P<camera>[a-e])-(?P<gender>[a-z])(?P<glasses>[a-z])"
)
_GENDER = {"f": "female", "m": "male"}
_GLASSES = {"g": "yes", "n": "no"}
_MIRRORED = "ir"


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a picture; points not seen lie in the middle of the box.

    Raises FileNotFoundError when there is no label file or a picture is missing, ValueError for a
    broken label file.
    """
    file = labels_file(root)
    pictures = file.parent.parent / "jpg"
    for name, points in read_labels(file):
        if name.startswith(_MIRRORED):
            continue
        said = _NAME.fullmatch(name)
        if said is None:
            raise ValueError(f"{file} lists {name!r}, expected a name like i000qa-fn")
        path = pictures / f"{name}.jpg"
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} is missing: unpack muct-{said['camera']}-jpg-v1.tar.gz there"
            )
        seen = (points != 0).any(axis=1)
        box = face_box(points[seen]) if seen.sum() > 1 else None
        points[~seen] = (0.0, 0.0) if box is None else box.centre
        face = FaceSample(box, points.astype(np.float32), seen, "muct-76", tags=_tags(said))
        person = f"muct:{said['person']}"
        yield ImageSample(SOURCE.name, path, (face,), person, _split(person))


def _tags(said: re.Match[str]) -> dict[str, str]:
    return {
        "camera": said["camera"],
        "light": said["light"],
        "gender": _GENDER.get(said["gender"], "unknown"),
        "glasses": _GLASSES.get(said["glasses"], "unknown"),
    }


def _split(person: str) -> Split:
    return "test" if bucket(person, 10) < 3 else validation_by_subject(f"{person}:fit", one_in=10)
