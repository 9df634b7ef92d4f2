"""How well a set of photographs is fitted: `python -m training.profiling.survey --set w300 ...`.

Prints what docs/synthetic.md states: residuals, refusals, and mean angles beside those of PnP.
Photographs held out for tests are never looked at, here as little as in training.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from app.face import pnp
from app.face.rotation import to_euler
from training.datasets import load
from training.images import read_rgb
from training.profiling.fit import MOST_RESIDUAL, HeadFitter
from training.profiling.habits import habits_of_300w
from training.samples import ImageSample
from training.synthetic.contour import JawContour
from training.synthetic.facekit import FaceKit, load_facekit

_PERCENTILES = (5, 25, 50, 75, 95, 99, 100)
_YAWS = (0, 15, 30, 45, 90)
_SPLITS = frozenset({"train", "validation"})


@dataclass(frozen=True, slots=True)
class Survey:
    """n faces. residual: (n,) percent of the eye distance.

    fitted, by_pnp: (n, 3) degrees: yaw, pitch, roll; both with the camera that the fit assumed.
    """

    residual: NDArray[np.float64]
    fitted: NDArray[np.float64]
    by_pnp: NDArray[np.float64]


def survey(
    samples: Sequence[ImageSample], kit: FaceKit, habits: NDArray[np.float64] | None = None
) -> Survey:
    """Fits every face with 68 points that is not held out for tests; ValueError when there is none.

    habits: see HeadFitter.
    """
    fitter = HeadFitter(kit, habits=habits)
    residuals, fitted, by_pnp = [], [], []
    shown = [sample for sample in samples if sample.split in _SPLITS]
    for sample in tqdm(shown, desc="fit", unit="photograph"):
        height, width = read_rgb(sample.path).shape[:2]
        for face in sample.faces:
            if face.points_in_image is None or face.scheme != "ibug-68":
                continue
            fit = fitter.fit(face.points_in_image, (width, height))
            seen_by = fit.camera
            camera = pnp.Camera(seen_by.fx, seen_by.fy, seen_by.cx, seen_by.cy)
            solved = pnp.solve(face.points_in_image, camera)
            residuals.append(fit.residual)
            fitted.append(fit.rotation)
            by_pnp.append(solved.rotation)
    if not residuals:
        raise ValueError("no face with the 68 points of ibug-68 outside the test splits")
    return Survey(np.array(residuals), _angles(fitted), _angles(by_pnp))


def summary(found: Survey) -> str:
    """The survey as lines of text."""
    residual = found.residual
    at = ", ".join(f"{p} %: {np.percentile(residual, p):.2f}" for p in _PERCENTILES)
    lines = [
        f"{len(residual)} faces; residual in percent of the eye distance at {at}",
        f"refused (above {MOST_RESIDUAL:g}): {(residual > MOST_RESIDUAL).mean():.2%}",
    ]
    yaw = np.abs(found.fitted[:, 0])
    for low, high in pairwise(_YAWS):
        inside = residual[(yaw >= low) & (yaw < high)]
        if len(inside):
            lines.append(
                f"|yaw| {low}-{high}: {len(inside)} faces, median residual {np.median(inside):.2f},"
                f" refused {(inside > MOST_RESIDUAL).mean():.1%}"
            )
    for name, angles in (("fit", found.fitted), ("PnP", found.by_pnp)):
        of = zip(("yaw", "pitch", "roll"), angles.mean(axis=0), angles.std(axis=0), strict=True)
        lines.append(f"{name}: " + ", ".join(f"{a} {m:+.2f} (sd {s:.2f})" for a, m, s in of))
    apart = np.abs(found.fitted - found.by_pnp).mean(axis=0)
    lines.append("mean |fit - PnP|: yaw {:.2f}, pitch {:.2f}, roll {:.2f}".format(*apart))
    return "\n".join(lines)


def _angles(rotations: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.stack(to_euler(np.stack(rotations)), axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.profiling.survey")
    parser.add_argument("--set", required=True, help="a data set with 68 points, such as w300")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the data sets")
    parser.add_argument("--facekit", type=Path, required=True, help="folder of the head model")
    options = parser.parse_args()
    samples = load(options.set, options.data)
    kit = load_facekit(options.facekit)
    print(summary(survey(samples, kit, habits_of_300w(kit, JawContour(kit)))))


if __name__ == "__main__":
    main()
