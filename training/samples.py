"""What every data set yields: images with labelled faces, in one form whatever the source."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True, slots=True)
class FaceSample:
    """One labelled face. What a data set does not label is None; nothing is invented.

    box: face box in image pixels (edges in the frame where pixel centres are integers).
    points_in_image: (K, 2) float32, pixels of the stored image, pixel centres at integers.
    seen: (K,) bool, False where the annotators could not place the point; None when all are placed.
    scheme: name of the landmark scheme of `points_in_image` (see app.face.landmarks.SCHEMES).
    rotation: (3, 3) head -> camera, canonical convention (app.face.rotation).
    ignore: the face is there, but it must count neither as found nor as missed (blurred crowd,
    invalid box). tags: labels for slicing results, for instance {"glasses": "yes", "yaw_class":
    "3"}.
    """

    box: Box | None = None
    points_in_image: NDArray[np.float32] | None = None
    seen: NDArray[np.bool_] | None = None
    scheme: str | None = None
    rotation: NDArray[np.float64] | None = None
    ignore: bool = False
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImageSample:
    """One photograph on disk and the faces labelled in it; an empty tuple says that it shows none.

    subject: who is shown, as far as the set tells; splits never separate the images of one subject.
    complete: every face of the image is labelled (needed to call a detection false).
    """

    source: str
    path: Path
    faces: tuple[FaceSample, ...]
    subject: str
    split: Split
    complete: bool = True

    @property
    def name(self) -> str:
        """Of the picture, with the folders that tell it from others of its set."""
        return "/".join(self.path.parts[-3:])


def some_of(samples: Sequence[ImageSample], limit: int | None) -> list[ImageSample]:
    """All of them, or `limit` spread evenly over them: for small runs."""
    if limit is None or limit >= len(samples):
        return list(samples)
    return [samples[row * len(samples) // limit] for row in range(limit)]


def to_learn_from(samples: Iterable[ImageSample], apart: Container[str] = ()) -> list[ImageSample]:
    """Those that are not for tests. apart: subjects that are tested on in another set, whose split
    may be another.
    """
    return [one for one in samples if one.split != "test" and one.subject not in apart]


def rejected(samples: Iterable[ImageSample]) -> list[tuple[str, str]]:
    """The pictures with a face that came without a label that their set holds, and the reason why.

    Loaders leave out what cannot be right and say so in tags["rejected"]; a preparation tells what
    it then leaves out itself.
    """
    faces = ((sample.name, face) for sample in samples for face in sample.faces)
    return [(name, face.tags["rejected"]) for name, face in faces if face.tags.get("rejected")]
