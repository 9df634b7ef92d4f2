"""Head pose from landmarks: the canonical head, seen by a camera so that it falls on the points.

The canonical 68 points (canonical_68.json beside this file) are those of the mean head of
ICT-FaceKit, in millimetres of the head frame of `rotation`, origin midway between the outer eye
corners. Zero pitch is the pose that head was modelled in: brow to chin upright within two degrees.
One mean head stands for everybody, so expect errors of 2 to 3 degrees on perfect landmarks.
People's annotations are not the mesh's vertices: on 600 photographs with the landmarks of 300-W the
mean pitch is -7 degrees, and how much of that is the people is not known. On 16 images of
AFLW2000-3D the pitch is 1 degree (this file's assumed camera) to 4 degrees (long lens) below the
labels, whose zero is another mean head's.

Rotation and translation are relative to the CAMERA: a face that looks along the camera's axis but
stands at the edge of a wide image has rotation identity, although it shows more of one cheek.
"""

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Self

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.face.schemes.ibug_68 import IBUG_68

Array = NDArray[np.float64]

# What expressions and identity move least against the skull. The jaw is left out because annotators
# follow the visible contour, not the bone; of the lips only the corners stay. The chin stays for
# its long lever on pitch.
_CHIN = (8,)
_BROW_ENDS = (17, 21, 22, 26)
_NOSE = (27, 28, 29, 30, 31, 33, 35)
_EYE_CORNERS = (36, 39, 42, 45)
_MOUTH_CORNERS = (48, 54)
USED_POINTS = (*_CHIN, *_BROW_ENDS, *_NOSE, *_EYE_CORNERS, *_MOUTH_CORNERS)

_MOST_AVERTED = math.cos(math.radians(120))  # a face turned further away shows no landmarks


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera without distortion: focal lengths and principal point in pixels.

    ValueError unless finite and with positive focal lengths.
    """

    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        values = (self.fx, self.fy, self.cx, self.cy)
        if not all(map(math.isfinite, values)) or self.fx <= 0 or self.fy <= 0:
            raise ValueError(f"A camera needs finite values and fx, fy > 0. Received: {values}")

    @classmethod
    def assumed(cls, width: int, height: int) -> Self:
        """The camera of an unknown photograph: the focal length is the longer side (53 degrees).

        That is a phone or a webcam; a portrait lens has two to three times as much. For a face in
        the middle the choice matters little.
        """
        focal = float(max(width, height))
        return cls(focal, focal, (width - 1) / 2, (height - 1) / 2)

    @classmethod
    def from_hfov(cls, width: int, height: int, hfov_deg: float) -> Self:
        """Square pixels, principal point in the middle, horizontal field of view in degrees."""
        if not 0 < hfov_deg < 180:
            raise ValueError(f"A field of view is within 0..180 degrees. Received: {hfov_deg}")
        focal = width / (2 * math.tan(math.radians(hfov_deg) / 2))
        return cls(focal, focal, (width - 1) / 2, (height - 1) / 2)

    @property
    def matrix(self) -> Array:
        """The (3, 3) intrinsic matrix."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1.0]])


@dataclass(frozen=True, slots=True, eq=False)
class PnpResult:
    """rotation: (3, 3), head to camera. translation: (3,) mm, of the head's origin in the camera
    frame.

    reprojection_error: pixels, root mean square over `USED_POINTS`.
    """

    rotation: Array
    translation: Array
    reprojection_error: float


@cache
def canonical_points() -> Array:
    """The canonical 68 points (68, 3), millimetres, head frame; read-only."""
    text = files("app.face").joinpath("canonical_68.json").read_text(encoding="utf-8")
    points = np.array(json.loads(text)["points"], np.float64)
    points.setflags(write=False)
    return points


def solve(points_in_image: ArrayLike, camera: Camera, scheme: str = IBUG_68.name) -> PnpResult:
    """The pose that puts the canonical head onto points (68, 2), image pixels.

    Deterministic. The head is always in front of the camera and never seen from behind; points that
    no face could have give the best in-plane fit, with a large reprojection error. ValueError for
    another scheme, a wrong shape, points that are not finite or all in one place, and where numbers
    leave the range of floats (a focal length of 1e-300 pixels, say).
    """
    if scheme != IBUG_68.name:
        raise ValueError(f"PnP knows the canonical points of {IBUG_68.name}. Received: {scheme!r}")
    points = np.asarray(points_in_image, np.float64)
    if points.shape != (len(IBUG_68), 2) or not np.isfinite(points).all():
        raise ValueError(f"PnP needs 68 finite points (68, 2). Received shape: {points.shape}")
    seen = np.ascontiguousarray(points[list(USED_POINTS)])
    if not np.ptp(seen, axis=0).any():
        raise ValueError("PnP needs points that are not all in one place.")
    # Overflow is looked for in the result; numpy need not print about it.
    with np.errstate(all="ignore"):
        result = _solved(seen, camera)
        sizes = (result.reprojection_error, *result.rotation.flat, *result.translation)
    if not all(map(math.isfinite, sizes)):
        raise ValueError(f"PnP finds no finite pose with this camera. Received: {camera}")
    return result


def _solved(seen: Array, camera: Camera) -> PnpResult:
    matrix = camera.matrix
    first = _algebraic(seen, matrix)
    result = None if first is None else _refined(seen, matrix, *first)
    if result is None:
        flat = _in_plane(seen, camera)
        result = _refined(seen, matrix, *flat) or _result(seen, matrix, *flat)
    return result


def _algebraic(seen: Array, matrix: Array) -> tuple[Array, Array] | None:
    """SQPnP: the global optimum of the algebraic error, without a starting point."""
    try:
        found, rotation, translation = cv2.solvePnP(
            _used_canonical(), seen, matrix, None, flags=cv2.SOLVEPNP_SQPNP
        )
    except cv2.error:  # degenerate points, such as all on one line
        return None
    if not found or not (np.isfinite(rotation).all() and np.isfinite(translation).all()):
        return None
    return np.asarray(rotation, np.float64), np.asarray(translation, np.float64)


def _refined(
    seen: Array, matrix: Array, rotation_vector: Array, translation: Array
) -> PnpResult | None:
    """Levenberg-Marquardt on the pixel error; None when it ends with a head no camera could see."""
    better = cv2.solvePnPRefineLM(
        _used_canonical(), seen, matrix, None, rotation_vector.copy(), translation.copy()
    )
    result = _result(seen, matrix, *better)
    return result if _visible(result) else None


def _in_plane(seen: Array, camera: Camera) -> tuple[Array, Array]:
    """A frontal head, rolled, scaled and shifted onto the points."""
    model = _used_canonical()[:, 0] + 1j * _used_canonical()[:, 1]
    points = (seen[:, 0] - camera.cx) / camera.fx + 1j * (seen[:, 1] - camera.cy) / camera.fy
    model_centre, centre = model.mean(), points.mean()
    # Kept a numpy number: dividing by zero then gives infinity, which `solve` refuses.
    spread = np.linalg.norm(points - centre) / np.linalg.norm(model - model_centre)
    roll = float(np.angle(np.vdot(model - model_centre, points - centre)))
    offset = centre / spread - np.exp(1j * roll) * model_centre
    return np.array([[0.0], [0.0], [roll]]), np.array([[offset.real], [offset.imag], [1 / spread]])


def _result(
    seen: Array, matrix: Array, rotation_vector: ArrayLike, translation: ArrayLike
) -> PnpResult:
    rotation = np.asarray(cv2.Rodrigues(np.asarray(rotation_vector))[0], np.float64)
    shift = np.asarray(translation, np.float64).reshape(3)
    projected = (_used_canonical() @ rotation.T + shift) @ matrix.T
    errors = projected[:, :2] / projected[:, 2:] - seen
    return PnpResult(rotation, shift, float(np.sqrt((errors**2).sum(axis=1).mean())))


def _visible(result: PnpResult) -> bool:
    """Every used point is in front of the camera, and the face is not turned away from it."""
    if not math.isfinite(result.reprojection_error):
        return False
    depths = _used_canonical() @ result.rotation[2] + result.translation[2]
    to_camera = -result.translation / np.linalg.norm(result.translation)
    return bool(depths.min() > 0 and -result.rotation[:, 2] @ to_camera > _MOST_AVERTED)


@cache
def _used_canonical() -> Array:
    points = canonical_points()[list(USED_POINTS)]
    points.setflags(write=False)
    return points
