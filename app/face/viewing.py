"""From the head that a crop shows to the head before the camera.

A head beside the camera's axis is seen from the side though it face along the axis: a crop of it
looks as if the camera had been turned, the shortest way, until it looked at the head.
"""

import math

import numpy as np
from numpy.typing import NDArray

from app.face.pnp import Camera


def view_towards(camera: Camera, x: float, y: float) -> NDArray[np.float64]:
    """(3, 3) turn of a camera that looks at the pixel (x, y) of its image.

    Times a rotation (3, 3) as a crop around that pixel shows it: head to camera.
    """
    across, down = (x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy
    length = math.hypot(across, down, 1.0)
    a, b, c = across / length, down / length, 1.0 / length
    mixed = -a * b / (1 + c)
    return np.array([[1 - a * a / (1 + c), mixed, a], [mixed, 1 - b * b / (1 + c), b], [-a, -b, c]])
