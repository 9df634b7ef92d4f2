"""Which pictures the detector's recipe learns from, and how often."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.training.tiny_sets import write_pointing
from training.recipes.detector import DETECTOR_FREE

POINTING = replace(DETECTOR_FREE.rules, shares=(("pointing04", 1.0),), pasted=())


def test_heads_that_look_straight_up_are_drawn_eight_times_as_often(tmp_path: Path) -> None:
    write_pointing(tmp_path / "pointing04")  # of four for training one looks straight up
    recipe = replace(DETECTOR_FREE, rules=POINTING)
    times = Counter(int(one.pixels[0, 0, 0]) for one in recipe.images(tmp_path, "train"))
    assert times == {40: 1, 50: 8, 60: 1, 70: 1}
    held_out = recipe.images(tmp_path, "validation")
    assert len(held_out) == 2
    assert np.array_equal([one.pixels[0, 0, 0] for one in held_out], [80, 90])
