"""In which order and with which signs do a set's three angles turn the head?

The papers behind 300W-LP and AFLW2000-3D do not say, and public code disagrees. Where the labelled
points lie decides: `python -m training.rotation_orders --data DIR` reads the angles in all 48 ways,
turns the canonical head by each, and lists how far it falls from the points of `aflw2000_16`
(`training.pose_labels.projection_error`), best first. Ours is `app.face.rotation.from_300w_lp`.
"""

import argparse
import itertools
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from training.datasets import load
from training.datasets.aflw2000_16 import SOURCE
from training.pose_labels import projection_error

AXES = {"pitch": "X", "yaw": "Y", "roll": "Z"}
OURS = "Rx(-pitch) Ry(+yaw) Rz(+roll)"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read (pitch, yaw, roll): the product of three turns, as it is written.

    order: the angles from left to right, which SciPy calls intrinsic turns in that order.
    """

    order: tuple[str, ...]
    signs: tuple[int, ...]

    def __str__(self) -> str:
        turns = zip(self.order, self.signs, strict=True)
        return " ".join(
            f"R{AXES[name].lower()}({sign:+d}"[:-1] + f"{name})" for name, sign in turns
        )

    def rotations(self, angles: Floats) -> Floats:
        """(N, 3) pitch, yaw, roll in degrees -> (N, 3, 3)."""
        columns = [list(AXES).index(name) for name in self.order]
        sequence = "".join(AXES[name] for name in self.order)
        turned = Rotation.from_euler(sequence, angles[:, columns] * self.signs, degrees=True)
        return np.asarray(turned.as_matrix())


def readings() -> Iterable[Reading]:
    """All 48: six orders, two signs of each angle."""
    for order in itertools.permutations(AXES):
        for signs in itertools.product((1, -1), repeat=3):
            yield Reading(order, signs)


def ranked(angles: Floats, points_in_image: Floats) -> list[tuple[Floats, Reading]]:
    """Each reading with its errors (N,) on faces with angles (N, 3) and points (N, 68, 2), the one
    with the least mean first.
    """
    found = []
    for reading in readings():
        pairs = zip(reading.rotations(angles), points_in_image, strict=True)
        found.append((np.array([projection_error(*pair) for pair in pairs]), reading))
    return sorted(found, key=lambda one: float(one[0].mean()))


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the data sets")
    faces = [
        face for sample in load(SOURCE.name, parser.parse_args(argv).data) for face in sample.faces
    ]
    angles = np.array([[float(face.tags[name]) for name in AXES] for face in faces])
    points = np.stack([np.asarray(face.points_in_image, np.float64) for face in faces])
    print(
        f"{len(faces)} faces of {SOURCE.title}: mean and largest miss, share of the points' spread"
    )
    for errors, reading in ranked(angles, points):
        ours = "  <- from_300w_lp" if str(reading) == OURS else ""
        print(f"{errors.mean():6.3f} {errors.max():6.3f}  {reading}{ours}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
