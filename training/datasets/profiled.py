"""Photographs of a labelled set at new head poses (`python -m training render --profile w300`).

Research data, because it is made of them.
"""

from collections.abc import Iterator
from pathlib import Path

from training.datasets import renders
from training.datasets.facts import SourceFacts
from training.samples import ImageSample

SOURCE = SourceFacts(
    name="profiled",
    title="photographs of a labelled set turned to new poses",
    licence="the terms of that set (300-W: research only)",
    edition="research",
    citation="Zhu et al., Face Alignment Across Large Poses: A 3D Solution, CVPR 2016",
)


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a picture, all for training: so are the photographs that they show."""
    return renders.samples(root, SOURCE.name)
