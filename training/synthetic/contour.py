"""The jaw line as 2D annotators see it: the visible outline of the face, not the jaw bone."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.facekit import FaceKit

_NARROW_FACE = 6706  # vertices of the face without ears and neck, from the model's README
_MOUTH = np.array([0.0, 35.0])  # rays to the lower jaw start here; head frame x, y in mm


class JawContour:
    """Candidates for each of the 17 jaw points: a strip of vertices across the outline.

    As the head turns, the outline wanders over the cheek; the candidate that lies farthest out in
    the picture is the point that an annotator marks.
    """

    def __init__(self, kit: FaceKit) -> None:
        self._strips = [_strip(kit, k) for k in range(17)]

    def vertices(self, in_camera: NDArray[np.float64]) -> NDArray[np.int64]:
        """(17,) vertex indices on the visible outline.

        in_camera: (V, 3) mm, the posed head.
        """
        flat = in_camera[:, :2] / in_camera[:, 2:]
        down = in_camera[self._strips[8][0][0]] - in_camera[:_NARROW_FACE].mean(axis=0)
        axis_down = down[:2] / np.linalg.norm(down[:2])
        axis_right = np.array([axis_down[1], -axis_down[0]])
        chosen = []
        for candidates, outwards in self._strips:
            direction = outwards[0] * axis_right + outwards[1] * axis_down
            chosen.append(candidates[np.argmax(flat[candidates] @ direction)])
        return np.array(chosen, dtype=np.int64)


def _strip(kit: FaceKit, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Candidate vertices of jaw point k, its anatomical vertex first, and the outward direction."""
    x, y, z = kit.mean[:_NARROW_FACE].T.astype(np.float64)
    anatomical = int(kit.landmarks[k])
    point = kit.mean[anatomical].astype(np.float64)
    if k <= 4 or k >= 12:  # beside the face: a level strip from the ear forwards
        side = 1.0 if k >= 12 else -1.0
        outwards = np.array([side, 0.0])
        inside = (np.abs(y - point[1]) < 3.5) & (x * side > 32.0) & (z < point[2] + 3.0)
        inside &= z > -95.0
    else:  # below it: a strip along the ray from the mouth, from the lip's foot to under the jaw
        ray = point[:2] - _MOUTH
        length = float(np.linalg.norm(ray))
        outwards = ray / length
        along = (x - _MOUTH[0]) * outwards[0] + (y - _MOUTH[1]) * outwards[1]
        aside = -(x - _MOUTH[0]) * outwards[1] + (y - _MOUTH[1]) * outwards[0]
        inside = (np.abs(aside) < 3.0) & (along > 0.8 * length) & (z < point[2] + 20.0) & (y > 40.0)
        if 6 <= k <= 10:
            # Seen from below the outline would creep down the throat; annotators stay on the chin.
            inside &= (y < 86.0) & (z < point[2] + 12.0)
    found = np.nonzero(inside)[0]
    return np.concatenate([[anatomical], found]).astype(np.int64), outwards
