"""One profiled sample, everything of it drawn from a seed and an index."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face.rotation import to_euler
from training.images import read_rgb
from training.profiling.fit import HeadFitter
from training.profiling.habits import habits_of_300w
from training.profiling.photographs import training_photographs
from training.profiling.turn import DEFAULT_MARGIN, DEFAULT_SIZE, Dressed, HeadTurner
from training.profiling.views import sample_rotation, turnable
from training.samples import ImageSample
from training.synthetic.contour import JawContour
from training.synthetic.facekit import load_facekit
from training.synthetic.labels import FaceLabel

VIEWS = 4  # samples in a row that show one photograph: it is fitted once for them
_DRAWS = 200  # photographs tried for one whose fit is good


@dataclass(frozen=True, slots=True)
class ProfileSeries:
    """What decides the pictures of a folder: two folders of equal series hold equal samples."""

    photographs: str
    seed: int
    size: int = DEFAULT_SIZE
    margin: float = DEFAULT_MARGIN


@dataclass(frozen=True, slots=True)
class ProfiledSample:
    """image: (size, size, 3) uint8 RGB; label: of its face; tags: where it comes from."""

    image: NDArray[np.uint8]
    label: FaceLabel
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OpenSeries:
    """Opens head model and data set in the process that is to render; then call it by index."""

    series: ProfileSeries
    data: Path
    facekit: Path

    def __call__(self) -> "ProfileStudio":
        cv2.setNumThreads(1)  # samples are drawn side by side, never one on many cores
        return ProfileStudio(self)


class ProfileStudio:
    """Profiles photographs of one set; `studio(index)` is sample `index` of the series."""

    def __init__(self, opened: OpenSeries) -> None:
        kit = load_facekit(opened.facekit)
        contour = JawContour(kit)
        self._series = opened.series
        self._fitter = HeadFitter(kit, contour, habits_of_300w(kit, contour))
        self._turner = HeadTurner(kit, contour)
        self._photographs = training_photographs(opened.series.photographs, opened.data)
        self._dressed = lru_cache(maxsize=2)(self._dress)

    def __call__(self, index: int) -> ProfiledSample:
        head, photograph = self._dressed(index // VIEWS)
        series = self._series
        rng = np.random.default_rng([series.seed, index, 1])
        before = head.fit.rotation
        rotation = sample_rotation(before, rng)
        turned = self._turner.turn(head, rotation, series.size, series.margin, rng)
        tags = {
            "photograph": f"{series.photographs}/{photograph.path.stem}",
            "subject": photograph.subject,
            "yaw_before": f"{float(to_euler(before)[0]):.1f}",
            "fit_residual": f"{head.fit.residual:.2f}",
        }
        return ProfiledSample(turned.image, turned.face, tags)

    def _dress(self, group: int) -> tuple[Dressed, ImageSample]:
        """The first of randomly drawn photographs whose fit is accepted and can be turned."""
        rng = np.random.default_rng([self._series.seed, group, 0])
        for _ in range(_DRAWS):
            sample = self._photographs[int(rng.integers(len(self._photographs)))]
            points = sample.faces[0].points_in_image
            assert points is not None  # training_photographs sees to it
            photograph = read_rgb(sample.path)
            height, width = photograph.shape[:2]
            fit = self._fitter.fit(points, (width, height))
            if fit.accepted and turnable(fit.rotation):
                return self._turner.dress(photograph, points, fit), sample
        raise RuntimeError(
            f"{_DRAWS} photographs of {self._series.photographs} and no good fit: are its points "
            "those of ibug-68?"
        )
