"""Derive the canonical 68 points from the mean head of ICT-FaceKit, once.

    python -m training.canonical_points --facekit facekit.npz

writes app/face/canonical_68.json. The mean head comes in centimetres with x to the subject's left,
y up and z towards the viewer; D = diag(1, -1, -1) takes it into our head frame (x to the subject's
left, y down, z into the head), in millimetres.

Points 17-67 and the chin are ICT's Multi-PIE vertices. The jaw takes ICT's alternative jawline,
which runs along the edge of the jaw bone up to the ears; the Multi-PIE one lies on the cheek, about
15 mm in front of it, where no face has a contour.

Zero pitch is the pose the mean head was modelled in: the line from brow (21, 22) to chin (8) leans
by less than two degrees, which anatomists call the natural head position. The head is not turned
here.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.landmarks import scheme

# fmt: off
_JAW = (
    1278, 1272, 12, 1834, 243, 781, 2199, 1447, 966, 3661, 4390, 3022, 2484, 4036, 2253, 3490, 3496,
)
_MULTI_PIE_17_TO_67 = (
    268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140, 2075,
    1147, 4269, 3360, 1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732, 5708,
    5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841, 5702, 5711, 5533, 6216, 6207,
    6470, 5517, 5966,
)
# fmt: on
VERTICES = _JAW + _MULTI_PIE_17_TO_67
"""The vertex of each of the 68 points."""

_OUTER_EYE_CORNERS = [36, 45]
_MILLIMETRES = 10.0
_TO_HEAD_FRAME = np.array([1.0, -1.0, -1.0])
_MOST_ASYMMETRY = 0.5  # mm: the mean head is symmetric; more means wrong vertices
_TARGET = Path(__file__).parents[1] / "app" / "face" / "canonical_68.json"


def canonical_points(mean: NDArray[np.floating]) -> NDArray[np.float64]:
    """The 68 points (68, 3) in the head frame, millimetres, of a mean head (V, 3) of ICT-FaceKit.

    Symmetric to the last bit, so that a mirrored image gives exactly the mirrored rotation.
    """
    points = mean[list(VERTICES)].astype(np.float64) * _TO_HEAD_FRAME * _MILLIMETRES
    points -= points[_OUTER_EYE_CORNERS].mean(axis=0)
    mirrored = points[list(scheme("ibug-68").flip)] * (-1.0, 1.0, 1.0)
    asymmetry = float(np.abs(points - mirrored).max())
    if asymmetry > _MOST_ASYMMETRY:
        raise ValueError(
            f"The points are {asymmetry:.2f} mm from symmetry: is this ICT-FaceKit light?"
        )
    return np.round((points + mirrored) / 2, 3) + 0.0


def document(points: NDArray[np.float64]) -> str:
    """The JSON text of the package file."""
    facts = {
        "source": "ICT-FaceKit light (MIT licence), mean head; see training/canonical_points.py",
        "scheme": "ibug-68",
        "unit": "millimetre",
        "axes": "x to the subject's left, y down, z into the head",
        "origin": "midpoint of the outer eye corners (points 36 and 45)",
        "zero_pitch": "the pose the mean head was modelled in: brow to chin upright to 2 degrees",
        "jaw": "ICT's alternative jawline, along the edge of the jaw bone",
    }
    lines = ",\n".join(f"    {json.dumps(point)}" for point in points.tolist())
    return json.dumps(facts, indent=2)[:-2] + f',\n  "points": [\n{lines}\n  ]\n}}\n'


def main() -> None:
    parser = argparse.ArgumentParser(description="Derive the canonical 68 points.")
    parser.add_argument("--facekit", type=Path, required=True, help="facekit.npz with array `mean`")
    parser.add_argument("--out", type=Path, default=_TARGET)
    arguments = parser.parse_args()
    with np.load(arguments.facekit, allow_pickle=False) as facekit:
        points = canonical_points(facekit["mean"])
    arguments.out.write_text(document(points), encoding="utf-8")
    print(f"wrote {len(points)} points to {arguments.out}")


if __name__ == "__main__":
    main()
