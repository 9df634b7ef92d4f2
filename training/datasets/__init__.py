"""The data sets that training can read, by name. Each source is one file with `SOURCE` and
`load(root)`.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from training.datasets import (
    aflw2000_16,
    dlib_examples,
    mtfl80,
    negatives,
    pointing04,
    profiled,
    pts_folder,
    renders,
    renders_before_photographs,
    w300,
    wider_sub,
    ytf68,
)
from training.datasets.facts import SourceFacts
from training.samples import ImageSample

_MODULES = (
    aflw2000_16,
    dlib_examples,
    mtfl80,
    negatives,
    pointing04,
    profiled,
    pts_folder,
    renders,
    renders_before_photographs,
    w300,
    wider_sub,
    ytf68,
)

SOURCES: Mapping[str, SourceFacts] = MappingProxyType({m.SOURCE.name: m.SOURCE for m in _MODULES})
_LOADERS: Mapping[str, Callable[[Path], Iterator[ImageSample]]] = MappingProxyType(
    {m.SOURCE.name: m.load for m in _MODULES}
)


def load(name: str, data: Path) -> list[ImageSample]:
    """All samples of the set `name`, read from the folder `data / name`.

    Raises ValueError for an unknown name, FileNotFoundError when the folder is not as published.
    """
    if name not in _LOADERS:
        raise ValueError(f"unknown data set {name!r}; known: {', '.join(sorted(_LOADERS))}")
    root = data / name
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is missing: put the data set {name!r} there")
    return list(_LOADERS[name](root))
