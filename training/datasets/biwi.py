"""Biwi Kinect Head Pose as published: 15,678 frames of 20 people; only ever a test set.

`01/frame_00003_rgb.png` (640 x 480) beside `frame_00003_pose.txt`: a rotation (3 x 3), an empty
line, and the head's centre in millimetres. 24 folders, 4 people recorded twice. Each has `rgb.cal`:
the colour camera's intrinsic matrix, a line of distortion, then the rotation and the translation in
millimetres that take points from the depth camera, whose frame the poses are in, to the colour
camera.

The convention is ours: x right, y down, z away from the camera, identity looks into it. (The signs
follow from how public code that compares 300W-LP's angles with these matrices reads them.) The
rotation here is R_cal R, that of the picture; published comparisons leave out R_cal, which is about
a degree.

The set labels no face box, and where in the head its centre lies is nowhere said. So `box` is None,
and the tags hold the centre in millimetres of the colour camera and its place in the picture, by
which a face that a detector found can be told from others.

Its makers publish no checksum. That of the archive is the one in Hugging Face's data set of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.datasets.facts import Archive, SourceFacts
from training.samples import FaceSample, ImageSample

SOURCE = SourceFacts(
    name="biwi",
    title="Biwi Kinect Head Pose",
    licence="non-commercial use such as university research and education",
    edition="research",
    citation="Fanelli et al., Random Forests for Real Time 3D Face Analysis, IJCV 2013",
    archive=Archive(
        "kinect_head_pose_db.tgz",
        "d8fc0fee11b6b865b18b292de7c21dd2181492bd770c4fe13821e8dc630f5549",
    ),
)

# Who was recorded again in another folder.
_AGAIN = {"15": "03", "18": "05", "21": "02", "22": "07"}
_POSE = "_pose.txt"
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """intrinsic: (3, 3) of the colour camera. rotation (3, 3), translation (3,) millimetres: from
    the depth camera's frame to its own.
    """

    intrinsic: Array
    rotation: Array
    translation: Array


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a frame with a pose.

    Raises FileNotFoundError when there is none, a frame or a calibration is missing; ValueError for
    a broken file.
    """
    folders = sorted({file.parent for file in root.rglob(f"frame_*{_POSE}")})
    if not folders:
        raise FileNotFoundError(
            f"no frame_*{_POSE} below {root}: unpack kinect_head_pose_db.tgz there (hpdb/01 ... 24)"
        )
    for folder in folders:
        calibration = read_calibration(folder / "rgb.cal")
        person = _AGAIN.get(folder.name, folder.name)
        for file in sorted(folder.glob(f"frame_*{_POSE}")):
            picture = file.with_name(file.name.replace(_POSE, "_rgb.png"))
            if not picture.is_file():
                raise FileNotFoundError(f"{picture} is missing, though {file.name} is there")
            yield ImageSample(
                source=SOURCE.name,
                path=picture,
                faces=(_face(*read_pose(file), calibration),),
                subject=f"biwi:{person}",
                split="test",
            )


def read_pose(file: Path) -> tuple[Array, Array]:
    """Rotation (3, 3) and the head's centre (3,), millimetres, both in the depth camera's frame."""
    numbers = _numbers(file, 12)
    rotation = numbers[:9].reshape(3, 3)
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > 1e-2 or np.linalg.det(rotation) < 0:
        raise ValueError(f"{file} does not begin with a rotation of 3 x 3")
    return rotation, numbers[9:]


def read_calibration(file: Path) -> Calibration:
    """Of `rgb.cal`; its lines that are not empty: 3 of the intrinsic matrix, 1 of distortion, 3 of
    the rotation, 1 of the translation, 1 of the picture's size.
    """
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing: unpack the whole archive")
    lines = [line.split() for line in file.read_text().splitlines() if line.strip()]
    try:
        intrinsic, rotation, translation = (
            np.array(rows, np.float64) for rows in (lines[:3], lines[4:7], lines[7:8])
        )
    except ValueError as error:
        raise ValueError(f"{file} is no calibration ({error}): fetch it again") from error
    if (intrinsic.shape, rotation.shape, translation.shape) != ((3, 3), (3, 3), (1, 3)):
        raise ValueError(f"{file} has {len(lines)} lines, expected 9 of a calibration")
    return Calibration(intrinsic, rotation, translation[0])


def _face(rotation: Array, centre: Array, calibration: Calibration) -> FaceSample:
    seen = calibration.rotation @ centre + calibration.translation
    x, y = (calibration.intrinsic @ seen)[:2] / seen[2]
    return FaceSample(
        rotation=calibration.rotation @ rotation,
        tags={
            "centre_mm": " ".join(f"{value:.1f}" for value in seen),
            "centre_in_image": f"{x:.1f} {y:.1f}",
        },
    )


def _numbers(file: Path, count: int) -> Array:
    try:
        numbers = np.array(file.read_text().split(), np.float64)
    except ValueError as error:
        raise ValueError(f"{file} holds something that is no number: {error}") from error
    if numbers.size != count:
        raise ValueError(f"{file} holds {numbers.size} numbers, expected {count}: fetch it again")
    return numbers
