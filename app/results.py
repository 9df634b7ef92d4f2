"""What the analysis finds, as frozen values: full precision, numpy arrays, canonical convention."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.errors import MienError
from app.face.geometry import Box
from app.inference.model import Model
from app.measuring.eyes import Eyes
from app.measuring.pose import Pose
from app.measuring.quality import Quality
from app.measuring.usability import Usable


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face in pixels of the upright image.

    confidence: 0..1, None for the caller's box. points: (K, 2) float64, K = 0 from models that know
    none. std: (K,) float64, per axis; NaN from models that state none. visible: (K,) float64, 0..1;
    None from models that do not tell. pose, eyes: None where the scheme or the landmarks do not
    allow them.
    """

    box: Box
    confidence: float | None
    scheme: str
    points: NDArray[np.float64]
    std: NDArray[np.float64]
    visible: NDArray[np.float64] | None
    pose: Pose | None
    eyes: Eyes | None
    quality: Quality
    usable: Usable


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Size of the upright image in pixels, and the EXIF orientation (1..8) that was undone."""

    width: int
    height: int
    orientation_applied: int


@dataclass(frozen=True, slots=True)
class ImageResult:
    """One image of the request: its faces, or why there are none to tell."""

    index: int
    file_name: str | None
    image: ImageFacts | None
    faces: tuple[Face, ...] = ()
    error: MienError | None = None


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model answered, by which of its files, and where it ran."""

    name: str
    version: str
    sha256: str
    provider: str
    precision: str

    @classmethod
    def of(cls, model: Model) -> Self:
        card = model.card
        return cls(card.name, card.version, model.sha256, model.provider, model.precision)
