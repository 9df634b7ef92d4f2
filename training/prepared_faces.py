"""Faces with landmarks of one scheme, cut out generously, in memory."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box, crop_transform, invert, transform


@dataclass(frozen=True, slots=True)
class PreparedFaces:
    """Faces with landmarks of one scheme, in memory.

    pixels (n, S, S, 3) uint8; points (n, K, 2) float32, pixels of the prepared crop; seen (n, K)
    bool; boxes (n, 4) float32, x, y, width, height in the prepared crop; rotation (n, 3, 3)
    float32, head -> camera, NaN where there is no label; source, subject, split: (n,) str.
    """

    pixels: NDArray[np.uint8]
    points: NDArray[np.float32]
    seen: NDArray[np.bool_]
    boxes: NDArray[np.float32]
    rotation: NDArray[np.float32]
    source: NDArray[np.str_]
    subject: NDArray[np.str_]
    split: NDArray[np.str_]
    scheme: str

    def __len__(self) -> int:
        return len(self.points)

    def of_split(self, split: str) -> "PreparedFaces":
        return self.take(np.flatnonzero(self.split == split))

    def of_source(self, source: str) -> "PreparedFaces":
        return self.take(np.flatnonzero(self.source == source))

    def take(self, rows: NDArray[np.intp]) -> "PreparedFaces":
        return replace(
            self,
            pixels=self.pixels[rows],
            points=self.points[rows],
            seen=self.seen[rows],
            boxes=self.boxes[rows],
            rotation=self.rotation[rows],
            source=self.source[rows],
            subject=self.subject[rows],
            split=self.split[rows],
        )

    def mean_points_in_crop(self, split: str | None = None) -> NDArray[np.float32]:
        """(K, 2): the mean face, of all or of one split, in the unit crop that the service would
        cut for these boxes; each point over the faces that show it, and the crop's middle where
        none does.
        """
        rows = slice(None) if split is None else self.split == split
        points = [
            transform(invert(crop_transform(Box(*box))), points)
            for box, points in zip(self.boxes[rows].tolist(), self.points[rows], strict=True)
        ]
        seen = self.seen[rows, :, None]
        count = seen.sum(axis=0)
        total = np.where(seen, points, 0.0).sum(axis=0)
        return np.where(count > 0, total / np.maximum(count, 1), 0.5).astype(np.float32)
