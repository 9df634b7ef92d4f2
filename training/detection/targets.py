"""What each cell of the detector should say about an image: the assignment of faces to cells.

A face belongs to the stride that suits its size; near the borders of the size ranges to both. Its
positive cells are those close to its centre. Cells close to the centre at the next finer or coarser
stride are neither right nor wrong. Everything else is background.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.networks.detector import CELL_VALUES, POINTS, STRIDES

TARGET_VALUES = CELL_VALUES + 1
"""Per cell: state, x, y, width, height, five points (x, y), 1 where the points are labelled."""

BACKGROUND, FACE, IGNORED = 0.0, 1.0, -1.0

# Face sizes (root of the area, input pixels) that each stride must find, and those it may find.
_SIZES = {8: (0.0, 40.0), 16: (28.0, 96.0), 32: (68.0, np.inf)}
_NEAR = 1.5
_RADIUS = 1.5  # positive cells lie within this many strides of the centre: at most 3 x 3


@dataclass(frozen=True, slots=True)
class Scene:
    """A training picture and the truth about it, in its own pixels.

    pixels: (H, W, 3) uint8. boxes: (F, 4) float32 x, y, width, height. points: (F, 5, 2) float32,
    NaN for a face whose points are not labelled. unknown: (H / 8, W / 8) bool, cells about which
    nothing is known (unlabelled surroundings, faces to be ignored).
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    points: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 5, 2), np.float32))
    unknown: NDArray[np.bool_] | None = None


def cell_centres(height: int, width: int, stride: int) -> NDArray[np.float32]:
    """(H / stride, W / stride, 2) x, y of the cells' centres, pixels."""
    x = np.arange(width // stride, dtype=np.float32) * stride + (stride - 1) / 2
    y = np.arange(height // stride, dtype=np.float32) * stride + (stride - 1) / 2
    return np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)


def scene_targets(scene: Scene) -> NDArray[np.float32]:
    """(M, TARGET_VALUES) float32 for a scene, cells in the network's order."""
    height, width = scene.pixels.shape[:2]
    levels = [_level_targets(scene, height, width, stride) for stride in STRIDES]
    return np.concatenate([level.reshape(-1, TARGET_VALUES) for level in levels])


def _level_targets(scene: Scene, height: int, width: int, stride: int) -> NDArray[np.float32]:
    centres = cell_centres(height, width, stride)
    target = np.zeros((*centres.shape[:2], TARGET_VALUES), np.float32)
    if scene.unknown is not None:
        factor = stride // STRIDES[0]
        unknown = scene.unknown.reshape(height // stride, factor, width // stride, factor)
        target[unknown.mean(axis=(1, 3)) >= 0.5, 0] = IGNORED
    sizes = np.sqrt(scene.boxes[:, 2] * scene.boxes[:, 3])
    low, high = _SIZES[stride]
    # Large faces first, so that a small face in front of a large one keeps its cells.
    order = np.argsort(-sizes)
    for index in order:
        if low / _NEAR <= sizes[index] <= high * _NEAR:
            rows, columns = _central_cells(scene.boxes[index], centres, stride)
            target[rows, columns, 0] = IGNORED
    for index in order:
        if low <= sizes[index] <= high:
            rows, columns = _central_cells(scene.boxes[index], centres, stride)
            labelled = bool(np.isfinite(scene.points[index]).all())
            target[rows, columns] = np.concatenate(
                [
                    [FACE],
                    scene.boxes[index],
                    scene.points[index].ravel() if labelled else np.zeros(2 * POINTS),
                    [float(labelled)],
                ]
            )
    return target


def _central_cells(
    box: NDArray[np.float32], centres: NDArray[np.float32], stride: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the cells that lie in the box and near its centre; at least the nearest
    one.
    """
    middle = box[:2] + box[2:] / 2
    reach = np.minimum(_RADIUS * stride, box[2:] / 2)
    distance = np.abs(centres - middle)
    rows, columns = np.nonzero((distance <= reach).all(axis=-1))
    if len(rows) == 0:
        nearest = int(distance.sum(axis=-1).argmin())
        row, column = np.unravel_index(nearest, distance.shape[:2])
        return np.asarray([row]), np.asarray([column])
    return rows, columns
