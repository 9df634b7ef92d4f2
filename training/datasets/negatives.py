"""Photographs without faces: 800, from three public sets. Not hand-checked by their makers."""

from collections.abc import Iterator
from pathlib import Path

from training.datasets.facts import SourceFacts, read_labels
from training.samples import ImageSample, Split
from training.splits import bucket

SOURCE = SourceFacts(
    name="negatives",
    title="photographs without faces (BSDS500, ImageNet, WU non-face)",
    licence="non-commercial research",
    edition="research",
    citation="Martin et al., ICCV 2001; Deng et al., CVPR 2009",
)


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample an image, no faces; 25 % test, 12.5 % validation, by hash of the name."""
    for name in read_labels(root)["filename"]:
        part = bucket(str(name), 8)
        split: Split = "test" if part < 2 else "validation" if part == 2 else "train"
        yield ImageSample(
            source=SOURCE.name,
            path=root / "images" / str(name),
            faces=(),
            subject=str(name),
            split=split,
        )
