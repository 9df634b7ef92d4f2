"""Rendered heads that were never trained on, beside what a model says about them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.face import pnp
from app.face.geometry import Crop, face_box
from training.datasets.viewing import as_seen
from training.faces.lids import eyes_that_show
from training.faces.posed import PosedFaces
from training.faces.predictor import FacePredictor
from training.synthetic.shard_files import read_manifest, read_shards

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FOLDER = "renders-test"
"""The folder of the held-out renders among the data sets."""
_TRAINED_ON = ("renders", "renders-before-photographs")


@dataclass(frozen=True, slots=True, eq=False)
class RenderedFaces:
    """posed: the rotations, and the model's answers. by_pnp: (N, 3, 3) what PnP makes of its points
    with the true camera, as the crop shows it; NaN where no head fits. points, points_in_crop:
    (N, 68, 2) the truth in pixels of the render and in the unit crop. visible: (N, 68). openness:
    (N, 2), NaN for an eye that does not show. tags: (N,) texts by name.
    """

    posed: PosedFaces
    by_pnp: Floats
    points: Floats
    points_in_crop: Floats
    visible: Bools
    openness: Floats
    tags: Mapping[str, NDArray[np.str_]]


def measure_rendered(predictor: FacePredictor, folder: Path) -> RenderedFaces:
    """All renders of the folder, in the boxes of their points.

    ValueError when the folder is of a series that is trained on, or not of plain renders.
    """
    _check_held_out(folder)
    crops: list[Crop] = []
    in_crop = []
    shards = list(read_shards(folder))
    for shard in shards:
        for picture, points in zip(shard["images"], shard["points"], strict=True):
            crop = predictor.crop(picture, face_box(points))
            crops.append(crop)
            in_crop.append(crop.points_to_crop(points))
    columns = {name: np.concatenate([s[name] for s in shards]) for name in shards[0]}
    visible = columns["visible"]
    pixels = np.stack([crop.pixels for crop in crops])
    names = [f"render {index}" for index in columns["index"]]
    rotations = as_seen(columns["pose.rotation"], columns["pose.translation"])
    answers = predictor.predict(pixels)
    return RenderedFaces(
        PosedFaces(rotations, answers, pixels, names),
        _by_pnp(crops, answers.points, columns),
        columns["points"],
        np.stack(in_crop),
        visible,
        np.where(eyes_that_show(visible), columns["eyes.openness"], np.nan),
        {name.removeprefix("tag."): columns[name] for name in columns if name.startswith("tag.")},
    )


def _by_pnp(crops: Sequence[Crop], points: Floats, columns: Mapping[str, NDArray[Any]]) -> Floats:
    cameras = np.stack([columns[f"camera.{name}"] for name in ("fx", "fy", "cx", "cy")], axis=-1)
    rotations = np.full((len(crops), 3, 3), np.nan)
    for row, (crop, camera) in enumerate(zip(crops, cameras.tolist(), strict=True)):
        with suppress(ValueError):  # all points in one place
            found = pnp.solve(crop.points_to_image(points[row]), pnp.Camera(*camera))
            rotations[row] = found.rotation
    return as_seen(rotations, columns["pose.translation"])


def _check_held_out(folder: Path) -> None:
    manifest = read_manifest(folder)
    if manifest["source"] != "renders":
        raise ValueError(f"{folder} holds {manifest['source']!r}: judging wants plain renders")
    for name in _TRAINED_ON:
        other = folder.parent / name
        if (other / "manifest.json").is_file():
            seed = read_manifest(other)["series"]["seed"]
            if manifest["series"]["seed"] == seed:
                raise ValueError(
                    f"{folder} and {other} have the same seed {seed}, so the same people: render "
                    "the one for judging anew, with another --seed"
                )
