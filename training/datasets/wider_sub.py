"""A part of WIDER FACE: 1,500 training and 251 validation photographs, longest side 400 px."""

from collections.abc import Iterator
from pathlib import Path

from app.face.geometry import Box
from training.datasets.facts import SourceFacts, read_labels
from training.samples import FaceSample, ImageSample
from training.splits import validation_by_subject

SOURCE = SourceFacts(
    name="wider_sub",
    title="WIDER FACE (a part: 1,751 images)",
    licence="CC BY-NC-ND: non-commercial",
    edition="research",
    citation="Yang et al., WIDER FACE: A Face Detection Benchmark, CVPR 2016",
)

_FLAGS = ("blur", "expression", "illumination", "invalid", "occlusion", "pose")


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample an image.

    The set's own validation part is "test" here, because results are reported on it; every 15th
    training image, chosen by hash, is "validation". Boxes flagged invalid are kept with
    `ignore=True`; boxes of zero size are dropped.
    """
    labels = read_labels(root)
    boxes, flags = labels["boxes_xywh"], labels["attrs_blur_expr_illum_invalid_occl_pose"]
    offset = labels["offset"]
    for index, (name, split) in enumerate(zip(labels["filename"], labels["split"], strict=True)):
        faces = []
        for (x, y, width, height), values in zip(
            boxes[offset[index] : offset[index + 1]].tolist(),
            flags[offset[index] : offset[index + 1]].tolist(),
            strict=True,
        ):
            if width <= 0 or height <= 0:
                continue
            tags = {flag: str(value) for flag, value in zip(_FLAGS, values, strict=True)}
            faces.append(
                FaceSample(
                    # WIDER counts edges from the corner of the first pixel, we from its centre.
                    box=Box(x - 0.5, y - 0.5, width, height),
                    ignore=tags["invalid"] == "1",
                    tags=tags,
                )
            )
        yield ImageSample(
            source=SOURCE.name,
            path=root / "images" / str(name),
            faces=tuple(faces),
            subject=str(name),
            split="test" if split == "val" else validation_by_subject(str(name), one_in=15),
        )
