"""Labelled photographs in memory, in the form from which training scenes are composed."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import transform
from app.face.landmarks import NAMED
from app.face.landmarks import scheme as scheme_named
from training.images import read_rgb
from training.samples import FaceSample, ImageSample

POINTS = len(NAMED)


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """One photograph. All coordinates are its pixels, pixel centres at integers.

    boxes: (F, 4) x, y, width, height. points: (F, 5, 2), NaN where not labelled. ignored: (G,
    4) boxes of faces that count neither way. complete: every face is in one of the two.
    """

    source: str
    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float64]
    points: NDArray[np.float64]
    ignored: NDArray[np.float64]
    complete: bool


class BoxFromFivePoints:
    """Guesses the face box (the rule of 68 points) from five points, for sets that label five
    alone.

    A linear fit of the box's centre and size, in units of the points' spread, to the points'
    normalised coordinates. On faces that have both it is off by a few per cent of the face's size.
    """

    def __init__(self, points: NDArray[np.float64], boxes: NDArray[np.float64]) -> None:
        """points: (N, 5, 2), boxes: (N, 4) x, y, width, height of the same faces."""
        features, middle, spread = _normalised(points)
        centre = (boxes[:, :2] + boxes[:, 2:] / 2 - middle) / spread[:, None]
        wanted = np.concatenate([centre, np.log(boxes[:, 2:] / spread[:, None])], axis=1)
        self._weights = np.linalg.lstsq(features, wanted, rcond=None)[0]

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 5, 2) -> (N, 4)."""
        features, middle, spread = _normalised(points)
        values = features @ self._weights
        size = np.exp(values[:, 2:]) * spread[:, None]
        return np.concatenate([middle + values[:, :2] * spread[:, None] - size / 2, size], axis=1)


def turned_box(box: NDArray[np.float64], affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """A face box (4,) after the picture was turned, scaled and shifted by `affine` (2, 3).

    A face fills its box like an ellipse: the box of a tilted face is the bounds of the turned
    ellipse. `app.face.tilt.upright_box` undoes it.
    """
    centre = transform(affine, box[:2] + box[2:] / 2)
    half = np.sqrt(((affine[:, :2] * (box[2:] / 2)) ** 2).sum(axis=1))
    return np.concatenate([centre - half, 2 * half])


def five_points(face: FaceSample) -> NDArray[np.float64]:
    """(5, 2) points of the scheme "five", NaN when the face has no landmarks."""
    if face.points_in_image is None or face.scheme is None:
        return np.full((POINTS, 2), np.nan)
    named = scheme_named(face.scheme).named(face.points_in_image)
    return np.stack([named[name] for name in NAMED])


def load_images(samples: Iterable[ImageSample]) -> list[LabelledImage]:
    """Reads the photographs; faces with five points and no box get one by `BoxFromFivePoints`."""
    samples = list(samples)
    guess = _box_guess(samples)
    return [_labelled(sample, guess) for sample in samples]


def _labelled(sample: ImageSample, guess: BoxFromFivePoints | None) -> LabelledImage:
    boxes, points, ignored = [], [], []
    for face in sample.faces:
        five = five_points(face)
        box = face.box
        if box is not None:
            values = np.array([box.x, box.y, box.width, box.height])
        elif guess is not None:
            values = guess(five[None])[0]
        else:
            raise ValueError(
                f"{sample.path.name}: no box, and no set with 68 points to guess it from"
            )
        if face.ignore:
            ignored.append(values)
            continue
        boxes.append(values)
        points.append(five)
    return LabelledImage(
        source=sample.source,
        pixels=read_rgb(sample.path),
        boxes=np.array(boxes).reshape(-1, 4),
        points=np.array(points).reshape(-1, POINTS, 2),
        ignored=np.array(ignored).reshape(-1, 4),
        complete=sample.complete,
    )


def _box_guess(samples: Iterable[ImageSample]) -> BoxFromFivePoints | None:
    both = [
        (five_points(face), (face.box.x, face.box.y, face.box.width, face.box.height))
        for sample in samples
        for face in sample.faces
        if face.scheme == "ibug-68" and face.box is not None
    ]
    if not both:
        return None
    points, boxes = zip(*both, strict=True)
    return BoxFromFivePoints(np.stack(points), np.array(boxes))


def _normalised(
    points: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Features (N, 11) of five points, their middle (N, 2) and their spread (N,)."""
    middle = points.mean(axis=1)
    offsets = points - middle[:, None]
    spread = np.sqrt((offsets**2).sum(axis=-1).mean(axis=1))
    features = (offsets / spread[:, None, None]).reshape(len(points), -1)
    return np.concatenate([features, np.ones((len(points), 1))], axis=1), middle, spread
