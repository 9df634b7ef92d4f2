"""Pointing'04: people 1-12 look at wall markers, two series of 93 poses each.

Its `pan` > 0 points the nose to the image's left (our yaw is -pan), `tilt` > 0 looks up. People
turn their heads to markers, so the labels are off by several degrees; roll is nominally 0; at tilt
+-90 pan says nothing. Split by person: 11-12 test, 9-10 validation, the others train. The labels of
those others are corrected by how each of them sat (HABITS); what calibrates and tests is as it was
published.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box
from app.face.rotation import from_euler
from training.datasets.facts import SourceFacts, read_labels
from training.samples import FaceSample, ImageSample, Split

SOURCE = SourceFacts(
    name="pointing04",
    title="Pointing'04 head pose images",
    licence="free for any purpose if Gourier, Hall, Crowley (Pointing 2004) is cited",
    edition="free",
    citation="Gourier, Hall, Crowley, Estimating Face Orientation from Robust Detection of Salient "
    "Facial Features, Pointing 2004",
)


HABITS: Mapping[int, tuple[float, float, float]] = MappingProxyType(
    {
        1: (5.4, 2.8, -1.1),
        2: (-3.2, 2.7, -4.0),
        3: (-0.6, -0.4, 2.3),
        4: (-4.8, -2.5, -1.1),
        5: (-8.0, -0.6, -6.3),
        6: (-3.0, 4.4, 0.8),
        7: (3.9, -2.1, 1.5),
        8: (0.9, -4.4, -0.1),
    }
)
"""Yaw, pitch and roll in degrees by which a person's head differs from the label: the median over
the 18 pictures within 15 degrees of tilt and pan, by `python -m training.faces.pointing_habits`
with face-68 1, which knows no other photographs. landmarks-68, which never saw these, finds yaws
within 3 degrees of them, so they are the people's and not the model's. Pitch counts half, less its
mean: one mean head stands for everybody there.
"""


def rotation_of(person: int, tilt: float, pan: float) -> NDArray[np.float64]:
    """(3, 3) head -> camera by the label, corrected for those whose habit is known."""
    yaw, pitch, roll = HABITS.get(person, (0.0, 0.0, 0.0))
    return from_euler(yaw - pan, tilt + pitch, roll)


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample an image, with a whole-face box and the nominal rotation."""
    labels = read_labels(root)
    for name, (tilt, pan), (centre_x, centre_y, width, height), identity, series in zip(
        labels["filename"],
        labels["tilt_pan"].tolist(),
        labels["face_raw"].tolist(),
        labels["identity"].tolist(),
        labels["series"].tolist(),
        strict=True,
    ):
        face = FaceSample(
            box=whole_face_box(
                Box(centre_x - width / 2, centre_y - height / 2, width, height), pan
            ),
            rotation=rotation_of(identity, tilt, pan),
            tags={"pan": f"{pan:g}", "tilt": f"{tilt:g}", "series": str(series)},
        )
        yield ImageSample(
            source=SOURCE.name,
            path=root / "images" / str(name),
            faces=(face,),
            subject=f"pointing04:{identity}",
            split=split_of(identity),
        )


def whole_face_box(brows_to_mouth: Box, pan: float) -> Box:
    """The set's own box grown to forehead, chin and, on turned heads, the ear.

    The width goes to the side the head turns away from.
    """
    own = brows_to_mouth
    width, height = 1.2 * max(own.width, own.height), 1.5 * own.height
    even = (width - own.width) / 2 * (1 - abs(math.sin(math.radians(pan))))
    # pan > 0: the nose points to the image's left, the ear is on the right.
    left = even if pan >= 0 else width - own.width - even
    return Box(own.x - left, own.y - 0.3 * own.height, width, height)


def split_of(person: int) -> Split:
    """By person, so that the published set and the repacked one agree."""
    if person >= 11:
        return "test"
    return "validation" if person >= 9 else "train"
