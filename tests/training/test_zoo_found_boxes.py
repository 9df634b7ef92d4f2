"""Faces without a labelled box get the one that a detector finds about them."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from app.face.geometry import Box
from training.samples import FaceSample, ImageSample
from training.zoo.found_boxes import needs_boxes, with_boxes

LEFT, RIGHT = Box(10, 20, 40, 50), Box(100, 20, 40, 50)


def sample(name: str, centre: str) -> ImageSample:
    face = FaceSample(rotation=np.eye(3), tags={"centre_in_image": centre})
    return ImageSample("biwi", Path(name), (face,), "biwi:01", "test")


def test_the_box_around_the_labelled_centre_is_taken() -> None:
    found = {
        "both.png": [LEFT, RIGHT],
        "none.png": [],
        "other.png": [LEFT],
        "edge.png": [LEFT, RIGHT],
    }
    samples = [
        sample("both.png", "118.0 40.0"),
        sample("none.png", "118.0 40.0"),
        sample("other.png", "118.0 40.0"),
        sample("edge.png", "49.0 45.0"),
    ]
    kept = with_boxes(samples, lambda path: found[path.name])
    assert [one.path.name for one in kept] == ["both.png", "edge.png"]
    assert [one.faces[0].box for one in kept] == [RIGHT, LEFT]
    assert needs_boxes(samples)
    assert not needs_boxes(kept)


def test_labelled_boxes_are_left_as_they_are() -> None:
    one = sample("a.png", "1 1")
    labelled = replace(one, faces=(replace(one.faces[0], box=LEFT),))

    def find(path: Path) -> list[Box]:
        raise AssertionError(path)

    assert with_boxes([labelled], find) == [labelled]
