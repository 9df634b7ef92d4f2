"""300W-LP as published: 61,225 pictures of 300-W's photographs, turned in depth to new poses.

`HELEN/HELEN_100032540_1_0.jpg` beside `.mat` with `Pose_Para` (see fitted_faces), likewise in
`AFW`, `IBUG` and `LFPW`; the last number counts the views of one face. `AFW_Flip` and so on hold
the mirrored pictures, with labels of their own. `landmarks/HELEN/HELEN_100032540_1_0_pts.mat` holds
`pts_2d` (68, 2), points on the visible contour, as in 300-W.

The points are read from `landmarks/` alone: `pt2d` of LFPW counts from the bottom of the picture.
Mirrored pictures have no file there, and theirs are the mirrored points of the picture itself.

All views of a photograph, mirrored or not, are one subject. LFPW's test part and IBUG are "test".
HELEN's test part is in here too, under names that do not tell it: who tests on HELEN must not train
on this set.

The makers publish no checksum. That of the archive is the one in the catalogue of TensorFlow
Datasets.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import face_box
from app.face.landmarks import scheme
from training.datasets.facts import Archive, SourceFacts
from training.datasets.fitted_faces import picture_of, points_of, pose_of, read_mat
from training.datasets.w300_names import SUBSETS, photograph
from training.pose_labels import believed_but_for_tests
from training.samples import FaceSample, ImageSample

SOURCE = SourceFacts(
    name="w300_lp",
    title="300W-LP",
    licence="300-W: research only, not for commercial use",
    edition="research",
    citation="Zhu et al., Face Alignment Across Large Poses: A 3D Solution, CVPR 2016",
    archive=Archive(
        "300W-LP.zip", "250c366c417ad48f72522b629ff83dbb2b2a57945803ad4a530a696bb6b13ee7"
    ),
)

_FLIP = "_Flip"
_WIDTH = 450.0
_NAME = re.compile(r"(?:AFW|HELEN|IBUG|LFPW)_(?P<photograph>.+)_\d+")


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a picture; a rotation that misses the points is left out
    (pose_labels), but for tests.

    Raises FileNotFoundError when there is no label, a picture or a file of `landmarks` is missing;
    ValueError for a broken label or another name.
    """
    for file in label_files(root, mirrored=True):
        name = _NAME.fullmatch(file.stem)
        if name is None:
            raise ValueError(f"{file} is not called like HELEN_100032540_1_0.mat: is it 300W-LP?")
        subset = file.parent.name.removesuffix(_FLIP)
        shown = photograph(subset, name["photograph"])
        rotation, tags = pose_of(file, read_mat(file, "Pose_Para"))
        points = _points(file, subset)
        face = FaceSample(
            box=face_box(points),
            points_in_image=points,
            scheme="ibug-68",
            rotation=rotation,
            tags=tags | {"subset": subset.lower(), "mirrored": _yes(subset != file.parent.name)},
        )
        sample = ImageSample(
            source=SOURCE.name,
            path=picture_of(file),
            faces=(face,),
            subject=shown.subject,
            split=shown.split,
            complete=False,
        )
        yield believed_but_for_tests(sample)


def label_files(root: Path, mirrored: bool) -> list[Path]:
    """The `.mat` files in the folders AFW, HELEN, IBUG and LFPW below `root`, sorted, with those of
    AFW_Flip and so on if `mirrored`; FileNotFoundError when there is none.
    """
    suffixes = ("", _FLIP) if mirrored else ("",)
    folders = {subset.upper() + suffix for subset in SUBSETS for suffix in suffixes}
    files = [
        file
        for file in sorted(root.rglob("*.mat"))
        if file.parent.name in folders and file.parent.parent.name != "landmarks"
    ]
    if not files:
        raise FileNotFoundError(
            f"no .mat file in AFW, HELEN, IBUG or LFPW below {root}: unpack the archive there"
        )
    return files


def _points(file: Path, subset: str) -> NDArray[np.float32]:
    """(68, 2) pixels of the picture whose label `file` is."""
    where = file.parent.parent / "landmarks" / subset / f"{file.stem}_pts.mat"
    points = points_of(where, read_mat(where, "pts_2d")["pts_2d"].T, 2, 68)
    if subset == file.parent.name:
        return points
    return scheme("ibug-68").mirror(points, _WIDTH).astype(np.float32)


def _yes(condition: bool) -> str:
    return "yes" if condition else "no"
