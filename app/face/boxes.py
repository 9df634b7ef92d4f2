"""What a face detector does around its network: fit the image into its input, and drop repeated
boxes.

Both the service and the evaluation of training use this one file, so a number on the model card was
measured with exactly the steps that the service takes.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_BLOCK = 64  # boxes whose overlaps are taken all with all


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

    Bilinear as long as every pixel still counts, which is how training scenes are scaled; shrinking
    to less than half averages areas. 640 x 480 -> 384 x 288 takes 0.14 ms this way and 0.84 ms by
    areas.
    """
    height, width = image.shape[:2]
    to_width, to_height = frame_size(width, height, long_side, max_enlarge=max_enlarge)
    resized = image
    if (to_width, to_height) != (width, height):
        halves = 2 * to_width >= width and 2 * to_height >= height
        method = cv2.INTER_LINEAR if halves else cv2.INTER_AREA
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
    # Column by column: arrays whose last axis is the pair are several times faster.
    ax, ay, aw, ah = np.asarray(first, dtype=np.float64).reshape(-1, 4).T[:, :, None]
    bx, by, bw, bh = np.asarray(second, dtype=np.float64).reshape(-1, 4).T
    inside = np.minimum(ax + aw, bx + bw)
    inside -= np.maximum(ax, bx)
    np.maximum(inside, 0.0, out=inside)
    down = np.minimum(ay + ah, by + bh)
    down -= np.maximum(ay, by)
    np.maximum(down, 0.0, out=down)
    inside *= down
    union = np.add(aw * ah, bw * bh, out=down)
    union -= inside
    np.fmax(union, np.finfo(np.float64).tiny, out=union)
    return np.asarray(np.divide(inside, union, out=inside))


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
    ordered = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)[order]
    return np.asarray(order[_suppress_sorted(ordered, iou_threshold)[:limit]])


def _suppress_sorted(boxes: NDArray[np.float64], iou_threshold: float) -> NDArray[np.intp]:
    """As `suppress`, for boxes that come best first."""
    kept: list[NDArray[np.intp]] = []
    left = np.arange(len(boxes))
    # Block by block: most boxes of a crowd fall to the first blocks, before they meet each other.
    while len(left) > _BLOCK:
        block, left = left[:_BLOCK], left[_BLOCK:]
        kept.append(block[_suppress_block(boxes[block], iou_threshold)])
        overlaps = pairwise_iou(boxes[kept[-1]], boxes[left])
        left = left[(overlaps <= iou_threshold).all(axis=0)]
    kept.append(left[_suppress_block(boxes[left], iou_threshold)])
    return kept[0] if len(kept) == 1 else np.concatenate(kept)


def _suppress_block(boxes: NDArray[np.float64], iou_threshold: float) -> list[int]:
    """As `_suppress_sorted`, by one matrix of all overlaps."""
    if len(boxes) < 2:
        return list(range(len(boxes)))
    apart = pairwise_iou(boxes, boxes) <= iou_threshold
    alive = np.ones(len(boxes), dtype=bool)
    kept: list[int] = []
    best = 0
    # A step for each box that stays: the next one that no better box has removed.
    while alive[best]:
        kept.append(best)
        alive &= apart[best]
        alive[best] = False  # whatever the threshold, a box is done once it is kept
        best = int(alive.argmax())
    return kept


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
    # Scores first: it leaves a handful of many cells.
    scores = np.asarray(scores)
    candidates = np.flatnonzero(scores >= score)
    found = scores[candidates]
    if (found[1:] > found[:-1]).any():  # a network that sorts its answer saves this step
        order = np.argsort(-found, kind="stable")
        candidates, found = candidates[order], found[order]
    boxes = np.asarray(boxes_in_frame)[candidates].astype(np.float64)
    plausible = _plausible(boxes, frame.content)
    if not plausible.all():
        candidates, boxes, found = candidates[plausible], boxes[plausible], found[plausible]
    # Overlaps are the same in the frame and in the image, which differ by a scale of each axis.
    kept = _suppress_sorted(boxes[:max_candidates], nms_iou)
    return FoundFaces(
        boxes=frame.boxes_to_image(boxes[kept]),
        scores=found[kept].astype(np.float64),
        points=frame.points_to_image(np.asarray(points_in_frame)[candidates[kept]]),
    )


def _plausible(boxes: NDArray[np.float64], content: tuple[int, int]) -> NDArray[np.bool_]:
    """(N,) whether a box (x, y, width, height) is finite, has an area and its centre in the
    content.
    """
    x, y, width, height = boxes.T
    # Infinite boxes: no warning, and no comparison with a number that is none is true.
    with np.errstate(invalid="ignore"):
        across, along = x + width / 2, y + height / 2
    inside = (width > 0) & (height > 0) & (across >= -0.5) & (along >= -0.5)
    inside &= (across <= content[0] - 0.5) & (along <= content[1] - 0.5)
    return np.asarray(inside)


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
