"""A pinhole camera without distortion, in OpenCV's frame."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PinholeCamera:
    """Focal lengths and principal point in pixels (centres at integers), picture size in pixels."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    @classmethod
    def centred(cls, width: int, height: int, focal: float) -> Self:
        """Square pixels and the principal point in the middle of the picture."""
        return cls(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)

    def project(self, points_in_camera: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., 3) mm in the camera frame -> (..., 2) pixels; points must lie before the camera."""
        points = np.asarray(points_in_camera, dtype=np.float64)
        scaled = points[..., :2] / points[..., 2:]
        return scaled * (self.fx, self.fy) + (self.cx, self.cy)

    def finer(self, factor: float) -> "PinholeCamera":
        """The same view with `factor` times as many pixels, in whole ones, along each axis."""
        width, height = round(self.width * factor), round(self.height * factor)
        # Pixel centres lie at integers, so the picture's edge is at -0.5 and scales about it.
        across, down = width / self.width, height / self.height
        return PinholeCamera(
            width,
            height,
            self.fx * across,
            self.fy * down,
            (self.cx + 0.5) * across - 0.5,
            (self.cy + 0.5) * down - 0.5,
        )

    def mirrored(self) -> "PinholeCamera":
        """The camera that sees the mirrored scene as the mirrored picture."""
        return PinholeCamera(
            self.width, self.height, self.fx, self.fy, self.width - 1 - self.cx, self.cy
        )

    def matrix(self) -> NDArray[np.float64]:
        """The (3, 3) intrinsic matrix."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])
