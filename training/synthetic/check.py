"""Looks at every sample of a folder of renders: is each label within its documented meaning?

`python -m training.synthetic.check --renders DIR` counts what is wrong and ends with 1 if anything
is. The projection is recomputed by OpenCV, which knows nothing of our camera.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from app.face.rotation import to_euler
from training.synthetic.shard_files import read_manifest, read_shards

Shard = Mapping[str, NDArray[Any]]
Flags = NDArray[np.bool_]

_FEWEST_VISIBLE = 14
_FLATTEST = 2.0  # grey levels of deviation: less is an empty picture
_LIMITS = {"yaw": 100.0, "pitch": 60.0, "roll": 90.0}  # of rendered heads, degrees
_WIDEST_EYE, _WIDEST_MOUTH = 0.5, 1.1  # openness; a little above the most that is documented
_SHOWN = {  # points -> which of them are said to be seen
    "points": "visible",
    "points_3d": "visible_3d",
    **{
        f"schemes.{name}.points": f"schemes.{name}.visible"
        for name in ("muct-76", "aflw-21", "five")
    },
    "eyes.pupils": "eyes.pupils_visible",
}
_LARGEST_MISS = 0.01  # pixels between the stored and the recomputed projection


def faults(shard: Shard, profiled: bool) -> dict[str, Flags]:
    """What may be wrong -> (n,) flags. profiled: turned photographs, whose eyes nobody knows and
    whose pitch and roll are the photographs'.
    """
    found = {
        "not finite": ~_finite(shard, profiled),
        "an empty picture": shard["images"].std(axis=(1, 2, 3)) < _FLATTEST,
        "no rotation": ~_is_rotation(shard["pose.rotation"]),
        "a visible point outside the picture": _visible_outside(shard),
        "openness out of range": _outside(shard["eyes.openness"], 0.0, _WIDEST_EYE)
        | _outside(shard["mouth_openness"][:, None], 0.0, _WIDEST_MOUTH),
        "a projection that OpenCV does not confirm": _misprojected(shard),
    }
    if not profiled:
        angles = zip(_LIMITS, to_euler(shard["pose.rotation"]), strict=True)
        for name, values in angles:
            found[f"{name} out of range"] = np.abs(values) > _LIMITS[name] + 1e-6
        shown = np.count_nonzero(shard["visible_3d"], axis=1)
        found["a face that is not to be seen"] = shown < _FEWEST_VISIBLE
        lengths = np.linalg.norm(shard["eyes.gaze"], axis=-1)
        found["gaze that is no unit vector"] = (np.abs(lengths - 1) > 1e-6).any(axis=1)
        found["gaze that is not its angles"] = _gaze_elsewhere(shard)
    return found


def _finite(shard: Shard, profiled: bool) -> Flags:
    skipped = ("eyes.gaze", "eyes.gaze_angles", "eyes.pupils") if profiled else ()
    fine = np.ones(len(shard["index"]), np.bool_)
    for name, values in shard.items():
        if np.issubdtype(values.dtype, np.floating) and name not in skipped:
            fine &= np.isfinite(values.reshape(len(fine), -1)).all(axis=1)
    return fine


def _is_rotation(matrices: NDArray[np.float64]) -> Flags:
    errors = np.abs(matrices @ matrices.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2))
    return np.asarray((errors < 1e-6) & (np.linalg.det(matrices) > 0))


def _visible_outside(shard: Shard) -> Flags:
    size = np.stack([shard["camera.width"], shard["camera.height"]], axis=-1)[:, None]
    wrong = np.zeros(len(size), np.bool_)
    for points, visible in _SHOWN.items():
        outside = ((shard[points] < -0.5) | (shard[points] > size - 0.5)).any(axis=-1)
        wrong |= (outside & shard[visible]).any(axis=1)
    return wrong


def _gaze_elsewhere(shard: Shard) -> Flags:
    """Builds the vector of the angles as docs/synthetic.md describes them: right, and up."""
    yaw, pitch = np.moveaxis(np.deg2rad(shard["eyes.gaze_angles"]), -1, 0)
    level = np.cos(pitch)
    looks = np.stack([level * np.sin(yaw), -np.sin(pitch), -level * np.cos(yaw)], axis=-1)
    return np.asarray((np.abs(looks - shard["eyes.gaze"]) > 1e-6).any(axis=(1, 2)))


def _outside(values: NDArray[np.float64], low: float, high: float) -> Flags:
    return np.asarray(((values < low) | (values > high)).any(axis=1))


def _misprojected(shard: Shard) -> Flags:
    wrong = np.zeros(len(shard["index"]), np.bool_)
    for row in range(len(wrong)):
        matrix = np.array(
            [
                [shard["camera.fx"][row], 0, shard["camera.cx"][row]],
                [0, shard["camera.fy"][row], shard["camera.cy"][row]],
                [0, 0, 1],
            ]
        )
        turn = cv2.Rodrigues(shard["pose.rotation"][row])[0]
        place = shard["pose.translation"][row]
        projected, _ = cv2.projectPoints(shard["in_head"][row], turn, place, matrix, None)
        miss = np.abs(projected[:, 0] - shard["points_3d"][row]).max()
        wrong[row] = not miss < _LARGEST_MISS
    return wrong


def main() -> int:
    """Command line; 1 when a sample is wrong."""
    parser = argparse.ArgumentParser(description="Check every label of rendered samples.")
    parser.add_argument("--renders", type=Path, required=True, help="folder of shards")
    folder = parser.parse_args().renders
    manifest = read_manifest(folder)
    counts: Counter[str] = Counter()
    with tqdm(total=manifest["count"], desc="check", unit="face") as bar:
        for shard in read_shards(folder):
            found = faults(shard, profiled=manifest["source"] == "profiled")
            counts.update({name: int(flags.sum()) for name, flags in found.items()})
            bar.update(len(shard["index"]))
    for name, count in counts.items():
        print(f"{count:6d}  {name}")
    return int(any(counts.values()))


if __name__ == "__main__":
    sys.exit(main())
