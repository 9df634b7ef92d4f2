"""Rendered heads before photographs without faces (`training render --backgrounds negatives`).

Research data, because of the photographs.
"""

from collections.abc import Iterator
from pathlib import Path

from training.datasets import renders
from training.datasets.facts import SourceFacts
from training.samples import ImageSample

SOURCE = SourceFacts(
    name="renders-before-photographs",
    title="Rendered heads of ICT-FaceKit before photographs without faces",
    licence="non-commercial research: the terms of the photographs",
    edition="research",
    citation="Li et al., Learning Formation of Physically-Based Face Attributes, CVPR 2020",
)


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a render; every 20th, chosen by hash, is validation."""
    return renders.samples(root, SOURCE.name)
