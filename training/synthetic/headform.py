"""A hatter's form of one head: its outer surface as a map over directions, without ears.

Things that are worn are designed by direction (degrees round the head) and height above the skin;
because the map is read from this very head's vertices they sit on any identity and expression.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.synthetic.contour import FACE_VERTICES
from training.synthetic.facekit import FaceKit, Part

_STEP = 5.0  # degrees between the map's directions
_COLUMNS = int(360 / _STEP) + 1  # azimuth -180..180, both ends stored
_ROWS = int(180 / _STEP) + 1  # elevation 90..-90
_NEIGHBOURS = 8
_EARS = range(
    6706, FACE_VERTICES
)  # vertices of the face that may be an ear, from the model's README


@dataclass(frozen=True, slots=True)
class HeadForm:
    """surface: (rows, columns, 3) float32 mm, head frame, one point a direction.

    centre: (3,) mm, where directions start. landmarks: (68, 3) mm. eye_front: (3,) mm, the
    foremost point of the eyeballs, in z; neck: (half width, half depth, centre's z) in mm.
    """

    surface: NDArray[np.float32]
    centre: NDArray[np.float64]
    landmarks: NDArray[np.float64]
    eye_front: float
    neck: tuple[float, float, float]

    def at(
        self,
        azimuth: NDArray[np.floating],
        elevation: NDArray[np.floating],
        lift: float | NDArray[np.floating] = 0.0,
    ) -> NDArray[np.float64]:
        """(..., 3) points at directions in degrees, `lift` mm above the skin.

        azimuth: 0 is the face, > 0 the image's right; elevation: > 0 is up.
        """
        return lookup(self.surface, self.centre, azimuth, elevation, lift)

    def taut(self, reach: int = 5) -> "HeadForm":
        """The form under stretched cloth: hollows up to `reach` * 5 degrees wide are bridged."""
        outwards = self.surface - self.centre.astype(np.float32)
        radius = np.linalg.norm(outwards, axis=2)
        wrapped = cv2.copyMakeBorder(radius, 0, 0, reach, reach, cv2.BORDER_WRAP)
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        closed = cv2.morphologyEx(wrapped, cv2.MORPH_CLOSE, kernel)
        smooth = np.maximum(cv2.GaussianBlur(closed, (0, 0), 0.45 * reach), wrapped)
        smooth = np.maximum(cv2.GaussianBlur(smooth, (0, 0), 0.6), wrapped)
        ratio = smooth[:, reach:-reach] / np.maximum(radius, 1.0)
        surface = self.centre.astype(np.float32) + outwards * ratio[:, :, None]
        return HeadForm(surface, self.centre, self.landmarks, self.eye_front, self.neck)

    def over_ears(
        self, azimuth: NDArray[np.floating], elevation: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """0..1, how much a direction points at an ear, which the surface leaves out."""
        ear_azimuth, ear_elevation = self.direction(self.landmarks[16] + (12.0, 14.0, 24.0))
        aside = (np.abs(azimuth) - ear_azimuth) / 22.0
        above = (elevation - ear_elevation) / 26.0
        return np.asarray(np.exp(-((aside**2 + above**2) ** 2)))

    def direction(self, point: NDArray[np.floating]) -> tuple[float, float]:
        """Azimuth and elevation in degrees of a (3,) point in the head frame."""
        x, y, z = np.asarray(point, dtype=np.float64) - self.centre
        return (
            float(np.rad2deg(np.arctan2(x, -z))),
            float(np.rad2deg(np.arctan2(-y, np.hypot(x, z)))),
        )


class HeadForms:
    """Finds once per head model which vertices make the surface in which direction."""

    def __init__(self, kit: FaceKit) -> None:
        self._kit = kit
        self._centre = _centre(kit.mean[kit.landmarks])
        used = np.unique(kit.triangles_of(Part.FACE, Part.HEAD))
        rest = kit.mean.astype(np.float64)
        is_ear = np.isin(used, _EARS) & (np.abs(rest[used, 0]) > 71.0) & (rest[used, 1] > -48.0)
        used = used[~is_ear]
        offsets = rest[used] - self._centre
        radius = np.linalg.norm(offsets, axis=1)
        directions = unit_directions(*_grid())
        distance, near = cKDTree(offsets / radius[:, None]).query(
            directions.reshape(-1, 3), k=_NEIGHBOURS
        )
        # Nearby directions count, and of those the outermost layer: lips hide the gums.
        weights = np.exp(-((distance / 0.05) ** 2))
        behind = radius[near].max(axis=1, keepdims=True) - radius[near]
        weights = (weights + 1e-9) * np.exp(-((behind / 6.0) ** 2))
        self._indices = used[near]
        self._weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
        eyes = kit.triangles_of(Part.EYE_LEFT, Part.EYE_RIGHT)
        self._eyes = np.unique(eyes)
        self._neck = used[np.abs(rest[used, 1] - 100.0) < 6.0]

    def of(self, head: NDArray[np.floating]) -> HeadForm:
        """The form of a head given by its (V, 3) vertices in the head frame, mm."""
        shift = head[self._kit.landmarks].mean(axis=0) - self._kit.mean[self._kit.landmarks].mean(0)
        shift[0] = 0.0
        near = np.asarray(head, dtype=np.float32)[self._indices]
        points = np.einsum("nk,nkc->nc", self._weights, near).reshape(_ROWS, _COLUMNS, 3)
        neck = (58.0, 60.0, 12.0)
        if len(self._neck) > 20:
            ring = head[self._neck]
            low, high = ring.min(axis=0), ring.max(axis=0)
            neck = (
                float(high[0] - low[0]) / 2,
                float(high[2] - low[2]) / 2,
                float(high[2] + low[2]) / 2,
            )
        return HeadForm(
            points,
            self._centre + shift,
            np.asarray(head[self._kit.landmarks], dtype=np.float64),
            float(head[self._eyes, 2].min()),
            neck,
        )


def lookup(
    surface: NDArray[np.float32],
    centre: NDArray[np.float64],
    azimuth: NDArray[np.floating],
    elevation: NDArray[np.floating],
    lift: float | NDArray[np.floating],
) -> NDArray[np.float64]:
    """Bilinear reading of a direction map, then `lift` mm outwards."""
    azimuth, elevation = np.broadcast_arrays(azimuth, elevation)
    columns = ((azimuth + 180.0) % 360.0) / _STEP
    rows = (90.0 - np.clip(elevation, -90.0, 90.0)) / _STEP
    flat = cv2.remap(
        surface,
        columns.reshape(1, -1).astype(np.float32),
        rows.reshape(1, -1).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    points = flat.reshape(*azimuth.shape, 3).astype(np.float64)
    outwards = points - centre
    outwards /= np.maximum(np.linalg.norm(outwards, axis=-1, keepdims=True), 1e-6)
    return np.asarray(points + outwards * np.asarray(lift, dtype=np.float64)[..., None])


def unit_directions(
    azimuth: NDArray[np.floating], elevation: NDArray[np.floating]
) -> NDArray[np.float64]:
    """(..., 3) unit vectors in the head frame for degrees of azimuth and elevation."""
    a, e = np.deg2rad(azimuth), np.deg2rad(elevation)
    return np.stack([np.sin(a) * np.cos(e), -np.sin(e), -np.cos(a) * np.cos(e)], axis=-1)


def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    azimuth, elevation = np.meshgrid(
        np.linspace(-180.0, 180.0, _COLUMNS), np.linspace(90.0, -90.0, _ROWS)
    )
    return azimuth, elevation


def _centre(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Inside the head: between the eyes' height and the nose's, well behind the face."""
    eyes = landmarks[36:48].mean(axis=0)
    return np.array([0.0, float(eyes[1]) + 12.0, float(landmarks[[0, 16], 2].mean()) + 22.0])
