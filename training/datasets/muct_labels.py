"""The label files of MUCT, in `muct-landmarks/`: any one of them will do.

`muct76-opencv.csv` has a header, `name,tag,x00,y00,...,x75,y75`, and pixels from the top left.
`muct76.csv` is the same in the coordinates of Stasm, whose origin is the middle of the picture and
whose y goes up. `muct76.shape` is Stasm's own form of that: a first line that begins with `ss`,
`Directories ...`, and for each face

    "0000 i000qa-fn"
    { 76 2
    -39 -28
    ...
    }

with a hexadecimal tag before the name and comments that begin with `#`. In all of them 0 0 is a
point that is not seen. Stasm's coordinates become pixels as MUCT itself made the first file from
the others: x + 240, 320 - y (the later converter of the same author puts points one pixel higher).
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_FILES = ("muct76-opencv.csv", "muct76.csv", "muct76.shape")
_POINTS = 76
_MIDDLE = (240.0, 320.0)  # of a picture of 480 x 640
_TAG = re.compile(r'"[0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{4})? (?P<name>\S+)"')


def labels_file(root: Path) -> Path:
    """The first label file in `muct-landmarks` below `root`; FileNotFoundError without one."""
    for name in _FILES:
        found = sorted(root.rglob(f"muct-landmarks/{name}"))
        if found:
            return found[0]
    raise FileNotFoundError(
        f"none of {', '.join(_FILES)} in muct-landmarks below {root}: "
        "unpack muct-landmarks-v1.tar.gz there"
    )


def read_labels(file: Path) -> Iterator[tuple[str, Array]]:
    """The name and the points (76, 2) of each face, pixels from the top left, (0, 0) where not
    seen. ValueError, naming file and face, for a broken file.
    """
    faces = _faces_of_shape(file) if file.suffix == ".shape" else _faces_of_csv(file)
    for name, numbers in faces:
        try:
            points = np.array(numbers, np.float64)
        except ValueError as error:
            raise ValueError(f"{file}: {name} has something that is no number: {error}") from error
        if points.size != 2 * _POINTS:
            raise ValueError(
                f"{file}: {name} has {points.size / 2:g} points, expected {_POINTS}: fetch it again"
            )
        points = points.reshape(_POINTS, 2)
        yield name, points if file.name == _FILES[0] else _in_pixels(points)


def _in_pixels(stasm: Array) -> Array:
    seen = (stasm != 0).any(axis=1, keepdims=True)
    return np.where(seen, np.array(_MIDDLE) + stasm * (1.0, -1.0), 0.0)


def _faces_of_csv(file: Path) -> Iterator[tuple[str, list[str]]]:
    with file.open(newline="") as text:
        rows = csv.reader(text)
        if next(rows, [])[:2] != ["name", "tag"]:
            raise ValueError(f"{file} does not begin with name,tag,x00,y00: is it MUCT's?")
        for row in rows:
            if row:
                yield row[0], row[2:]


def _faces_of_shape(file: Path) -> Iterator[tuple[str, list[str]]]:
    lines = [line.strip() for line in file.read_text().splitlines()]
    if not lines or not lines[0].startswith("ss"):
        raise ValueError(f"{file} does not begin with ss: it is not a shape file of Stasm")
    name = ""
    numbers: list[str] | None = None
    for line in lines:
        tag = _TAG.fullmatch(line)
        if tag:
            name = tag["name"]
        elif line.startswith("{"):
            numbers = []
        elif line.startswith("}") and numbers is not None:
            yield name, numbers
            numbers = None
        elif numbers is not None and line and not line.startswith("#"):
            numbers += line.split()
    if numbers is not None:
        raise ValueError(f"{file} ends within {name}: fetch it again")
