"""Pointing'04: people 1-12 look at wall markers, two series of 93 poses each.

Its `pan` > 0 points the nose to the image's left (our yaw is -pan), `tilt` > 0 looks up. People
turn their heads to markers, so the labels are off by several degrees; roll is nominally 0; at tilt
+-90 pan says nothing. Split by person: 11-12 test, 9-10 validation, the others train.
"""

import math
from collections.abc import Iterator
from pathlib import Path

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
            rotation=from_euler(-pan, tilt, 0.0),
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
