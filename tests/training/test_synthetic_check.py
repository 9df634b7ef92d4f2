"""The check of rendered folders must see each kind of fault, and none where there is none."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.training.arkit_head import arkit_head
from training.synthetic.check import faults
from training.synthetic.columns import columns
from training.synthetic.quality import FAST
from training.synthetic.scene import render_sample
from training.synthetic.studio import Studio

Shard = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def shard() -> Shard:
    studio = Studio.open(arkit_head(), replace(FAST, supersampling=1.0))
    samples = [render_sample(studio, seed=3, index=index, size=64) for index in range(3)]
    arrays = dict(columns([sample.label for sample in samples]))
    images = np.stack([sample.image for sample in samples])
    return arrays | {"images": images, "index": np.arange(3)}


def test_rendered_samples_pass(shard: Shard) -> None:
    found = {name: flags.tolist() for name, flags in faults(shard, profiled=False).items()}
    assert not any(any(flags) for flags in found.values()), found


def _nan(shard: Shard) -> None:
    shard["points"][1, 5, 0] = np.nan


def _blank(shard: Shard) -> None:
    shard["images"][1] = 90


def _mirrored_rotation(shard: Shard) -> None:
    shard["pose.rotation"][1] = np.diag([1.0, 1.0, -1.0])


def _moved_point(shard: Shard) -> None:
    shard["points_3d"][1, 30] += 0.5


def _outside(shard: Shard, points: str, visible: str) -> None:
    shard[points][1, 1] = [-5.0, 10.0]
    shard[visible][1, 1] = True


def _hidden(shard: Shard) -> None:
    shard["visible_3d"][1] = False


def _wide_eye(shard: Shard) -> None:
    shard["eyes.openness"][1, 0] = 0.55


def _wide_mouth(shard: Shard) -> None:
    shard["mouth_openness"][1] = 1.2


def _gaze_of_another_length(shard: Shard) -> None:
    shard["eyes.gaze"][1, 1] *= 1.01


def _gaze_to_the_other_side(shard: Shard) -> None:
    shard["eyes.gaze_angles"][1, 0, 0] *= -1.0


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (_nan, "not finite"),
        (_blank, "an empty picture"),
        (_mirrored_rotation, "no rotation"),
        (_moved_point, "a projection that OpenCV does not confirm"),
        (_hidden, "a face that is not to be seen"),
        (_wide_eye, "openness out of range"),
        (_wide_mouth, "openness out of range"),
        (_gaze_of_another_length, "gaze that is no unit vector"),
        (_gaze_to_the_other_side, "gaze that is not its angles"),
    ],
)
def test_each_fault_is_seen_where_it_is(
    shard: Shard, spoil: Callable[[Shard], None], name: str
) -> None:
    spoiled = {key: values.copy() for key, values in shard.items()}
    spoil(spoiled)
    assert faults(spoiled, profiled=False)[name].tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("points", "visible"),
    [
        ("points", "visible"),
        ("points_3d", "visible_3d"),
        ("schemes.muct-76.points", "schemes.muct-76.visible"),
        ("schemes.aflw-21.points", "schemes.aflw-21.visible"),
        ("schemes.five.points", "schemes.five.visible"),
        ("eyes.pupils", "eyes.pupils_visible"),
    ],
)
def test_points_that_are_said_to_be_seen_are_in_the_picture(
    shard: Shard, points: str, visible: str
) -> None:
    spoiled = {key: values.copy() for key, values in shard.items()}
    _outside(spoiled, points, visible)
    found = faults(spoiled, profiled=False)["a visible point outside the picture"]
    assert found.tolist() == [False, True, False]

    spoiled[visible][1, 1] = False
    assert not faults(spoiled, profiled=False)["a visible point outside the picture"].any()
