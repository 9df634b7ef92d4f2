"""What detectors are judged on, for `benchmarks.detectors`: the test splits, and training pictures
for the boxes.
"""

from pathlib import Path

import numpy as np

from app.face.rotation import to_euler
from benchmarks.detectors_judging import PictureSet
from training.datasets import load, renders
from training.detection.evaluation import wider_images
from training.detection.images import LabelledImage, load_images
from training.detection.protocols import turned
from training.samples import ImageSample

BOX_SETS = ("w300", "pointing04", "wider_sub")


def photograph_sets(data: Path) -> list[PictureSet]:
    """The photographs."""
    lfpw, people = _samples("w300", data), _samples("pointing04", data)
    pan = np.array([abs(float(one.faces[0].tags["pan"])) for one in people])
    wider = wider_images(load_images(_samples("wider_sub", data)))
    return [
        PictureSet(
            "lfpw", "300-W LFPW test", load_images(lfpw), {"all": np.ones(len(lfpw), np.bool_)}
        ),
        PictureSet(
            "pointing04",
            "Pointing'04 persons 11-12",
            load_images(people),
            {"all": np.ones(len(people), np.bool_), "pan beyond 60": pan > 60},
            boxes_of="pointing04",
        ),
        PictureSet("wider", "WIDER FACE part, validation", wider, curve=True, boxes_of="wider_sub"),
        PictureSet("negatives", "held-out negatives", load_images(_samples("negatives", data))),
    ]


def rendered_set(folder: Path, seed: int = 0) -> PictureSet:
    """All heads of a folder of renders, each turned in its picture by some angle."""
    samples = list(renders.load(folder))
    angles = np.random.default_rng(seed).uniform(-180, 180, len(samples))
    images = [
        turned(angle)(image)
        for angle, image in zip(angles.tolist(), load_images(samples), strict=True)
    ]
    rotations = np.array([sample.faces[0].rotation for sample in samples])
    yaw = np.abs(to_euler(rotations)[0])
    slices = {
        "all": yaw >= 0,
        "yaw 0-30": yaw <= 30,
        "yaw 30-60": (yaw > 30) & (yaw <= 60),
        "yaw beyond 60": yaw > 60,
    }
    return PictureSet("renders", "rendered heads at any roll", images, slices, any_roll=True)


def box_images(data: Path, count: int, seed: int = 0) -> dict[str, list[LabelledImage]]:
    """Up to `count` training pictures of each of BOX_SETS, which no test uses."""
    rng = np.random.default_rng(seed)
    chosen = {}
    for name in BOX_SETS:
        samples = _samples(name, data, "train")
        picked = rng.permutation(len(samples))[:count]
        chosen[name] = wider_images(load_images([samples[index] for index in sorted(picked)]))
    return chosen


def _samples(source: str, data: Path, split: str = "test") -> list[ImageSample]:
    return [sample for sample in load(source, data) if sample.split == split]
