"""Which box the model gets: the same faces are measured under each protocol.

A model is only as good as its worst usual box, so the labelled box is never the only one measured.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box, face_box
from training.samples import FaceSample

JITTER_SHIFT = 0.10
JITTER_SCALE = 0.15

Image = NDArray[np.uint8]
Choose = Callable[[Image, FaceSample, np.random.Generator], Box | None]


@dataclass(frozen=True, slots=True)
class Protocol:
    """One way of getting the box of a face.

    name: short, for files. sentence: for the card. choose: the box, in pixels of the picture as
    stored, or None where no face was found, which only happens when `may_miss`. mirrored: the
    picture is mirrored first.
    """

    name: str
    sentence: str
    choose: Choose
    mirrored: bool = False
    may_miss: bool = False


def labelled_box(face: FaceSample) -> Box:
    """The face_box rule on 68 points; the labelled box of a face with fewer points."""
    if face.points_in_image is not None and face.scheme == "ibug-68":
        return face_box(face.points_in_image)
    if face.box is None:
        raise ValueError("a face has neither 68 points nor a box: there is nothing to crop")
    return face.box


def tight_box(face: FaceSample) -> Box:
    """Bounds of the seen points: what callers with a landmark tool of their own tend to send."""
    if face.points_in_image is None:
        raise ValueError("a face without points has no tight box")
    points = face.points_in_image if face.seen is None else face.points_in_image[face.seen]
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return Box.from_corners(x0, y0, x1, y1)


def jittered(box: Box, rng: np.random.Generator) -> Box:
    """The box moved by up to 10 % of its sides and scaled by up to 15 %, uniformly."""
    shift_x, shift_y = rng.uniform(-JITTER_SHIFT, JITTER_SHIFT, 2).tolist()
    factor = 1.0 + float(rng.uniform(-JITTER_SCALE, JITTER_SCALE))
    x, y = box.centre
    x, y = x + shift_x * box.width, y + shift_y * box.height
    width, height = box.width * factor, box.height * factor
    return Box(x - width / 2, y - height / 2, width, height)


LABELLED = Protocol(
    "labelled box",
    "labelled box (face_box rule)",
    lambda _image, face, _rng: labelled_box(face),
)
TIGHT = Protocol(
    "tight box",
    "tight bounds of the labelled points given as the caller's box",
    lambda _image, face, _rng: tight_box(face),
)
JITTER = Protocol(
    "jittered box",
    "labelled box moved by up to 10 % of its sides and scaled by up to 15 %, uniform, fixed seed",
    lambda _image, face, rng: jittered(labelled_box(face), rng),
)
MIRROR = Protocol(
    "mirrored",
    "labelled box, picture mirrored, points mirrored back",
    lambda _image, face, _rng: labelled_box(face),
    mirrored=True,
)
PROTOCOLS = (LABELLED, TIGHT, JITTER, MIRROR)


def found_box(find: Callable[[Image], list[Box]], min_iou: float = 0.3) -> Protocol:
    """The box that a detector finds: of its boxes, the one that overlaps the labelled box most.

    find: a picture to its face boxes in image pixels. A face with no box of at least `min_iou` is
    missed: it counts as a failure and is left out of the mean error, and the share found is
    reported.
    """

    def choose(image: Image, face: FaceSample, _rng: np.random.Generator) -> Box | None:
        truth = labelled_box(face)
        best = max(find(image), key=truth.iou, default=None)
        return best if best is not None and best.iou(truth) >= min_iou else None

    sentence = "box found by the detector; missed faces are failures"
    return Protocol("detected box", sentence, choose, may_miss=True)
