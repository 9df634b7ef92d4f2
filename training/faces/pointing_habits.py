"""How each person of Pointing'04 sat to the markers: `training.datasets.pointing04.HABITS`.

    python -m training.faces.pointing_habits --data DIR --model models/face-68

prints for each person the median difference of PnP on the model's points from the label.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from app.face.rotation import to_euler
from training.datasets import load
from training.images import read_rgb
from training.landmarks.predictor import LandmarkPredictor
from training.landmarks.protocols import labelled_box
from training.zoo.comparison import pnp_predictor

_WITHIN = 15.0  # degrees of tilt and pan


def habits(data: Path, model: Path) -> dict[str, tuple[int, list[float]]]:
    """By subject: how many pictures, and yaw, pitch and roll in degrees, found less labelled."""
    predictor = pnp_predictor(LandmarkPredictor.open(model))
    differences = defaultdict(list)
    for sample in load("pointing04", data):
        (face,) = sample.faces
        tilt, pan = float(face.tags["tilt"]), float(face.tags["pan"])
        if max(abs(tilt), abs(pan)) > _WITHIN:
            continue
        crop = predictor.crop(read_rgb(sample.path), labelled_box(face))
        yaw, pitch, roll = to_euler(predictor.predict([crop.pixels]).rotation[0])
        differences[sample.subject].append((float(yaw) + pan, float(pitch) - tilt, float(roll)))
    return {
        subject: (len(rows), np.median(rows, axis=0).round(1).tolist())
        for subject, rows in sorted(differences.items())
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    given = parser.parse_args()
    for subject, (count, found) in habits(given.data, given.model).items():
        print(f"{subject}: {found}, n {count}")
