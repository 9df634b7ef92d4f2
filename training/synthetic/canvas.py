"""The picture while it is being drawn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.camera import PinholeCamera


@dataclass(frozen=True, slots=True)
class Canvas:
    """radiance: (H, W, 3) float32 linear RGB; depth: (H, W) float32 mm. Both are drawn into."""

    camera: PinholeCamera
    radiance: NDArray[np.float32]
    depth: NDArray[np.float32]
