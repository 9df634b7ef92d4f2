"""Sixteen images of AFLW2000-3D, for signs and conventions only (never for training or results)."""

from collections.abc import Iterator
from pathlib import Path

from app.face.geometry import face_box
from training.datasets.facts import SourceFacts, read_labels
from training.samples import FaceSample, ImageSample

SOURCE = SourceFacts(
    name="aflw2000_16",
    title="AFLW2000-3D (16 images)",
    licence="research",
    edition="research",
    citation="Zhu et al., Face Alignment Across Large Poses: A 3D Solution, CVPR 2016",
)


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample an image; `tags` hold pitch, yaw, roll in the set's own convention."""
    labels = read_labels(root)
    for name, points, (pitch, yaw, roll) in zip(
        labels["filename"], labels["landmarks"], labels["pose_pyr_deg"].tolist(), strict=True
    ):
        face = FaceSample(
            box=face_box(points),
            points_in_image=points,
            scheme="ibug-68",
            tags={"pitch": f"{pitch:.2f}", "yaw": f"{yaw:.2f}", "roll": f"{roll:.2f}"},
        )
        yield ImageSample(
            source=SOURCE.name,
            path=root / "images" / str(name),
            faces=(face,),
            subject=str(name),
            split="test",
            complete=False,
        )
