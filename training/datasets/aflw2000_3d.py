"""AFLW2000-3D as published: 2,000 faces of AFLW with its 21 points, a head pose, and 68 points.

`image00002.jpg` (450 x 450) beside `image00002.mat` with `pt2d` (2, 21), `pt3d_68` (3, 68) and
`Pose_Para` (see fitted_faces). Where AFLW's annotators saw no point, both coordinates are -1.
`pt2d` is in the order of AFLW's feature numbers 1-21, that of the scheme aflw-21. Some files have
another number of points in it: such a face comes without points.

The same faces with 68 points are the set `aflw2000_3d_68`. A person is shown once, as far as is
known; a fifth of the pictures is test, a tenth validation, by hash of the name.

Its makers publish no checksum. That of the archive is the one in the catalogue of TensorFlow
Datasets.
"""

from collections.abc import Iterator
from pathlib import Path

from app.face.geometry import face_box
from training.datasets.facts import Archive, SourceFacts
from training.datasets.fitted_faces import picture_of, points_of, pose_of, read_mat
from training.samples import FaceSample, ImageSample, Split
from training.splits import bucket

SOURCE = SourceFacts(
    name="aflw2000_3d",
    title="AFLW2000-3D",
    licence="AFLW: research only, not for commercial use",
    edition="research",
    citation="Zhu et al., Face Alignment Across Large Poses: A 3D Solution, CVPR 2016",
    archive=Archive(
        "AFLW2000-3D.zip", "252bc35274d65ff27b6e573aa96c2f4c116ad88452cc984fb882258c0ed6e2d8"
    ),
)

_NOT_SEEN = -1.0


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a face with 21 points; points not seen lie in the middle of the box.

    Raises FileNotFoundError when there is no label or a picture is missing, ValueError for a broken
    label.
    """
    for file in labels(root):
        content = read_mat(file, "pt2d", "pt3d_68", "Pose_Para")
        rotation, tags = pose_of(file, content)
        box = face_box(points_of(file, content["pt3d_68"], 3, 68))
        count = content["pt2d"].shape[1]
        if count == 21:
            points = points_of(file, content["pt2d"], 2, 21)
            seen = (points != _NOT_SEEN).any(axis=1)
            points[~seen] = box.centre
            face = FaceSample(box, points, seen, "aflw-21", rotation, tags=tags)
        else:
            tags |= {"rejected": f"pt2d has {count} points, not 21"}
            face = FaceSample(box=box, rotation=rotation, tags=tags)
        yield sample(SOURCE.name, file, face)


def labels(root: Path) -> list[Path]:
    """The label files below `root`, sorted; FileNotFoundError when there is none."""
    files = sorted(root.rglob("image[0-9]*.mat"))
    if not files:
        raise FileNotFoundError(
            f"no image*.mat below {root}: unpack AFLW2000-3D.zip there (image00002.jpg, .mat)"
        )
    return files


def sample(source: str, file: Path, face: FaceSample) -> ImageSample:
    """The picture beside `file`; its split depends on the picture, not on the source."""
    return ImageSample(
        source=source,
        path=picture_of(file),
        faces=(face,),
        subject=f"aflw2000:{file.stem}",
        split=_split(file.stem),
        complete=False,
    )


def _split(name: str) -> Split:
    part = bucket(name, 10)
    return "test" if part < 2 else "validation" if part == 2 else "train"
