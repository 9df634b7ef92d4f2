"""How well `measurable` tells eyes that show from hidden ones, on renders, which know it.

    python -m benchmarks.usability_eyes --renders DIR [--model NAME]

DIR: renders of a seed that no training saw; of the ones that test the models (renders-test) to
report, of another seed to choose the limit. An eye shows when four of its six points do. Every
face is asked for in the box of its points, as it is and in grey.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.detection.candidates import Candidate
from app.face.geometry import face_box
from app.inference.model import Model
from app.measuring.alignment import Aligner
from app.measuring.eyes import LEAST_VISIBLE, eyes_seen, told_eyes
from app.settings import Settings
from training.statistics import wilson
from training.synthetic.shard_files import read_shards

_EYES = (slice(36, 42), slice(42, 48))  # right, left
_FEWEST = 4  # points that show, as `training.faces.lids` counts them
_LIMITS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9)


@dataclass(frozen=True, slots=True)
class SeenEye:
    """shows: the truth. told: how much of it shows, as the model says. otherwise: measurable as far
    as the other limits go. error: of the openness.
    """

    shows: bool
    told: float
    otherwise: bool
    glasses: str
    error: float

    def measurable(self, limit: float) -> bool:
        return self.otherwise and self.told >= limit


def main() -> None:
    settings = Settings()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--renders", type=Path, required=True, help="folder of shards")
    parser.add_argument(
        "--models", type=Path, default=settings.models_dir, help="folder of the models"
    )
    parser.add_argument("--model", default=settings.landmarks[0], help="face model")
    given = parser.parse_args()
    aligner = Aligner(Model.open(given.models / given.model, "cpu"))
    if not aligner.tells_head:
        parser.error(f"{given.model} is no face model: it does not tell which points show")
    for grey in (False, True):
        eyes = list(_eyes(given.renders, aligner, grey))
        print("\nin grey\n" if grey else "\nas rendered\n")
        print("\n".join(table(eyes)))


def table(eyes: Sequence[SeenEye]) -> Iterator[str]:
    """By limit: shares of eyes called measurable, in Markdown."""
    groups = {
        "hidden": [eye for eye in eyes if not eye.shows],
        "of these behind dark glasses": [e for e in eyes if not e.shows and e.glasses == "sun"],
        "that show": [eye for eye in eyes if eye.shows],
        "of these behind clear glasses": [e for e in eyes if e.shows and e.glasses == "clear"],
    }
    yield f"| least visible | {' | '.join(groups)} | error of measurable ones that show |"
    yield f"|{' --- |' * (len(groups) + 2)}"
    for limit in _LIMITS:
        cells = [_share([eye.measurable(limit) for eye in group]) for group in groups.values()]
        errors = [eye.error for eye in groups["that show"] if eye.measurable(limit)]
        mark = " (now)" if limit == LEAST_VISIBLE else ""
        yield f"| {limit}{mark} | {' | '.join(cells)} | {np.mean(errors):.3f} |"


def _share(told: Sequence[bool]) -> str:
    if not told:
        return "-"
    low, high = wilson(sum(told), len(told))
    return f"{np.mean(told):.1%} ({100 * low:.1f} to {100 * high:.1f}), n {len(told)}"


def _eyes(folder: Path, aligner: Aligner, grey: bool) -> Iterator[SeenEye]:
    for shard in read_shards(folder):
        for picture, points, visible, openness, glasses in zip(
            shard["images"],
            shard["points"],
            shard["visible"],
            shard["eyes.openness"],
            shard["tag.glasses"],
            strict=True,
        ):
            shown = _in_grey(picture) if grey else picture
            shows = [int(visible[eye].sum()) >= _FEWEST for eye in _EYES]
            yield from _of_face(shown, points, shows, openness.tolist(), str(glasses), aligner)


def _of_face(
    picture: NDArray[np.uint8],
    points: NDArray[np.float64],
    shows: Sequence[bool],
    openness: Sequence[float],
    glasses: str,
    aligner: Aligner,
) -> Iterator[SeenEye]:
    candidate = Candidate.given(face_box(points))
    crop = candidate.cut(picture, aligner.crop_size, aligner.crop_scale)
    (answer,) = aligner.run([crop.pixels])
    if answer.head is None:
        raise ValueError("a face model answered without a head")
    all_seen = replace(answer.head, visible=np.ones_like(answer.head.visible))
    found = told_eyes(
        all_seen, crop.points_to_image(answer.points_in_crop), answer.std_in_crop * crop.scale
    )
    for eye, truth, told, real in zip(
        (found.right, found.left), shows, eyes_seen(answer.head), openness, strict=True
    ):
        yield SeenEye(truth, told, eye.measurable, glasses, abs(eye.openness - real))


def _in_grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(np.repeat(luma[..., None], 3, axis=2), np.uint8)


if __name__ == "__main__":
    main()
