"""The data sets that training can read, by name. Each source is one file with `SOURCE` and
`load(root)`.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from tqdm import tqdm

from training.datasets import (
    aflw2000_3d,
    aflw2000_3d_68,
    aflw2000_16,
    biwi,
    dlib_examples,
    ibug_300w_large,
    mtfl80,
    muct,
    negatives,
    pointing04,
    pointing04_folder,
    points_and_angles,
    profiled,
    pts_folder,
    renders,
    renders_before_photographs,
    w300,
    w300_3d,
    w300_lp,
    wider_sub,
    ytf68,
)
from training.datasets.facts import SourceFacts, verify_archive
from training.samples import ImageSample

_MODULES = (
    aflw2000_16,
    aflw2000_3d,
    aflw2000_3d_68,
    biwi,
    dlib_examples,
    ibug_300w_large,
    mtfl80,
    muct,
    negatives,
    pointing04,
    pointing04_folder,
    points_and_angles,
    profiled,
    pts_folder,
    renders,
    renders_before_photographs,
    w300,
    w300_3d,
    w300_lp,
    wider_sub,
    ytf68,
)

SOURCES: Mapping[str, SourceFacts] = MappingProxyType({m.SOURCE.name: m.SOURCE for m in _MODULES})
_LOADERS: Mapping[str, Callable[[Path], Iterator[ImageSample]]] = MappingProxyType(
    {m.SOURCE.name: m.load for m in _MODULES}
)


def load(name: str, data: Path) -> list[ImageSample]:
    """All samples of the set `name`, read from its folder in `data`.

    Raises ValueError for an unknown name and for labels that are not as published,
    FileNotFoundError when a file of the published layout is missing.
    """
    if name not in _LOADERS:
        raise ValueError(f"unknown data set {name!r}; known: {', '.join(sorted(_LOADERS))}")
    facts = SOURCES[name]
    root = data / (facts.folder or name)
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is missing: put the data set {name!r} there")
    if facts.archive is not None:
        verify_archive(root, facts.archive)
    samples = _LOADERS[name](root)
    return list(tqdm(samples, f"read {name}", unit="picture", leave=False, disable=None, delay=2))
