"""How far the answers of two files for the same crops are apart, in what the model itself expects
to be wrong.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.face.rotation import geodesic_degrees
from training.parity import Outputs

MOST_BY_INT8 = 0.1
"""The service refuses a file at twice that (app/accuracy_gate.py). It adds half a percent to an
error: sqrt(1 + 0.1 ** 2).
"""

# Of openness, presence and visible, 0..1: what counts as much as a whole deviation.
_SHARE = 0.1


def face_difference(answered: Outputs, wanted: Outputs) -> float:
    """Root mean square of the points' and of the rotation's differences in `wanted`'s deviations,
    of openness, of presence and of visible in tenths; the largest of them.
    """
    turned = geodesic_degrees(answered["rotation"], wanted["rotation"]) / np.sqrt(3.0)
    expected = np.sqrt(np.mean(np.square(wanted["rotation_std"]), axis=-1))
    shares = [
        _rms((answered[name] - wanted[name]) / _SHARE)
        for name in ("openness", "presence", "visible")
    ]
    return max(points_difference(answered, wanted), _rms(turned / expected), *shares)


def points_difference(answered: Outputs, wanted: Outputs) -> float:
    """That of the points alone."""
    return _rms((answered["points"] - wanted["points"]) / wanted["std"][..., None])


def _rms(values: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
