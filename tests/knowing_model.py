"""A face model that knows the truth of a rendered head, and sees what covers it.

It answers the exact points, rotation and openness of `tests.golden_heads`, as the crop shows them;
of a point under the colour of `COVER` it says that it is hidden and that it hardly knows where it
is.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.geometry import Crop
from app.measuring.alignment import Alignment, HeadInCrop
from tests.golden_heads import Head

COVER = (255, 0, 255)
SURE, UNSURE = 0.01, 0.2  # standard deviations, unit crop

Floats = NDArray[np.float64]


def exact_answer(
    one: Head,
    crop: Crop,
    *,
    rotation_std: tuple[float, float, float] = (2.0, 2.0, 1.0),
    openness: tuple[float, float] = (0.27, 0.27),
    presence: float = 0.98,
) -> Alignment:
    points = crop.points_to_crop(one.points)
    eyes = one.points[[36, 45]].mean(axis=0) - (one.camera["cx"], one.camera["cy"])
    ray = np.append(eyes / (one.camera["fx"], one.camera["fy"]), 1.0)
    # As if the camera looked between the eyes: turned the shortest way.
    axis = np.cross([0.0, 0.0, 1.0], ray / np.linalg.norm(ray))
    sine = np.linalg.norm(axis)
    look = Rotation.from_rotvec(axis * (np.arcsin(sine) / sine if sine else 0.0))
    undone = Rotation.from_euler("z", -crop.angle, degrees=True)
    shown = (undone * look.inv()).as_matrix() @ one.rotation
    covered = _covered(crop, points)
    return Alignment(
        points,
        np.where(covered, UNSURE, SURE),
        HeadInCrop(
            np.where(covered, 0.0, 1.0), shown, np.array(rotation_std), np.array(openness), presence
        ),
    )


def _covered(crop: Crop, points_in_crop: Floats) -> NDArray[np.bool_]:
    size = crop.pixels.shape[0]
    column, row = np.clip(np.rint(points_in_crop * size - 0.5).astype(int), 0, size - 1).T
    return np.asarray((crop.pixels[row, column] == COVER).all(axis=-1))
