"""Pointing'04 as published: 15 people look at wall markers, two series of 93 poses each.

`Person01/person01146-15+30.jpg` (384 x 288): person 01, series 1, number 46, tilt -15, pan +30.
Beside it a `.txt` of seven lines: three of heading, then centre x, centre y, width and height of
the box from brows to mouth, in pixels. (`Front` holds the frontal pictures again, called
`personne`: it is not read.)

Signs, boxes and what the labels are worth: see pointing04, which is the same set repacked. Of the
published one, persons 13-15 are test as well. No checksum is public.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.face.geometry import Box
from training.datasets import pointing04
from training.samples import FaceSample, ImageSample

SOURCE = replace(
    pointing04.SOURCE,
    name="pointing04-folder",
    title="Pointing'04 head pose images in their published layout",
)

_NAME = re.compile(
    r"person(?:ne)?(?P<person>\d{2})(?P<series>[12])\d{2}(?P<tilt>[+-]\d+)(?P<pan>[+-]\d+)"
)


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a picture, with a whole-face box and the nominal rotation.

    Raises FileNotFoundError when there is no picture or one lacks its `.txt`, ValueError for
    another name or a broken `.txt`.
    """
    files = sorted(
        file for file in root.rglob("*.jpg") if re.fullmatch(r"Person\d{2}", file.parent.name)
    )
    if not files:
        raise FileNotFoundError(
            f"no Person01/*.jpg below {root}: unpack HeadPoseImageDatabase.tar.gz there"
        )
    for file in files:
        said = _NAME.fullmatch(file.stem)
        if said is None:
            raise ValueError(f"{file} is not called like person01146-15+30.jpg")
        tilt, pan, person = float(said["tilt"]), float(said["pan"]), int(said["person"])
        face = FaceSample(
            box=pointing04.whole_face_box(read_box(file.with_suffix(".txt")), pan),
            rotation=pointing04.rotation_of(person, tilt, pan),
            tags={"pan": f"{pan:g}", "tilt": f"{tilt:g}", "series": said["series"]},
        )
        yield ImageSample(
            source=SOURCE.name,
            path=file,
            faces=(face,),
            subject=f"pointing04:{person}",
            split=pointing04.split_of(person),
        )


def read_box(file: Path) -> Box:
    """The box from brows to mouth that a `.txt` of the set holds, image pixels."""
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing: unpack the whole archive")
    numbers = " ".join(file.read_text(encoding="latin-1").splitlines()[3:]).split()
    try:
        x, y, width, height = np.array(numbers, np.float64).tolist()
        return Box(x - width / 2, y - height / 2, width, height)
    except ValueError as error:
        raise ValueError(
            f"{file} does not hold three lines and the four numbers of a box: fetch it again"
        ) from error
