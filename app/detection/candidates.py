"""Faces to be: where one is in the image, and how it is cut out for the landmark model."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.detection.detector import DetectedFace
from app.face.geometry import Box, Crop, crop_transform, warp
from app.face.tilt import tilt_of, upright_box
from app.images.grid import WHOLE, Grid

_PORTION = 4e6  # image pixels: some 10 ms
LEAST_TILT = 15.0
"""Degrees from which a face is turned upright for the landmark model, which learnt from tilted
faces too: on 104 photographs (300-W, validation) its error at 10, 15, 20, 30 and 50 degrees is 1.5,
3, 5, 12 and 45 % larger than upright; turned upright it is 1 % larger at all of them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A face to be.

    box: in the image, as found or given. confidence: the detector's, None for the caller's box.
    tilt: degrees clockwise that are undone in the crop. upright: the box's size once they are.
    """

    box: Box
    confidence: float | None
    tilt: float
    upright: Box

    @classmethod
    def given(cls, box: Box) -> Self:
        """The caller's box: taken as it is, since it tells nothing of a tilt."""
        return cls(box, None, 0.0, box)

    @classmethod
    def found(cls, face: DetectedFace) -> Self:
        confidence = min(max(face.confidence, 0.0), 1.0)
        tilt = tilt_of(face.points)
        if abs(tilt) < LEAST_TILT:
            return cls(face.box, confidence, 0.0, face.box)
        return cls(face.box, confidence, tilt, upright_box(face.box, tilt))

    def shrink(self, size: int, scale: float) -> float:
        """Image pixels per pixel of the crop: coarser pixels than these would be enlarged."""
        return scale * math.sqrt(self.upright.area) / size

    def cut(self, pixels: NDArray[np.uint8], size: int, scale: float, grid: Grid = WHOLE) -> Crop:
        """The crop of `size` pixels from an image's pixels (H, W, 3), which lie in it as `grid`
        says; it shows the face upright.
        """
        to_image = crop_transform(self.upright, scale, self.tilt)
        return Crop(warp(pixels, grid.from_image(to_image), size), to_image, self.tilt)


def largest(faces: Iterable[DetectedFace], most: int) -> list[Candidate]:
    """Candidates for the detected faces with the largest boxes, `most` of them at most."""
    by_size = sorted(faces, key=lambda face: (-face.box.area, face.box.x))
    return [Candidate.found(face) for face in by_size[:most]]


def most_step(found: Sequence[Candidate], size: int, scale: float) -> float:
    """Image pixels per decoded pixel, along each axis, up to which no crop is enlarged that need
    not be; `size` and `scale` as for `Candidate.cut`.

    Crops from decoded pixels that coarse are as sharp as from the image's own: those are averaged
    over blocks anyway where a crop pixel covers more than two (`warp`). Measured on noise with the
    spectrum of photographs, at every ratio up to 8.5: `app.measuring.quality.sharpness` differs by
    0.04 at most, as much as with the place of the crop, and is rather higher.
    """
    return max(min((one.shrink(size, scale) for one in found), default=math.inf), 1.0)


def portions(found: Sequence[Candidate], image_pixels: int) -> Iterator[Sequence[Candidate]]:
    """The candidates in their order, in as many portions as it takes that none looks at more than
    `_PORTION` pixels of the image: others get their turn in between, and a caller that went away
    is noticed.
    """
    start, looked_at = 0, 0.0
    for index, candidate in enumerate(found):
        pixels = min(candidate.upright.area, image_pixels)
        if index > start and looked_at + pixels > _PORTION:
            yield found[start:index]
            start, looked_at = index, 0.0
        looked_at += pixels
    if found:
        yield found[start:]


def cut_all(
    found: Sequence[Candidate], pixels: NDArray[np.uint8], size: int, scale: float, grid: Grid
) -> list[Crop]:
    """`Candidate.cut` for each."""
    return [candidate.cut(pixels, size, scale, grid) for candidate in found]
