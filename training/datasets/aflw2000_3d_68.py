"""AFLW2000-3D with 68 points (`pt3d_68`) and the head pose; the files are those of aflw2000_3d.

The points are the projection of a fitted head: those of the jaw lie on the head where the contour
would be if it were seen from the front, not on the contour that the picture shows.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from app.face.geometry import face_box
from training.datasets import aflw2000_3d
from training.datasets.fitted_faces import points_of, pose_of, read_mat
from training.pose_labels import believed_but_for_tests
from training.samples import FaceSample, ImageSample

SOURCE = replace(
    aflw2000_3d.SOURCE,
    name="aflw2000_3d_68",
    title="AFLW2000-3D, 68 points",
    folder=aflw2000_3d.SOURCE.name,
)


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a face: subjects, splits and errors are those of aflw2000_3d. A rotation
    that misses the points is left out (pose_labels), but for tests.
    """
    for file in aflw2000_3d.labels(root):
        content = read_mat(file, "pt3d_68", "Pose_Para")
        rotation, tags = pose_of(file, content)
        points = points_of(file, content["pt3d_68"], 3, 68)
        face = FaceSample(
            box=face_box(points),
            points_in_image=points,
            scheme="ibug-68",
            rotation=rotation,
            tags=tags,
        )
        yield believed_but_for_tests(aflw2000_3d.sample(SOURCE.name, file, face))
