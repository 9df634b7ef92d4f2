"""Boxes beside the face, for `benchmarks.usability`: what a caller may send by mistake, or who has
another idea of a face's box.

Whether an answer is right needs no label here: it is held against the answer for the face's own
box, the labelled one (w300) or that of the detector (every fourth picture of pointing04).
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from app.detection.detector import Detector
from app.face.geometry import Box, face_box
from benchmarks.usability_cases import Case, Image8, labelled, moved_box, persons, read

_AWAY = ((0.0, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.5))  # moved by, in sides of the box
_SMALLEST, _LARGEST = 0.6, 1.8  # times the sides


def moved_boxes(
    data: Path, detector: Detector, rng: np.random.Generator, test: bool
) -> Iterator[Case]:
    """Of every face four boxes jittered as in `training.landmarks.protocols`, and twelve moved and
    scaled at will. test: of the pictures that test the models.
    """
    for image, whole in chain(
        ((image, face_box(points)) for image, points in labelled(data / "w300", test)),
        _detected(data / "pointing04", detector, test),
    ):
        for _ in range(4):
            dx, dy = rng.uniform(-0.1, 0.1, 2).tolist()
            side = 1 + float(rng.uniform(-0.15, 0.15))
            box = moved_box(whole, dx, dy, side, side)
            yield Case("box moved by 10 %, scaled by 15 %", image, box, whole=whole)
        for least, most in _AWAY * 3:
            away, angle = rng.uniform(least, most), rng.uniform(0, 2 * np.pi)
            side = np.exp(rng.uniform(np.log(_SMALLEST), np.log(_LARGEST)))
            long = np.exp(rng.normal(0, 0.1))
            dx, dy = float(away * np.cos(angle)), float(away * np.sin(angle))
            box = moved_box(whole, dx, dy, float(side * long), float(side / long))
            kind = f"box moved by {100 * least:g} to {100 * most:g} %, scaled at will"
            yield Case(kind, image, box, whole=whole)


def _detected(folder: Path, detector: Detector, test: bool) -> Iterator[tuple[Image8, Box]]:
    for index, (name, _, _) in enumerate(persons(folder, test)):
        if index % 4 == 0:
            image = read(folder / "images" / name)
            faces = detector.run([detector.prepare(image)])[0]
            if faces:
                yield image, max(faces, key=lambda one: one.box.area).box
