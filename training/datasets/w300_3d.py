"""300W-3D as published: the photographs of 300-W with 68 points and a fitted head's pose.

`HELEN/100032540_1.jpg` beside `.mat` with `pt2d` (2, 68) and `Pose_Para` (see fitted_faces),
likewise in `AFW`, `IBUG` and `LFPW`; photographs keep their size. (300W-3D-Face has only meshes.)

In 300W-LP, which is made of it, `pt2d` of LFPW counts from the bottom of the picture. The labelled
rotation tells which way up the points are, so they are turned over where they stand on their head.

LFPW's test part and IBUG are "test". HELEN's test part is in here too, under names that do not tell
it: who tests on HELEN must not train on this set. No checksum is public.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import face_box
from training.datasets.facts import SourceFacts
from training.datasets.fitted_faces import Array, picture_of, points_of, pose_of, read_mat
from training.datasets.w300_lp import label_files
from training.datasets.w300_names import photograph
from training.images import read_rgb
from training.pose_labels import believed_but_for_tests, projection_error
from training.samples import FaceSample, ImageSample

SOURCE = SourceFacts(
    name="w300_3d",
    title="300W-3D",
    licence="300-W: research only, not for commercial use",
    edition="research",
    citation="Zhu et al., Face Alignment Across Large Poses: A 3D Solution, CVPR 2016",
)


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a face; a rotation that misses the points is left out
    (pose_labels), but for tests.

    Raises FileNotFoundError when there is no label or a picture is missing, ValueError for a broken
    label or another name.
    """
    for file in label_files(root, mirrored=False):
        subset = file.parent.name
        shown = photograph(subset, file.stem.removeprefix(f"{subset}_"))
        content = read_mat(file, "pt2d", "Pose_Para")
        rotation, tags = pose_of(file, content)
        picture = picture_of(file)
        points = _upright(points_of(file, content["pt2d"], 2, 68), rotation, picture)
        face = FaceSample(
            box=face_box(points),
            points_in_image=points,
            scheme="ibug-68",
            rotation=rotation,
            tags=tags | {"subset": subset.lower()},
        )
        sample = ImageSample(
            source=SOURCE.name,
            path=picture,
            faces=(face,),
            subject=shown.subject,
            split=shown.split,
            complete=False,
        )
        yield believed_but_for_tests(sample)


def _upright(points: NDArray[np.float32], rotation: Array, picture: Path) -> NDArray[np.float32]:
    """Points (68, 2), counted from the top of the picture."""
    if projection_error(rotation, points) <= projection_error(rotation, points * (1, -1)):
        return points
    height = len(read_rgb(picture))
    return np.stack([points[:, 0], height - 1 - points[:, 1]], axis=1)
