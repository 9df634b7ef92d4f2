"""The `.mat` files that the authors of 3DDFA publish beside each picture, and their pose.

AFLW2000-3D, 300W-3D and 300W-LP share them. `Pose_Para` (1, 7) holds pitch, yaw and roll in
radians, three numbers of translation and the scale. `pt2d` (2, K) and `pt3d_68` (3, 68) are pixels;
what they count from is nowhere said. On 16 pictures of AFLW2000-3D our landmark model, trained on
points that count from 0, answers 1.4 pixels to the right of them and 1.3 below (standard error
0.5): they do not count from 1, and nothing is subtracted.

In which order the angles turn is disputed. Projected onto those pictures, only
R = Rx(-pitch) Ry(yaw) Rz(roll) fits all of them (app.face.rotation.from_300w_lp): the canonical
head misses by 12 % of the points' spread on average and 16 % at worst. The next best orders come to
14 and 35 %, Rz Ry Rx, which public code assumes most often, to 20 and 79 %.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import scipy.io
from numpy.typing import NDArray

from app.face.rotation import from_300w_lp

_POSE = "Pose_Para"
Array = NDArray[np.float64]


def read_mat(file: Path, *names: str) -> dict[str, Array]:
    """The arrays `names` of a `.mat` file.

    Raises FileNotFoundError when there is none, ValueError when it is no `.mat` file or lacks one.
    """
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing: unpack the whole archive")
    try:
        content = scipy.io.loadmat(file, variable_names=names)
    except (ValueError, TypeError, NotImplementedError, scipy.io.matlab.MatReadError) as error:
        raise ValueError(
            f"{file} cannot be read as a .mat file ({error}): fetch it again"
        ) from error
    for name in names:
        if name not in content:
            raise ValueError(f"{file} has no {name}: is it a label of this data set?")
    return {name: np.asarray(content[name], np.float64) for name in names}


def points_of(file: Path, values: Array, rows: int, count: int) -> NDArray[np.float32]:
    """(count, 2) pixels of `values` (rows, count).

    ValueError, naming the file, for another shape or numbers that are not finite.
    """
    if values.shape != (rows, count) or not np.isfinite(values).all():
        raise ValueError(f"{file} holds points {values.shape}, expected finite ({rows}, {count})")
    return values[:2].T.astype(np.float32)


def pose_of(file: Path, content: Mapping[str, Array]) -> tuple[Array, dict[str, str]]:
    """The rotation (3, 3), head to camera, and the set's own angles in degrees as tags."""
    pose = content[_POSE].ravel()
    if pose.size != 7 or not np.isfinite(pose).all():
        raise ValueError(f"{file} holds a {_POSE} of {pose.size} numbers, expected 7 finite ones")
    pitch, yaw, roll = np.degrees(pose[:3]).tolist()
    tags = {"pitch": f"{pitch:.2f}", "yaw": f"{yaw:.2f}", "roll": f"{roll:.2f}"}
    return from_300w_lp(pitch, yaw, roll), tags


def picture_of(label: Path) -> Path:
    """The picture beside a label file; FileNotFoundError when it is missing."""
    picture = label.with_suffix(".jpg")
    if not picture.is_file():
        raise FileNotFoundError(f"{picture} is missing, though {label.name} is there: unpack again")
    return picture
