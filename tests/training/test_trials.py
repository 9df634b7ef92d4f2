"""The comparison of trials: what each changes, the numbers of known errors, and the table."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from tests.tiny_models import TEMPLATE_68
from tests.training.made_up_faces import head, knowing
from training.faces.crops import LabelledCrops
from training.faces.validation import judge
from training.recipes.face_68 import FACE_68_RESEARCH
from training.speed import Timing
from training.trials import TRIALS, table

YAWS = (0.0, 30.0, -50.0, 70.0)
Floats = NDArray[np.float64]


def faces(rotations: list[Floats], split: str) -> LabelledCrops:
    """One grey each, which tells the made-up predictor the number; points are the template's."""
    n = len(rotations)
    pixels = np.tile(np.arange(n, dtype=np.uint8)[:, None, None, None], (1, 64, 64, 3))
    # The whole picture is the crop: a box of 64 / 1.3 pixels in its middle.
    side = 64 / 1.3
    box = [31.5 - side / 2, 31.5 - side / 2, side, side]
    return LabelledCrops.unlabelled(
        pixels,
        np.tile(np.array(box, np.float32), (n, 1)),
        np.array([f"person {row}" for row in range(n)]),
        np.array([split] * n),
        points=np.tile(TEMPLATE_68 * 64 - 0.5, (n, 1, 1)).astype(np.float32),
        point_weights=np.ones((n, 68), np.float32),
        rotation=np.stack(rotations).astype(np.float32),
        rotation_weights=np.ones((n, 3), np.float32),
        openness=np.full((n, 2), 0.2, np.float32),
        openness_weights=np.ones((n, 2), np.float32),
    )


def test_only_validation_faces_are_judged_and_by_their_own_errors() -> None:
    truth = [head(yaw, 10, 0) for yaw in YAWS]
    found = [head(yaw + 4, 10 - 2, 25) for yaw in YAWS]
    turned = [np.asarray(Rotation.from_euler("y", 3, degrees=True).as_matrix() @ r) for r in truth]
    made = faces(truth, "validation")
    # Off along x by 2 % of the distance between the outer corners of the eyes.
    eyes = float(np.linalg.norm(TEMPLATE_68[36] - TEMPLATE_68[45]))
    shifted = made.points + np.array([0.02 * 64 * eyes, 0.0], np.float32)
    sets = {
        "w300": replace(made, points=shifted.astype(np.float32)),
        "pointing04": made,
        "renders": made,
    }
    numbers = judge(knowing(found), sets)
    assert numbers["w300 nme"].value == pytest.approx(2.0, abs=0.01)
    assert numbers["pointing04 yaw"].value == pytest.approx(4.0, abs=1e-3)
    assert numbers["pointing04 pitch"].value == pytest.approx(2.0, abs=1e-3)
    assert numbers["renders openness"].value == pytest.approx(0.05, abs=1e-6)
    exact = judge(knowing(turned), sets)
    assert exact["renders geodesic"].value == pytest.approx(3.0, abs=1e-3)
    assert exact["renders geodesic, |yaw| <= 60"].n == 3
    assert exact["renders geodesic, |yaw| > 60"].n == 1

    wrong = [head(180, 0, 0)] * 4
    mixed = {name: _with_training_faces(one, wrong) for name, one in sets.items()}
    assert judge(knowing(found), mixed) == numbers


def _with_training_faces(held_out: LabelledCrops, rotations: list[Floats]) -> LabelledCrops:
    train = faces(rotations, "train")
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(held_out, name), getattr(train, name)])
        for name in LabelledCrops.__slots__
    }
    return LabelledCrops(**arrays)


def test_each_trial_differs_from_the_recipe_in_what_it_says() -> None:
    variants = {name: trial.of(FACE_68_RESEARCH) for name, trial in TRIALS.items()}
    assert {v.head for v in variants.values()} == {"direct", "simcc", "heat"}
    assert variants["direct-laplace"].points_loss == "laplace"
    assert variants["heat-rotation-20"].rotation_weight == 20.0
    for name, variant in variants.items():
        same = replace(
            variant,
            name=FACE_68_RESEARCH.name,
            head=FACE_68_RESEARCH.head,
            points_loss="wing",
            rotation_weight=60.0,
            begins_with=FACE_68_RESEARCH.begins_with,
        )
        assert variant.begins_with == "", "all trials begin with the same random weights"
        assert same == FACE_68_RESEARCH, name


def test_the_table_has_a_row_a_trial_in_their_order() -> None:
    names = (
        "w300 nme",
        "pointing04 yaw",
        "pointing04 pitch",
        "renders geodesic",
        "renders geodesic, |yaw| <= 60",
        "renders geodesic, |yaw| > 60",
        "renders openness",
    )

    def facts(value: float) -> dict[str, Any]:
        measured = {"value": value, "n": 9, "low": value - 0.5, "high": value + 0.5}
        results = dict.fromkeys(names, measured)
        # As read back from its file.
        return dict(
            json.loads(json.dumps({"epochs": 2, "steps_per_epoch": 15, "results": results}))
        )

    timings = [Timing("heat", 1.0, 1.31), Timing("direct", 1.0, 1.28)]
    lines = table({"heat": facts(4.0), "direct": facts(5.0)}, timings).splitlines()
    assert lines[2].startswith("| direct | 30 | 5.00 [4.50, 5.50] |")
    assert lines[3].endswith("| 4.00 [3.50, 4.50] | 1.31 |")
    # Bars inside a cell are escaped.
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1
