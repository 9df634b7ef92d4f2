"""dlib's example photographs: 9 group pictures with 43 faces. Only ever a test set."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from app.face.geometry import face_box
from training.datasets.facts import SourceFacts, read_labels
from training.samples import FaceSample, ImageSample

SOURCE = SourceFacts(
    name="dlib_examples",
    title="dlib example faces",
    licence="example programs public domain; photographs from Flickr (VOC 2007/2008)",
    edition="research",
    citation="King, Dlib-ml: A Machine Learning Toolkit, JMLR 2009",
)


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a photograph with all its labelled faces."""
    labels = read_labels(root)
    rows = sorted(zip(labels["filename"], range(len(labels["filename"])), strict=True))
    for name, group in groupby(rows, key=lambda row: str(row[0])):
        faces = tuple(
            FaceSample(
                box=face_box(labels["landmarks"][index]),
                points_in_image=labels["landmarks"][index],
                scheme="ibug-68",
            )
            for _, index in group
        )
        yield ImageSample(
            source=SOURCE.name,
            path=root / "images" / name,
            faces=faces,
            subject=name,
            split="test",
        )
