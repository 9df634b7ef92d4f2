"""Do a face's labelled rotation and its labelled points belong together?

The canonical head, turned by the label, must fall onto the points up to scale and shift. Where it
does not, one of the two is wrong: angles read in another order or with another sign, points
numbered for the other side or counted from the bottom of the picture.

One mean head stands for everybody, and the sets have another zero of pitch (app.face.pnp), so right
labels miss too. On 16 images of AFLW2000-3D the points lie 9 to 16 % of their spread away, and the
rotation that fits best is 1 to 12 degrees from the label. Read in other orders or signs, the same
labels are up to 80 % and more than 20 degrees off.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from app.face.pnp import USED_POINTS, canonical_points
from training.samples import FaceSample, ImageSample

MOST_ERROR = 0.25
"""Share of the points' spread; of right labels the canonical head leaves up to 0.16."""
MOST_DEGREES = 15.0
"""Between a label and the rotation that fits best; of right labels up to 12."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """error: see `projection_error`. degrees: from the labelled rotation to the one that fits the
    points best.
    """

    error: float
    degrees: float


def projection_error(rotation: ArrayLike, points_in_image: ArrayLike) -> float:
    """How far points (68, 2) lie from the canonical head turned by `rotation` (3, 3), at the scale
    and shift that fit best: root mean square, as a share of the points' own spread.

    0 is perfect; a head that has nothing to do with the points comes to about 1. Points that move
    with the expression or follow the visible contour do not count (app.face.pnp.USED_POINTS).
    """
    head, points = _centred_head(), _centred(points_in_image)
    projected = (head @ np.asarray(rotation, np.float64).T)[:, :2]
    # A negative scale would be a head behind the camera, seen through itself.
    scale = max(0.0, float((projected * points).sum() / (projected**2).sum()))
    return float(np.sqrt(((scale * projected - points) ** 2).sum() / (points**2).sum()))


def agreement(rotation: ArrayLike, points_in_image: ArrayLike) -> Agreement:
    """How well a labelled rotation (3, 3) and points (68, 2) agree."""
    head, points = _centred_head(), _centred(points_in_image)
    label = np.asarray(rotation, np.float64)
    spread = float(np.sqrt((points**2).sum()))

    def misses(parameters: Array) -> Array:
        turned = head @ (Rotation.from_rotvec(parameters[:3]).as_matrix() @ label).T
        return np.asarray(np.exp(parameters[3]) * turned[:, :2] / size - points / spread).ravel()

    size = float(np.sqrt((head[:, :2] ** 2).sum()))
    best = least_squares(misses, np.zeros(4)).x
    degrees = float(np.degrees(Rotation.from_rotvec(best[:3]).magnitude()))
    return Agreement(projection_error(label, points_in_image), degrees)


def disagreement(
    face: FaceSample, most_error: float = MOST_ERROR, most_degrees: float = MOST_DEGREES
) -> str | None:
    """Why the rotation of a face with 68 points cannot be believed; None when it can, or when there
    is nothing to compare.
    """
    if face.rotation is None or face.points_in_image is None or face.scheme != "ibug-68":
        return None
    found = agreement(face.rotation, face.points_in_image)
    if found.error > most_error:
        return f"the labelled rotation misses the points by more than {most_error:.0%}"
    if found.degrees > most_degrees:
        return f"the points ask for a rotation more than {most_degrees:g} degrees from the label"
    return None


def believed(face: FaceSample) -> FaceSample:
    """The face, without its rotation if the points disagree; tags["rejected"] says why."""
    reason = disagreement(face)
    return (
        face
        if reason is None
        else replace(face, rotation=None, tags=face.tags | {"rejected": reason})
    )


def believed_but_for_tests(sample: ImageSample) -> ImageSample:
    """Its faces as `believed`; what is judged stays as it was published."""
    if sample.split == "test":
        return sample
    return replace(sample, faces=tuple(map(believed, sample.faces)))


def _centred_head() -> Array:
    head = canonical_points()[list(USED_POINTS)]
    return np.asarray(head - head.mean(axis=0))


def _centred(points_in_image: ArrayLike) -> Array:
    points = np.asarray(points_in_image, np.float64)
    if points.shape != (68, 2) or not np.isfinite(points).all():
        raise ValueError(f"68 finite points (68, 2) are needed. Received shape: {points.shape}")
    points = points[list(USED_POINTS)]
    if not np.ptp(points, axis=0).any():
        raise ValueError("Points that are all in one place tell no pose.")
    return np.asarray(points - points.mean(axis=0))
