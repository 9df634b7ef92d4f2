"""What lid points say about openness, measured on renders, where both are known.

`python -m training.faces.lid_calibration --data DIR` prints the line that fits best, for
`training.faces.lids`, and the errors by yaw.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np

from app.face.rotation import to_euler
from training.datasets.viewing import as_seen
from training.faces.lids import LARGEST_PITCH, LARGEST_YAW, OFFSET, SLOPE, Floats, openness_of_lids
from training.synthetic.shard_files import read_shards

_SHUT = 0.02  # below it the line is cut off
_YAWS = (0, 15, 30, 45, 60)


def calibrate(folder: Path) -> str:
    """The report on a folder of renders."""
    shards = list(read_shards(folder))
    points, rotation, place, truth = (
        np.concatenate([shard[name] for shard in shards])
        for name in ("points", "pose.rotation", "pose.translation", "eyes.openness")
    )
    seen = as_seen(rotation, place)
    found = openness_of_lids(points, seen)
    yaw, pitch, _ = (np.abs(angle) for angle in to_euler(seen))
    level = pitch < LARGEST_PITCH
    near = (level & (yaw < LARGEST_YAW))[:, None] & (found > 0) & (truth > _SHUT)
    slope, offset = np.polyfit((found[near] - OFFSET) / SLOPE, truth[near], 1)
    lines = [f"openness = {slope:.3f} * height / width + {offset:.4f}; with the line in use:"]
    for low, high in pairwise(_YAWS):
        rows = level & (yaw >= low) & (yaw < high)
        lines.append(f"|yaw| {low}-{high}: {_errors((found - truth)[rows])}")
    return "\n".join(lines)


def _errors(errors: Floats) -> str:
    return (
        f"{len(errors)} heads, mean absolute error {np.abs(errors).mean():.4f}, root of the mean "
        f"square {np.sqrt(np.square(errors).mean()):.4f}, mean {errors.mean():+.4f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds renders")
    print(calibrate(parser.parse_args().data / "renders"))
