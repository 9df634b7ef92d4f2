"""What a face detector does around its network: fit the image into its input, and drop repeated
boxes.

Both the service and the evaluation of training use this one file, so a number on the model card was
measured with exactly the steps that the service takes.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class DetectorFrame:
    """An image as the detector sees it: resized, then padded with black on the right and at the
    bottom.

    pixels: (H, W, 3) uint8 RGB, H and W multiples of `multiple_of`.
    scale: (x, y) input pixels per image pixel; the two differ only by the rounding of the resized
    size. content: (width, height) of the part of `pixels` that shows the image.
    """

    pixels: NDArray[np.uint8]
    scale: tuple[float, float]
    content: tuple[int, int]

    def points_to_image(self, points_in_frame: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., 2) input pixels -> (..., 2) image pixels; both frames have pixel centres at
        integers.
        """
        points = np.asarray(points_in_frame, dtype=np.float64)
        return np.asarray((points + 0.5) / np.asarray(self.scale) - 0.5)

    def points_to_frame(self, points_in_image: NDArray[np.floating]) -> NDArray[np.float64]:
        """The exact inverse of `points_to_image`."""
        points = np.asarray(points_in_image, dtype=np.float64)
        return np.asarray((points + 0.5) * np.asarray(self.scale) - 0.5)

    def boxes_to_image(self, boxes_in_frame: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., 4) boxes (x, y, width, height) in input pixels -> the same in image pixels."""
        boxes = np.asarray(boxes_in_frame, dtype=np.float64)
        corner = self.points_to_image(boxes[..., :2])
        return np.concatenate([corner, boxes[..., 2:] / np.asarray(self.scale)], axis=-1)


def frame_size(
    width: int, height: int, long_side: int, *, max_enlarge: float = 1.0
) -> tuple[int, int]:
    """Size (width, height) an image is resized to, before padding: long side `long_side`.

    An image is enlarged at most `max_enlarge` times: blowing up a small picture adds pixels, not
    information. No side falls under one pixel.
    """
    if width < 1 or height < 1:
        raise ValueError(f"an image needs at least one pixel, got {width} x {height}")
    scale = min(long_side / max(width, height), max_enlarge)
    return max(1, round(width * scale)), max(1, round(height * scale))


def detector_frame(
    image: NDArray[np.uint8],
    long_side: int,
    *,
    multiple_of: int = 32,
    max_enlarge: float = 1.0,
) -> DetectorFrame:
    """Fit an image (H, W, 3) uint8 into the detector's input, keeping its aspect ratio.

    Shrinking averages areas (no aliasing), enlarging is bilinear.
    """
    height, width = image.shape[:2]
    to_width, to_height = frame_size(width, height, long_side, max_enlarge=max_enlarge)
    resized = image
    if (to_width, to_height) != (width, height):
        shrinks = to_width < width or to_height < height
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        resized = np.asarray(
            cv2.resize(image, (to_width, to_height), interpolation=method), dtype=np.uint8
        )
    pixels = np.zeros(
        (_round_up(to_height, multiple_of), _round_up(to_width, multiple_of), 3), dtype=np.uint8
    )
    pixels[:to_height, :to_width] = resized
    return DetectorFrame(
        pixels=pixels,
        scale=(to_width / width, to_height / height),
        content=(to_width, to_height),
    )


def pairwise_iou(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """Intersection over union of every pair: (N, 4) and (M, 4) boxes (x, y, width, height) -> (N,
    M).

    Boxes without area overlap nothing (0, never NaN).
    """
    a = np.asarray(first, dtype=np.float64).reshape(-1, 4)
    b = np.asarray(second, dtype=np.float64).reshape(-1, 4)
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, :2] + a[:, None, 2:], b[None, :, :2] + b[None, :, 2:])
    inside = np.clip(bottom_right - top_left, 0.0, None).prod(axis=-1)
    union = a[:, 2:].prod(axis=-1)[:, None] + b[:, 2:].prod(axis=-1)[None, :] - inside
    return np.where(inside > 0, inside / np.where(union > 0, union, 1.0), 0.0)


def suppress(
    boxes: NDArray[np.floating],
    scores: NDArray[np.floating],
    iou_threshold: float,
    *,
    limit: int | None = None,
) -> NDArray[np.intp]:
    """Greedy non-maximum suppression: indices of the boxes to keep, best score first.

    boxes: (N, 4) x, y, width, height. A box goes when it overlaps a better kept one by more than
    `iou_threshold`; of equal scores the first in order wins. `limit` ends early with that many
    boxes.
    """
    order = np.argsort(-np.asarray(scores), kind="stable")
    remaining = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)[order]
    kept: list[int] = []
    while len(order) and (limit is None or len(kept) < limit):
        kept.append(int(order[0]))
        apart = pairwise_iou(remaining[:1], remaining)[0] <= iou_threshold
        apart[0] = False
        order, remaining = order[apart], remaining[apart]
    return np.asarray(kept, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class FoundFaces:
    """Faces of one image, best first, in image pixels.

    boxes: (F, 4) float64 x, y, width, height, not clipped to the image. scores: (F,) float64.
    points: (F, 5, 2) float64.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    points: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.scores)


def select_faces(
    frame: DetectorFrame,
    boxes_in_frame: NDArray[np.floating],
    scores: NDArray[np.floating],
    points_in_frame: NDArray[np.floating],
    *,
    score: float,
    nms_iou: float,
    max_candidates: int = 400,
) -> FoundFaces:
    """The faces in a detector's answer for one image: boxes (M, 4), scores (M,), points (M, 5, 2).

    Kept are boxes that score at least `score`, are finite, have an area and their centre in the
    image (not in the padding); of these the best `max_candidates` enter the suppression.
    """
    # Scores first: it leaves a handful of thousands of cells.
    candidates = np.flatnonzero(np.asarray(scores) >= score)
    boxes = np.asarray(boxes_in_frame, dtype=np.float64)[candidates]
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    plausible = (
        np.isfinite(boxes).all(axis=1)
        & (boxes[:, 2:] > 0).all(axis=1)
        & (centres >= -0.5).all(axis=1)
        & (centres <= np.asarray(frame.content) - 0.5).all(axis=1)
    )
    candidates = candidates[plausible]
    best = np.argsort(-np.asarray(scores)[candidates], kind="stable")[:max_candidates]
    candidates = candidates[best]
    boxes_in_image = frame.boxes_to_image(np.asarray(boxes_in_frame)[candidates])
    kept = suppress(boxes_in_image, np.asarray(scores)[candidates], nms_iou)
    return FoundFaces(
        boxes=boxes_in_image[kept],
        scores=np.asarray(scores, dtype=np.float64)[candidates[kept]],
        points=frame.points_to_image(np.asarray(points_in_frame)[candidates[kept]]),
    )


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
