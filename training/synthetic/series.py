"""A series of rendered heads: what decides its pictures, and writing it to a folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2

from training.datasets import load, renders, renders_before_photographs
from training.synthetic.facekit import SOURCE, load_facekit
from training.synthetic.quality import FAST
from training.synthetic.scene import DEFAULT_MARGIN, DEFAULT_SIZE, Sample, render_sample
from training.synthetic.shards import write_samples
from training.synthetic.studio import Studio

_TERMS = (
    f"Free for any use: procedural pictures of {SOURCE}. No photograph and no person's data is in "
    "them."
)


@dataclass(frozen=True, slots=True)
class Series:
    """Two folders of equal series hold equal samples.

    size: pixels of a picture's side; margin: that side in sides of the crop that networks see;
    modes: how many identity modes of the head model are drawn. backgrounds: the data set whose
    training photographs stand behind most of the heads; None: all rooms are painted.
    """

    seed: int
    size: int = DEFAULT_SIZE
    margin: float = DEFAULT_MARGIN
    modes: int = 80
    backgrounds: str | None = None

    def sample(self, studio: Studio, photographs: Sequence[Path], index: int) -> Sample:
        """Sample `index`, the same whatever was rendered before it."""
        return render_sample(studio, self.seed, index, self.size, self.margin, photographs)


@dataclass(frozen=True, slots=True)
class OpenSeries:
    """Opens the head model in the process that is to render; then call it by index."""

    series: Series
    facekit: Path
    photographs: tuple[Path, ...] = ()

    def __call__(self) -> Callable[[int], Sample]:
        cv2.setNumThreads(1)  # samples are drawn side by side, never one on many cores
        studio = Studio.open(load_facekit(self.facekit, self.series.modes), FAST)
        return partial(self.series.sample, studio, self.photographs)


def write_renders(
    facekit: Path, out: Path, series: Series, count: int, workers: int = 1, data: Path | None = None
) -> Mapping[str, Any]:
    """Renders samples 0 .. count - 1 into `out` (see `write_samples`); returns the manifest.

    data: folder of the data sets, needed for `series.backgrounds`. Raises FaceKitMissingError
    without the head model, ValueError when the backgrounds show people or are not there.
    """
    load_facekit(facekit, 1)  # a missing model is said here and not by every worker
    photographs = photographs_of(series, data)
    source = renders_before_photographs.SOURCE if photographs else renders.SOURCE
    terms = f"{source.licence}. Backgrounds: {series.backgrounds}." if photographs else _TERMS
    facts = {
        "source": source.name,
        "edition": source.edition,
        "terms": terms,
        "quality": asdict(FAST),
    }
    opened = OpenSeries(series, facekit, photographs)
    return write_samples(opened, asdict(series), facts, out, count, workers)


def photographs_of(series: Series, data: Path | None) -> tuple[Path, ...]:
    """The pictures behind the heads: training photographs alone, since pictures of a test set must
    not be seen, not even behind a head. Empty for a series of painted rooms.
    """
    if series.backgrounds is None:
        return ()
    if data is None:
        raise ValueError(f"backgrounds {series.backgrounds!r}: in which folder are the data sets?")
    samples = load(series.backgrounds, data)
    if any(sample.faces for sample in samples):
        raise ValueError(f"{series.backgrounds!r} shows people: backgrounds must not")
    training = tuple(sorted(sample.path for sample in samples if sample.split == "train"))
    if not training:
        raise ValueError(
            f"{series.backgrounds!r} has no training pictures: fetch the data set again, or choose "
            "another for the backgrounds"
        )
    return training
