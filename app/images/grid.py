"""Where decoded pixels lie in the image: an image may be decoded coarser than its file has it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Grid:
    """The decoded pixels as a grid over the upright image; by default its own pixels.

    step: image pixels per decoded pixel, along each axis. left, top, right, bottom: how far the
    outermost decoded pixels reach beyond the image, in image pixels, less than `step`. Both frames,
    image pixels and decoded pixels, have pixel centres at integers.
    """

    step: int = 1
    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    def image_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the image of which there are width x height decoded pixels."""
        return (
            width * self.step - self.left - self.right,
            height * self.step - self.top - self.bottom,
        )

    def points_to_image(self, points_in_grid: ArrayLike) -> NDArray[np.float64]:
        """(..., 2) decoded pixels -> (..., 2) image pixels."""
        points = np.asarray(points_in_grid, np.float64)
        if self.step == 1:  # to the last bit what came
            return points
        return np.asarray((points + 0.5) * self.step - 0.5 - (self.left, self.top))

    def boxes_to_image(self, boxes_in_grid: ArrayLike) -> NDArray[np.float64]:
        """(..., 4) boxes x, y, width, height in decoded pixels -> the same in image pixels."""
        boxes = np.asarray(boxes_in_grid, np.float64)
        corners = self.points_to_image(boxes[..., :2])
        return np.concatenate([corners, boxes[..., 2:] * self.step], axis=-1)

    def from_image(self, affine: NDArray[np.float64]) -> NDArray[np.float64]:
        """(2, 3) affine to image pixels -> the same to decoded pixels."""
        if self.step == 1:
            return affine
        result = affine / self.step
        result[:, 2] += (np.array([self.left, self.top]) + 0.5) / self.step - 0.5
        return result


WHOLE = Grid()
"""The image's own pixels."""
