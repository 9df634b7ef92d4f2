"""YouTube Faces with 68 points: one frame of each of 912 clips.

The labels are machine-made and rounded; they look 1-based (a network trained on other sets sits
1.0-1.7 px to their left, and 1 px less lowers its error from 6.09 to 5.75 %), so 1 px is
subtracted.
"""

from collections.abc import Iterator
from pathlib import Path

from app.face.geometry import face_box
from training.datasets.facts import SourceFacts, read_labels
from training.samples import FaceSample, ImageSample

SOURCE = SourceFacts(
    name="ytf68",
    title="YouTube Faces with 68 facial key points",
    licence="research",
    edition="research",
    citation="Wolf, Hassner, Maoz, Face Recognition in Unconstrained Videos, CVPR 2011",
)


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a frame; the set's own split is by person."""
    labels = read_labels(root)
    for name, points, split, identity in zip(
        labels["filename"], labels["landmarks"], labels["split"], labels["identity"], strict=True
    ):
        points_in_image = points - 1.0
        face = FaceSample(
            box=face_box(points_in_image), points_in_image=points_in_image, scheme="ibug-68"
        )
        yield ImageSample(
            source=SOURCE.name,
            path=root / "images" / str(name),
            faces=(face,),
            subject=f"ytf:{identity}",
            split="train" if split == "train" else "validation",
            complete=False,
        )
