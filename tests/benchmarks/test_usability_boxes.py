"""Boxes beside the face: which pictures they are of, and how far they are moved."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.usability_cases import labelled, persons
from training.splits import validation_by_subject


@pytest.fixture
def w300(tmp_path: Path) -> Path:
    """40 pictures of one colour each, the last ten of them of the test set."""
    names = [f"{index}.png" for index in range(40)]
    (tmp_path / "images").mkdir()
    for index, name in enumerate(names):
        cv2.imwrite(str(tmp_path / "images" / name), np.full((8, 8, 3), index, np.uint8))
    np.savez(
        tmp_path / "labels.npz",
        filename=np.array(names),
        landmarks=np.zeros((40, 68, 2)),
        split=np.array(["train"] * 30 + ["test"] * 10),
    )
    return tmp_path


def test_limits_never_see_the_test_set(w300: Path) -> None:
    held_out = [
        i for i in range(30) if validation_by_subject(f"{i}.png", one_in=20) == "validation"
    ]
    assert held_out, "no picture would be looked at"
    assert [int(image[0, 0, 0]) for image, _ in labelled(w300)] == held_out
    assert [int(image[0, 0, 0]) for image, _ in labelled(w300, test=True)] == list(range(30, 40))


def test_persons_11_and_12_test(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "labels.npz",
        filename=np.array(["a", "b", "c", "d"]),
        tilt_pan=np.array([(0, 15), (90, 0), (-60, 30), (0, 0)]),
        identity=np.array([10, 3, 11, 12]),
    )
    assert list(persons(tmp_path)) == [("a", 0, 15)]
    assert list(persons(tmp_path, test=True)) == [("c", -60, 30), ("d", 0, 0)]
