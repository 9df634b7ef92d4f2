"""Where the annotators of 300-W mark a head, compared with `training.synthetic.marks`.

Our own marks follow anatomy. Annotators put brows and lids closer together, the corners of the jaw
higher and the inner lips' points closer to the middle; a fit that does not know it bends face and
pose to suit. The offsets are means over a thousand fits, learnt once and kept in a file:

    python -m training.profiling.habits --data DIR --facekit DIR

They hold no shift, turn or scale of the whole face: what zero pitch means stays with the marks.
They come from research data and serve fits of research data alone, never rendered labels.
"""

import argparse
import json
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from app.face.landmarks import scheme
from training.images import read_rgb
from training.profiling.basis import JAW
from training.profiling.fit import HeadFit, HeadFitter
from training.profiling.photographs import training_photographs
from training.synthetic.contour import JawContour
from training.synthetic.facekit import FaceKit, load_facekit

_FILE = "habits_300w.json"
_ROUNDS = 3
_EVERY = 2  # photographs used
# Stiffness against an offset, in photographs: depth is seen on turned heads only.
_STIFFNESS = np.diag([10.0, 10.0, 90.0])
_OUTLIER = 6.0  # mm


def habits_of_300w(kit: FaceKit, contour: JawContour) -> NDArray[np.float64]:
    """(68, 3) mm in the head frame, to be added to the marks; the jaw's to the outline.

    The file holds places on the mean head, so it survives a change of the marks.
    """
    document = json.loads(files("training.profiling").joinpath(_FILE).read_text(encoding="utf-8"))
    places = np.array(document["places"], dtype=np.float64)
    inner = places - contour.marks.ibug.place(kit.mean)[JAW:]
    return np.concatenate([np.array(document["jaw"], dtype=np.float64), inner])


def learn(kit: FaceKit, data: Path, every: int = _EVERY) -> NDArray[np.float64]:
    """(68, 3) mm, symmetric, from the training photographs of `data / w300`."""
    contour = JawContour(kit)
    photographs = training_photographs("w300", data)[::every]
    marks = contour.marks.ibug.place(kit.mean)
    habits = np.zeros_like(marks)
    for number in range(_ROUNDS):
        fitter = HeadFitter(kit, contour, habits)
        faces = []
        for sample in tqdm(photographs, desc=f"round {number + 1} of {_ROUNDS}", unit="fit"):
            points = sample.faces[0].points_in_image
            assert points is not None  # training_photographs sees to it
            height, width = read_rgb(sample.path).shape[:2]
            faces.append((points.astype(np.float64), fitter.fit(points, (width, height))))
        habits = without_whole_motion(habits + left_over(faces, habits), marks)
    return habits


def left_over(
    faces: list[tuple[NDArray[np.float64], HeadFit]], habits: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(68, 3) mm: the offset of each mark that explains most of what fits leave, symmetric.

    faces: points (68, 2) pixels, and the fit that was made with `habits`.
    """
    normal = np.tile(_STIFFNESS, (len(habits), 1, 1))
    right = np.zeros_like(habits)
    for points, fit in faces:
        in_camera = fit.pose.to_camera(fit.marks + habits)
        per_pixel = in_camera[:, 2:] / fit.camera.fx
        error = (points - fit.camera.project(in_camera)) * per_pixel
        weights = 1.0 / (1.0 + np.sum(error**2, axis=1) / _OUTLIER**2)
        across = fit.rotation[:2]
        normal += weights[:, None, None] * (across.T @ across)
        right += weights[:, None] * (error @ across)
    offsets = np.linalg.solve(normal, right[..., None])[..., 0]
    mirrored = offsets[list(scheme("ibug-68").flip)] * (-1.0, 1.0, 1.0)
    return np.asarray((offsets + mirrored) / 2)


def without_whole_motion(
    offsets: NDArray[np.float64], marks: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Offsets (n, 3) less the shift, turn and scale of all marks (n, 3) that is next to them."""
    arms = marks - marks.mean(axis=0)
    shifts = np.broadcast_to(np.eye(3), (len(arms), 3, 3))
    turns = np.stack([np.cross(axis, arms) for axis in np.eye(3)], axis=2)
    motions = np.concatenate([shifts, turns, arms[:, :, None]], axis=2).reshape(-1, 7)
    whole = motions @ np.linalg.lstsq(motions, offsets.ravel(), rcond=None)[0]
    return np.asarray(offsets - whole.reshape(offsets.shape))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.profiling.habits")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds w300")
    parser.add_argument("--facekit", type=Path, required=True, help="folder of the head model")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name(_FILE))
    options = parser.parse_args()
    kit = load_facekit(options.facekit)
    habits = learn(kit, options.data)
    inner = JawContour(kit).marks.ibug.place(kit.mean)[JAW:] + habits[JAW:]
    document = {
        "source": "means over training photographs of 300-W; research use",
        "unit": "millimetre, head frame of training.synthetic",
        "jaw": np.round(habits[:JAW], 2).tolist(),
        "places": np.round(inner, 2).tolist(),
    }
    options.out.write_text(json.dumps(document) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
