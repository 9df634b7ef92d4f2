"""MTFL: 6,000 crops of 80 x 80 pixels, five points and four attributes each.

The set gives no boxes, so none are invented here. Pose classes: 1 left profile .. 3 frontal .. 5
right profile.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from training.datasets.facts import SourceFacts, read_labels
from training.samples import FaceSample, ImageSample
from training.splits import validation_by_subject

SOURCE = SourceFacts(
    name="mtfl80",
    title="Multi-Task Facial Landmark (MTFL), 80 px crops",
    licence="non-commercial research",
    edition="research",
    citation="Zhang et al., Facial Landmark Detection by Deep Multi-task Learning, ECCV 2014",
)

# The published codes: 1 is male, smiling, wearing glasses.
_ATTRIBUTES = {
    "gender": {1: "male", 2: "female"},
    "smile": {1: "yes", 2: "no"},
    "glasses": {1: "yes", 2: "no"},
}


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a crop; points in the order of the scheme "five" (image left to right)."""
    labels = read_labels(root)
    for name, points, attributes in zip(
        labels["filename"],
        labels["landmarks5"],
        labels["attr_gender_smile_glasses_pose"],
        strict=True,
    ):
        tags = {
            key: _ATTRIBUTES[key].get(int(code), "unknown")
            for key, code in zip(_ATTRIBUTES, attributes[:3], strict=True)
        }
        face = FaceSample(
            points_in_image=points.astype(np.float32),
            scheme="five",
            tags={**tags, "yaw_class": str(int(attributes[3]))},
        )
        person = str(name).rpartition("_")[0]
        yield ImageSample(
            source=SOURCE.name,
            path=root / "images" / str(name),
            faces=(face,),
            subject=f"mtfl:{person}",
            split=validation_by_subject(person, one_in=20),
            complete=False,
        )
