"""Photographs of 300-W at new head poses (`python -m training render --profile w300`).

Research data, because it is made of them.
"""

from collections.abc import Iterator
from pathlib import Path

from training.datasets import renders
from training.datasets.facts import SourceFacts
from training.samples import ImageSample

SOURCE = SourceFacts(
    name="profiled",
    title="300-W photographs turned to new head poses",
    licence="research only, not for commercial use: the terms of 300-W",
    edition="research",
    citation="Zhu et al., Face Alignment Across Large Poses: A 3D Solution, CVPR 2016",
)


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a picture; every 20th, chosen by hash, is validation."""
    return renders.samples(root, SOURCE.name)
