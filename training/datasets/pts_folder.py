"""300-W as published: a folder of photographs, each beside a `.pts` file with 68 points.

A `.pts` file reads `version: 1`, `n_points: 68`, then `{`, one `x y` a line, `}`. Its coordinates
count from 1 (Matlab), so 1 is subtracted.

Folders are named as published: `afw`, `helen/trainset`, `helen/testset`, `lfpw/trainset`,
`lfpw/testset`, `ibug`, and of the later challenge `01_Indoor` and `02_Outdoor`. What 300-W tests on
is "test": `testset`, `ibug`, indoor and outdoor. The rest is split by photograph: AFW numbers the
faces of one (134212_1, 134212_2). Images in other folders are photographs of their own, by hash.
No checksum is public.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import face_box
from training.datasets.facts import SourceFacts
from training.datasets.w300_names import SUBSETS, Photograph, photograph
from training.samples import FaceSample, ImageSample

SOURCE = SourceFacts(
    name="pts-folder",
    title="300-W in its published layout (.pts beside each image)",
    licence="research only, not for commercial use",
    edition="research",
    citation="Sagonas et al., 300 Faces In-The-Wild Challenge, ICCVW 2013",
)

_IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
_POINTS = 68
_CHALLENGE = frozenset({"01_indoor", "02_outdoor"})


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a `.pts` file below `root`, in sorted order.

    Raises FileNotFoundError when there is none or an image is missing, ValueError for a broken
    file or a name that its folder does not have.
    """
    files = sorted(root.rglob("*.pts"))
    if not files:
        raise FileNotFoundError(
            f"no .pts file below {root}: unpack 300-W there (afw/, helen/, lfpw/)"
        )
    for file in files:
        points = read_pts(file)
        face = FaceSample(box=face_box(points), points_in_image=points, scheme="ibug-68")
        shown = _photograph(file.relative_to(root))
        yield ImageSample(
            source=SOURCE.name,
            path=_image_beside(file),
            faces=(face,),
            subject=shown.subject,
            split=shown.split,
            complete=False,
        )


def read_pts(file: Path) -> NDArray[np.float32]:
    """The (68, 2) points of a `.pts` file, pixels, pixel centres at integers counted from 0."""
    text = file.read_text()
    start, end = text.find("{"), text.find("}")
    if start < 0 or end < start:
        raise ValueError(f"{file} has no {{ ... }} block: it is not a .pts file")
    try:
        numbers = np.array(text[start + 1 : end].split(), dtype=np.float32)
    except ValueError as error:
        raise ValueError(f"{file} holds something that is no number: {error}") from error
    if numbers.size != 2 * _POINTS:
        raise ValueError(f"{file} holds {numbers.size / 2:g} points, expected {_POINTS}")
    return numbers.reshape(_POINTS, 2) - np.float32(1.0)


def _photograph(file: Path) -> Photograph:
    folders = [part.lower() for part in file.parent.parts]
    in_testset = "testset" in folders
    for subset in SUBSETS:
        if subset in folders:
            return photograph(subset, file.stem, in_testset)
    held_out = in_testset or bool(_CHALLENGE.intersection(folders))
    return Photograph(f"300w:{file.with_suffix('').as_posix()}", held_out)


def _image_beside(file: Path) -> Path:
    for suffix in _IMAGE_SUFFIXES:
        image = file.with_suffix(suffix)
        if image.is_file():
            return image
    raise FileNotFoundError(f"no image beside {file}: expected one of {', '.join(_IMAGE_SUFFIXES)}")
