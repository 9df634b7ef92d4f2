"""Boxes of other detectors made comparable with our labels, for `benchmarks.detectors`.

One detector draws faces from brow to chin, another whole heads. Each gets one shift and one scale
of each axis, fitted to training pictures, so that taste does not decide who has found a face.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.face.boxes import pairwise_iou
from benchmarks.peers.peer import FoundBoxes
from training.detection.images import LabelledImage

_SAME_FACE = 0.2  # IoU from which on two boxes of different taste are of one face
_FEW_PAIRS = 20
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BoxCorrection:
    """shift: (x, y) of the centre, in widths and heights of the box. scale: (x, y) of its size."""

    shift: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (1.0, 1.0)

    def __call__(self, found: FoundBoxes) -> FoundBoxes:
        size = found.boxes[:, 2:]
        centre = found.boxes[:, :2] + size / 2 + np.array(self.shift) * size
        new = size * np.array(self.scale)
        return FoundBoxes(np.concatenate([centre - new / 2, new], axis=1), found.scores)

    def __str__(self) -> str:
        (right, down), (across, along) = self.shift, self.scale
        return f"{right:+.2f} {down:+.2f}, x{across:.2f} x{along:.2f}"


def pairs(found: Sequence[FoundBoxes], images: Sequence[LabelledImage]) -> Floats:
    """(N, 4) shift x and y and logarithms of scale x and y that turn a found box to the labelled
    one, for each face that one box lies on clearly.
    """
    rows = []
    for one, image in zip(found, images, strict=True):
        overlaps = pairwise_iou(one.boxes, image.boxes)
        for face, box in enumerate(image.boxes):
            if not len(one.boxes) or overlaps[:, face].max() < _SAME_FACE:
                continue
            other = one.boxes[int(overlaps[:, face].argmax())]
            shift = (box[:2] + box[2:] / 2 - other[:2] - other[2:] / 2) / other[2:]
            rows.append(np.concatenate([shift, np.log(box[2:] / other[2:])]))
    return np.array(rows).reshape(-1, 4)


def fit(pairs_of: Mapping[str, Floats]) -> BoxCorrection:
    """The mean over sets of each set's median, so that no set counts more; sets with few pairs are
    left out.
    """
    medians = [np.median(rows, axis=0) for rows in pairs_of.values() if len(rows) >= _FEW_PAIRS]
    if not medians:
        return BoxCorrection()
    right, down, across, along = np.mean(medians, axis=0).tolist()
    return BoxCorrection((right, down), (float(np.exp(across)), float(np.exp(along))))
