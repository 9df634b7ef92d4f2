"""How much of what a head looks like should count in the served rotation: what different shares do
to validation faces (`Face68.appearance`).

    python -m training.faces.appearance --data DIR --runs RUNS --recipe face-68-research
"""

import argparse
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import keras
import numpy as np

from training.faces.calibration import calibration_sets
from training.faces.exporting import answers_by
from training.faces.posed import measure_posed
from training.faces.predictor import FacePredictor
from training.networks.face import serving_network
from training.recipes.face_68 import FACE_68, FACE_68_RESEARCH
from training.workspace import Workspace

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
RECIPES = {recipe.name: recipe for recipe in (FACE_68, FACE_68_RESEARCH)}


def errors(trained: keras.Model, data: Path, points_of: str, share: float) -> Mapping[str, float]:
    """By set and quantity, degrees, on the faces that calibrate the deviations; geodesic where the
    roll is labelled.
    """
    trained.get_layer("appearance").served = share
    serving = serving_network(trained)
    predictor = FacePredictor(partial(answers_by, serving), int(serving.inputs[0].shape[1]))
    found: dict[str, float] = {}
    for name, (samples, roll) in calibration_sets(data, points_of).posed.items():
        posed = measure_posed(predictor, samples, roll_labelled=roll)
        yaw, pitch, *_ = np.abs(posed.angle_errors).mean(axis=0)
        found |= {f"yaw, {name}": float(yaw), f"pitch, {name}": float(pitch)}
        if roll:
            found[f"geodesic, {name}"] = float(posed.geodesic.mean())
    return found


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--recipe", choices=sorted(RECIPES), required=True)
    given = parser.parse_args(arguments)
    recipe = RECIPES[given.recipe]
    fit = Workspace(given.runs, given.runs, recipe.name).fit
    trained = keras.saving.load_model(fit / "last.keras", compile=False)
    for share in SHARES:
        found = errors(trained, given.data, recipe.points_of, share)
        print(share, ", ".join(f"{name} {value:.2f}" for name, value in found.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
