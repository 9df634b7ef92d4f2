"""Every set as `LabelledCrops`.

Photographs are cut, and their heads fitted, once by `prepare_source`; renders are stored as crops
already and are read where they lie.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from app.face.geometry import CROP_SCALE, Box, crop_transform, face_box, invert, transform, warp
from app.face.landmarks import scheme
from app.face.pnp import canonical_points
from training.datasets import load
from training.datasets.renders import prepared_from_shards
from training.datasets.viewing import as_seen
from training.faces.crops import LabelledCrops
from training.faces.lids import PHOTOGRAPH_WEIGHT, believed, eyes_that_show, openness_of_lids
from training.faces.targets import POINTS
from training.images import read_rgb
from training.profiling.fit import HeadFitter
from training.profiling.habits import habits_of_300w
from training.samples import FaceSample, ImageSample, rejected
from training.synthetic.contour import JawContour
from training.synthetic.facekit import load_facekit
from training.synthetic.shard_files import PER_SHARD, labels_path, read_manifest

# Pixels of a prepared picture's side; MTFL's photographs have no more to show.
_SIZE, _SIZES = 256, MappingProxyType({"mtfl80": 96})
_MARGIN = 2.0  # side of a prepared picture in sides of the crop that networks see
_SMALLEST_FACE = 24.0  # pixels; the labels of smaller faces are mostly rounding
# YouTube Faces' points are machine-made and rounded.
_POINT_WEIGHT = {"w300": 1.0, "ytf68": 0.5}
# Pointing'04 does not label roll; people sit upright, by and large.
_AXES_LABELLED = {"pointing04": (1.0, 1.0, 0.1), "pointing04-folder": (1.0, 1.0, 0.1)}
_MOST_TILT = 75.0  # its next tilt is 90, where pan says nothing
# Which of the 68 points a set with five really labels: nose tip and mouth corners. Its eyes are
# centres.
_OF_FIVE = {2: 30, 3: 48, 4: 54}
_EYES = slice(36, 48)
# Nobody marked what hides the points of photographs: most of them show.
SHOWN_WEIGHT = 0.1
SHARDS = frozenset({"renders", "renders-before-photographs", "profiled"})


def prepare_source(
    name: str, data: Path, folder: Path, *, size: int = _SIZE, fit_heads: bool = True
) -> None:
    """Cuts the faces of the set `name` and writes them with a manifest; nothing for shards.

    size: pixels of a prepared picture's side. fit_heads: faces with 68 points get the rotation of
    the head fitted to them, in place of their set's.
    """
    if name in SHARDS:
        read_manifest(data / name)  # tells now, not in training, that it is missing
        return
    left_out: Counter[str] = Counter()
    samples = [sample for sample in load(name, data) if sample.split != "test"]
    faces = _cut_all(name, samples, size, left_out)
    if fit_heads and faces.point_weights.all(axis=1).any():
        faces = _with_fitted_pose(faces, data / "facekit", left_out)
    manifest: dict[str, Any] = {
        "source": name,
        "faces": len(faces),
        "splits": dict(Counter(faces.split.tolist())),
        "with_points": int((faces.point_weights > 0).any(axis=1).sum()),
        "with_rotation": int((faces.rotation_weights > 0).any(axis=1).sum()),
        "rejected": dict(left_out),
        "rejected_by_the_loader": rejected(samples),
    }
    faces.save(folder, manifest)


def load_source(name: str, data: Path, folder: Path) -> LabelledCrops:
    """What `prepare_source` made of the set, or its shards, those for training first; photographs
    with their eyes' openness as far as the points on their lids tell, and labelled points as
    visible.
    """
    if name in SHARDS:
        return from_shards(data / name).train_first()
    faces = LabelledCrops.load(folder)
    shown = (faces.point_weights > 0).astype(np.float32)
    faces = replace(faces, visible=shown, visible_weights=SHOWN_WEIGHT * shown)
    weight = _POINT_WEIGHT.get(name, 0.0) * PHOTOGRAPH_WEIGHT
    return (_with_openness_of_lids(faces, weight) if weight else faces).train_first()


def from_shards(folder: Path) -> LabelledCrops:
    """All faces of a folder of renders, at the size that they were rendered at. Rotations are those
    that the crops show (see as_seen).

    The openness of profiled photographs is that of the fitted head, in every view; it agrees with
    their lid points within 0.02 on average where these tell it.
    """
    manifest = read_manifest(folder)
    faces = prepared_from_shards(folder, "ibug-68")
    rotation, openness, visible = [], [], []
    for start in range(0, manifest["count"], PER_SHARD):
        with np.load(labels_path(folder, start)) as labels:
            rotation.append(as_seen(labels["pose.rotation"], labels["pose.translation"]))
            openness.append(labels["eyes.openness"])
            visible.append(labels["visible"])
    n, shown = len(faces), np.concatenate(visible)
    weight = PHOTOGRAPH_WEIGHT if manifest["source"] == "profiled" else 1.0
    return LabelledCrops(
        faces.pixels,
        faces.boxes,
        faces.points,
        faces.seen.astype(np.float32),
        np.concatenate(rotation).astype(np.float32),
        np.ones((n, 3), np.float32),
        np.concatenate(openness).astype(np.float32),
        (weight * eyes_that_show(shown)).astype(np.float32),
        shown.astype(np.float32),
        np.full((n, POINTS), weight, np.float32),
        faces.subject,
        faces.split,
    )


def _with_openness_of_lids(faces: LabelledCrops, weight: float) -> LabelledCrops:
    """Where the eyes' points and the head's rotation are labelled and can be believed."""
    labelled = (faces.point_weights[:, _EYES] > 0).all(axis=1) & (faces.rotation_weights > 0).all(
        axis=1
    )
    openness = openness_of_lids(faces.points, faces.rotation)
    usable = labelled & believed(openness, faces.rotation)
    return replace(
        faces,
        openness=np.where(usable[:, None], openness, 0.0).astype(np.float32),
        openness_weights=np.tile((weight * usable)[:, None], 2).astype(np.float32),
    )


def _cut_all(
    name: str, samples: Sequence[ImageSample], size: int, left_out: Counter[str]
) -> LabelledCrops:
    rows = []
    for sample in tqdm(samples, desc=f"cut {name}", unit="photograph"):
        for face in sample.faces:
            reason = _rejection(face)
            if reason:
                left_out[reason] += 1
            else:
                rows.append((*_cut(sample, face, size), sample.subject, sample.split))
    if not rows:
        raise ValueError(f"no face of {name} can be used: {dict(left_out)}")
    pixels, boxes, points, weights, rotation, axes, subjects, splits = zip(*rows, strict=True)
    return LabelledCrops.unlabelled(
        np.stack(pixels),
        np.array(boxes, np.float32),
        np.array(subjects),
        np.array(splits),
        points=np.stack(points).astype(np.float32),
        point_weights=np.stack(weights).astype(np.float32),
        rotation=np.stack(rotation).astype(np.float32),
        rotation_weights=np.array(axes, np.float32),
    )


def _rejection(face: FaceSample) -> str | None:
    if face.ignore:
        return "marked to be ignored"
    if face.box is None and face.scheme != "five":
        return "no box"
    if face.box is not None and min(face.box.width, face.box.height) < _SMALLEST_FACE:
        return f"smaller than {_SMALLEST_FACE:g} px"
    if face.points_in_image is not None and not np.isfinite(face.points_in_image).all():
        return "points are not finite"
    if abs(float(face.tags.get("tilt", 0))) > _MOST_TILT:
        return "looks straight up or down: pan says nothing"
    return None


def _cut(sample: ImageSample, face: FaceSample, size: int) -> tuple[Any, ...]:
    """Picture, box, points, their weights, rotation, and the weights of its axes."""
    image = read_rgb(sample.path)
    size = _SIZES.get(sample.source, size)
    box = face.box
    if box is None:
        assert face.points_in_image is not None  # _rejection lets only faces with five points pass
        box = box_of_five(face.points_in_image)
    to_image = crop_transform(box, CROP_SCALE * _MARGIN)
    to_prepared = invert(to_image)
    points, weights = np.zeros((POINTS, 2)), np.zeros(POINTS)
    if face.points_in_image is not None:
        placed = transform(to_prepared, face.points_in_image) * size - 0.5
        if face.scheme == "five":
            points[list(_OF_FIVE.values())] = placed[list(_OF_FIVE)]
            weights[list(_OF_FIVE.values())] = 1.0
        else:
            points = placed
            weights[:] = _POINT_WEIGHT.get(sample.source, 1.0)
            if face.seen is not None:
                weights[~face.seen] = 0.0
    scale = size / np.hypot(*to_image[:, 0])
    left, top = transform(to_prepared, [box.x, box.y]) * size - 0.5
    rotation = np.eye(3) if face.rotation is None else face.rotation
    labelled = _AXES_LABELLED.get(sample.source, (1.0, 1.0, 1.0))
    axes = (0.0, 0.0, 0.0) if face.rotation is None else labelled
    edges = (left, top, box.width * scale, box.height * scale)
    return warp(image, to_image, size), edges, points, weights, rotation, axes


def _with_fitted_pose(faces: LabelledCrops, facekit: Path, left_out: Counter[str]) -> LabelledCrops:
    """Rotations of all faces with 68 points whose fit can be believed.

    The fit sees the prepared picture, with the face in its middle: what the network sees, too.
    """
    kit = load_facekit(facekit)
    contour = JawContour(kit)
    fitter = HeadFitter(kit, contour, habits_of_300w(kit, contour))
    side = faces.pixels.shape[1]
    for row in tqdm(range(len(faces)), desc="fit heads", unit="face"):
        if not faces.point_weights[row].all():
            continue
        found = fitter.fit(faces.points[row], (side, side))
        if found.accepted:
            faces.rotation[row] = found.rotation
            faces.rotation_weights[row] = 1.0
        else:
            left_out["pose only: the fitted head leaves too much over"] += 1
    return faces


def box_of_five(points_in_image: NDArray[np.floating]) -> Box:
    """The face box that points (5, 2) of the scheme "five" suggest: the mean head's.

    Its size is the larger of what the eyes and what eyes and mouth ask for, as turned heads bring
    the eyes together.
    """
    head = canonical_points()[:, :2]
    whole = face_box(head)
    named = scheme("ibug-68").named(head)
    mean = np.stack([named[name] for name in scheme("five").names])
    scale = max(_length(points_in_image, pair) / _length(mean, pair) for pair in ("eyes", "height"))
    x, y = np.mean(points_in_image, axis=0) - scale * (mean.mean(axis=0) - (whole.x, whole.y))
    return Box(float(x), float(y), scale * whole.width, scale * whole.height)


def _length(five: NDArray[np.floating], which: str) -> float:
    if which == "eyes":
        return float(np.linalg.norm(five[1] - five[0]))
    return float(np.linalg.norm(five[3:].mean(axis=0) - five[:2].mean(axis=0)))
