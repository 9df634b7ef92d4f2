"""Whether cheaper arithmetic still gives the answers of fp32, on this very machine.

A card's numbers hold for the processor they were measured on; another one may round, saturate or
reorder differently. So before a model serves in bf16, fp16 or int8 it answers for the faces of the
golden image beside its own fp32 file, and is refused beyond the bounds below.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.detection.candidates import Candidate
from app.detection.detector import DetectedFace, Detector
from app.errors import ProviderError
from app.face.geometry import Box
from app.face.rotation import geodesic_degrees
from app.images.decoding import decode
from app.measuring.alignment import Aligner, Alignment
from app.self_test import FOLDER, IMAGE_FILE, SelfTestError, true_box

LEAST_IOU = 0.95
"""Of the boxes of a face."""
MOST_CONFIDENCE = 0.03
"""Difference of a face's confidences."""
MOST_DEVIATIONS = 0.2
"""Root mean square difference of points (and of rotations) over the deviation that the fp32 model
itself states. Where both errors are independent this makes the whole error 2 % larger: sqrt(1.04).
"""
MOST_STD_RATIO = 1.15
"""Of the stated deviations to those of fp32, or the inverse."""
MOST_SHARE = 0.03
"""Difference of openness, of presence and of visibility (root mean square), all 0..1."""

Picture = NDArray[np.uint8]
# Shares of the box's side, and of its size: a detector is never as exact as a label.
_JITTER = (
    (0.0, 0.0, 1.0),
    (0.06, 0.0, 1.0),
    (-0.06, 0.06, 1.0),
    (0.0, -0.06, 0.9),
    (0.0, 0.0, 1.1),
)


def golden_pictures(models_dir: Path) -> list[Picture]:
    """The golden image as it is and mirrored, (H, W, 3) RGB. ProviderError without one."""
    path = models_dir / FOLDER / IMAGE_FILE
    try:
        picture = decode(path.read_bytes()).pixels
    except OSError as error:
        raise ProviderError(
            f"A model in another precision than fp32 is compared with fp32 on {path}, which cannot "
            f"be read ({error.strerror}). Restore it, or set MIEN_INFERENCE__PRECISION=fp32."
        ) from error
    return [picture, np.ascontiguousarray(picture[:, ::-1])]


def golden_boxes(
    detector: Detector | None, pictures: Sequence[Picture], models_dir: Path
) -> list[list[Box]]:
    """The faces of each golden picture: those that the detector finds, or without one the rendered
    one. ProviderError where that is not known.
    """
    if detector is not None:
        found = detector.run([detector.prepare(picture) for picture in pictures])
        return [[face.box for face in faces] for faces in found]
    try:
        box = true_box(models_dir / FOLDER)
    except SelfTestError as error:
        raise ProviderError(f"{error} Or set MIEN_INFERENCE__PRECISION=fp32.") from error
    width = pictures[0].shape[1]
    mirrored = Box(width - 1 - (box.x + box.width), box.y, box.width, box.height)
    return [[box], [mirrored]]


def golden_crops(
    boxes: Sequence[Sequence[Box]], aligner: Aligner, pictures: Sequence[Picture]
) -> list[Picture]:
    """Crops of every face of the pictures, cut a little differently each time."""
    return [
        Candidate.given(_moved(box, *jitter))
        .cut(picture, aligner.crop_size, aligner.crop_scale)
        .pixels
        for picture, own in zip(pictures, boxes, strict=True)
        for box in own
        for jitter in _JITTER
    ]


def faults_of_detector(exact: Detector, other: Detector, pictures: Sequence[Picture]) -> list[str]:
    """A sentence for each bound that `other` breaks; nothing when it passes."""
    faults = []
    wanted = exact.run([exact.prepare(picture) for picture in pictures])
    got = other.run([other.prepare(picture) for picture in pictures])
    for ours, theirs in zip(got, wanted, strict=True):
        if len(ours) != len(theirs):
            faults.append(f"{len(ours)} faces are found instead of {len(theirs)}")
            continue
        for face, like in zip(_sorted(ours), _sorted(theirs), strict=True):
            overlap, change = face.box.iou(like.box), abs(face.confidence - like.confidence)
            if not overlap >= LEAST_IOU:
                faults.append(f"a box overlaps by {overlap:.3f}, needed {LEAST_IOU}")
            if not change <= MOST_CONFIDENCE:
                faults.append(f"a confidence differs by {change:.3f}, allowed {MOST_CONFIDENCE}")
    return faults


def faults_of_aligner(exact: Aligner, other: Aligner, crops: Sequence[Picture]) -> list[str]:
    """A sentence for each bound that `other` breaks; nothing when it passes."""
    if not crops:
        return ["no face was found to compare them on"]
    if not exact.tells_deviations:
        return ["it states no deviations, so its answers cannot be compared"]
    step = min(exact.max_batch, other.max_batch)
    faults = []
    for start in range(0, len(crops), step):
        some = crops[start : start + step]
        for alignment, like in zip(other.run(some), exact.run(some), strict=True):
            faults += _faults(alignment, like)
    return faults


def _faults(alignment: Alignment, like: Alignment) -> list[str]:
    moved = (alignment.points_in_crop - like.points_in_crop) / like.std_in_crop[:, None]
    ratio = alignment.std_in_crop / like.std_in_crop
    measured = [
        ("points differ by {} of their deviation", _rms(moved), MOST_DEVIATIONS),
        ("deviations differ by a factor of {}", _factor(ratio), MOST_STD_RATIO),
    ]
    if alignment.head is not None and like.head is not None:
        head, other = alignment.head, like.head
        turn = float(geodesic_degrees(head.rotation, other.rotation)) / 3**0.5
        shares = np.append(head.openness - other.openness, head.presence - other.presence)
        measured += [
            (
                "a rotation differs by {} of its deviation",
                turn / _rms(other.rotation_std),
                MOST_DEVIATIONS,
            ),
            (
                "a rotation's deviations differ by a factor of {}",
                _factor(head.rotation_std / other.rotation_std),
                MOST_STD_RATIO,
            ),
            ("openness or presence differ by {}", float(np.abs(shares).max()), MOST_SHARE),
            (
                "which points are visible differs by {}",
                _rms(head.visible - other.visible),
                MOST_SHARE,
            ),
        ]
    # Written so that NaN counts as a fault.
    return [
        f"{text.format(f'{value:.3f}')}, allowed {most}"
        for text, value, most in measured
        if not value <= most
    ]


def _rms(values: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def _factor(ratio: NDArray[Any]) -> float:
    return float(np.maximum(ratio, 1 / ratio).max())


def _sorted(faces: Sequence[DetectedFace]) -> list[DetectedFace]:
    return sorted(faces, key=lambda face: face.box.centre)


def _moved(box: Box, x: float, y: float, size: float) -> Box:
    grown = (size - 1) / 2
    return Box(
        box.x + (x - grown) * box.width,
        box.y + (y - grown) * box.height,
        box.width * size,
        box.height * size,
    )
