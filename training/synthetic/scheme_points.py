"""The points of every landmark scheme, made of marks on the head model and the visible outline."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from training.synthetic.marks import Marks
from training.synthetic.surface_points import SurfacePoints

Points = NDArray[np.float64]
Place = Callable[[SurfacePoints], Points]

_EYES = (slice(36, 42), slice(42, 48))


def scheme_points(marks: Marks, ibug: Points, place: Place) -> dict[str, Points]:
    """(K, 3) points by scheme, "muct-76", "aflw-21" and "five", in the frame of `ibug`.

    ibug: (68, 3) points of ibug-68, the jaw on the visible outline. place: where marks lie.
    """
    right, left = np.split(place(marks.nose_sides), 2)
    eyes = np.stack([ibug[eye].mean(axis=0) for eye in _EYES])
    return {
        "muct-76": _muct(ibug, right, left, marks, place),
        "aflw-21": _aflw(ibug, right, left, eyes, marks, place),
        "five": np.concatenate([eyes, ibug[[30, 48, 54]]]),
    }


def _muct(ibug: Points, right: Points, left: Points, marks: Marks, place: Place) -> Points:
    pupils = place(marks.pupils)
    lids = np.split(place(marks.lids_muct), 2)
    inner = ibug[[67, 66, 65, 63, 62, 61]]
    return np.concatenate(
        [
            _FIFTEEN_OF_17 @ ibug[:17],
            place(marks.brows_muct),
            lids[0][:4],
            pupils[:1],
            lids[1][:4],
            pupils[1:],
            right,  # down the right side of the nose
            ibug[33:34],
            left[::-1],  # and up the left one
            place(marks.nostrils),
            ibug[48:60],
            inner,
            ibug[[62, 66]].mean(axis=0, keepdims=True),
            ibug[30:31],
            lids[0][4:],
            lids[1][4:],
        ]
    )


def _aflw(
    ibug: Points, right: Points, left: Points, eyes: Points, marks: Marks, place: Place
) -> Points:
    ears = place(marks.ears)
    return np.concatenate(
        [
            place(marks.brows_aflw),
            ibug[36:37],
            eyes[:1],
            ibug[39:40],
            ibug[42:43],
            eyes[1:],
            ibug[45:46],
            ears[:1],
            right[2:3],
            ibug[30:31],
            left[2:3],
            ears[1:],
            ibug[48:49],
            ibug[[62, 66]].mean(axis=0, keepdims=True),
            ibug[54:55],
            ibug[8:9],
        ]
    )


# A smooth curve through 17 points of the jaw, read off at 15 even steps, as a matrix.
_FIFTEEN_OF_17: Points = CubicSpline(np.arange(17), np.eye(17))(np.linspace(0.0, 16.0, 15))
