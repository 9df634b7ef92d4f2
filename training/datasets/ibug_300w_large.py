"""iBUG 300-W as dlib publishes it: 300-W's photographs, labelled in XML.

`labels_ibug_300W_train.xml` and `labels_ibug_300W_test.xml` list
`<image file='helen/trainset/100032540_1.jpg'>`, relative to themselves, with
`<box top left width height>` and 68 `<part name='00' x y/>`. Coordinates are whole pixels; what
they count from is nowhere said, and they are taken as they are.

A box is what dlib's detector would find, for the crops of recipes made with it; it is in the tags.
The face box is that of the points, as in every other set.

dlib's split is not that of 300-W: a photograph is "test" here if either says so. A picture and its
mirror image, called `_mirror`, are one subject. No checksum is public.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import face_box
from training.datasets.facts import SourceFacts
from training.datasets.w300_names import Photograph, photograph
from training.samples import FaceSample, ImageSample

SOURCE = SourceFacts(
    name="ibug_300w_large",
    title="iBUG 300-W, large (dlib)",
    licence="300-W: research only, not for commercial use",
    edition="research",
    citation="Sagonas et al., 300 Faces In-The-Wild Challenge, ICCVW 2013; King, dlib",
)

_TRAIN, _TEST = "labels_ibug_300W_train.xml", "labels_ibug_300W_test.xml"
_POINTS = 68


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample an image, first those of dlib's training part.

    Raises FileNotFoundError when a list or an image is missing, ValueError for a broken list.
    """
    lists = [(_find(root, name), name == _TEST) for name in (_TRAIN, _TEST)]
    # Some photographs show two faces under two names: what tests in one part must in both.
    tested = {
        _photograph(image, file).subject for file, test in lists if test for image in _images(file)
    }
    for file, _ in lists:
        for image in _images(file):
            shown = _photograph(image, file)
            path = file.parent / image.attrib["file"]
            if not path.is_file():
                raise FileNotFoundError(f"{path} is missing, though {file.name} lists it")
            yield ImageSample(
                source=SOURCE.name,
                path=path,
                faces=tuple(_face(box, path, file) for box in image.iter("box")),
                subject=shown.subject,
                split="test" if shown.subject in tested else shown.split,
                complete=False,
            )


def _find(root: Path, name: str) -> Path:
    found = sorted(root.rglob(name))
    if not found:
        raise FileNotFoundError(
            f"no {name} below {root}: unpack ibug_300W_large_face_landmark_dataset.tar.gz there"
        )
    return found[0]


def _images(file: Path) -> list[Element]:
    try:
        images = list(ElementTree.parse(file).getroot().iter("image"))
    except ElementTree.ParseError as error:
        raise ValueError(f"{file} is not XML ({error}): fetch it again") from error
    if not images:
        raise ValueError(f"{file} lists no image: is it one of dlib's lists?")
    return images


def _photograph(image: Element, file: Path) -> Photograph:
    name = PurePosixPath(image.attrib.get("file", ""))
    if len(name.parts) < 2:
        raise ValueError(f"{file} lists {str(name)!r}, expected a name like helen/trainset/1_1.jpg")
    return photograph(name.parts[0], name.stem, in_testset="testset" in name.parts)


def _face(box: Element, path: Path, file: Path) -> FaceSample:
    points = _points(box, path, file)
    edges = ",".join(box.attrib.get(edge, "") for edge in ("left", "top", "width", "height"))
    return FaceSample(
        box=face_box(points), points_in_image=points, scheme="ibug-68", tags={"dlib_box": edges}
    )


def _points(box: Element, path: Path, file: Path) -> NDArray[np.float32]:
    """(68, 2) pixels in the order of the parts' names."""
    try:
        parts = {
            int(part.attrib["name"]): (float(part.attrib["x"]), float(part.attrib["y"]))
            for part in box.iter("part")
        }
    except (KeyError, ValueError) as error:
        raise ValueError(f"{file} has a part without name, x or y at {path.name}") from error
    if sorted(parts) != list(range(_POINTS)):
        raise ValueError(f"{file} gives {path.name} {len(parts)} parts, expected 00 to 67")
    return np.array([parts[index] for index in range(_POINTS)], np.float32)
