"""The photographs that can be profiled."""

from collections.abc import Sequence
from pathlib import Path

from training.datasets import load
from training.samples import ImageSample


def training_photographs(name: str, data: Path) -> Sequence[ImageSample]:
    """Photographs of the training split that show one face with the 68 points of ibug-68.

    Raises ValueError for a set that has none.
    """
    found = [
        sample
        for sample in load(name, data)
        if sample.split == "train"
        and len(sample.faces) == 1
        and sample.faces[0].scheme == "ibug-68"
        and sample.faces[0].points_in_image is not None
    ]
    if not found:
        raise ValueError(f"{name} has no training photographs with the 68 points of ibug-68")
    return found
