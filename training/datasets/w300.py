"""300-W: 2,012 training photographs (LFPW, HELEN, AFW) and LFPW's test part, 68 points each.

Images are cut to 2.3 times the landmark box. Three training images nearly repeat a test image:
dropped.
"""

from collections.abc import Iterator
from pathlib import Path

from app.face.geometry import face_box
from training.datasets.facts import SourceFacts, read_labels
from training.datasets.w300_names import photograph
from training.samples import FaceSample, ImageSample

SOURCE = SourceFacts(
    name="w300",
    title="300 Faces In-The-Wild (LFPW, HELEN, AFW parts)",
    licence="research only, not for commercial use",
    edition="research",
    citation="Sagonas et al., 300 Faces In-The-Wild Challenge, ICCVW 2013",
)


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a face; one training photograph in 20, chosen by hash, is validation, with
    all its faces.
    """
    labels = read_labels(root)
    for name, points, split, subset, near_duplicate in zip(
        labels["filename"],
        labels["landmarks"],
        labels["split"],
        labels["subset"],
        labels["near_dup_of_test"],
        strict=True,
    ):
        if near_duplicate:
            continue
        stem = Path(str(name)).stem.removeprefix(f"{subset}_{split}_")
        shown = photograph(str(subset), stem, in_testset=split == "test")
        face = FaceSample(
            box=face_box(points),
            points_in_image=points,
            scheme="ibug-68",
            tags={"subset": str(subset)},
        )
        yield ImageSample(
            source=SOURCE.name,
            path=root / "images" / str(name),
            faces=(face,),
            subject=shown.subject,
            split=shown.split,
            complete=False,
        )
