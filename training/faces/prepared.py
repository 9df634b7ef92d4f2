"""Every set as `LabelledCrops`.

Photographs are cut, and their heads fitted, once by `prepare_source`; renders are stored as crops
already and are read where they lie.
"""

from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box, face_box
from app.face.landmarks import scheme
from app.face.pnp import canonical_points
from training.cutting import cut_out, flaw
from training.datasets import load
from training.datasets.renders import prepared_from_shards
from training.datasets.viewing import as_seen
from training.faces.crops import LabelledCrops
from training.faces.lids import PHOTOGRAPH_WEIGHT, believed, eyes_that_show, openness_of_lids
from training.faces.targets import POINTS
from training.images import read_rgb
from training.prepared_folder import Arrays, LeftOut, fill, limit_of, note_limit, read
from training.profiling.fit import HeadFitter
from training.profiling.habits import habits_of_300w
from training.samples import FaceSample, ImageSample, some_of, to_learn_from
from training.synthetic.contour import JawContour
from training.synthetic.facekit import load_facekit
from training.synthetic.shard_files import PER_SHARD, labels_path, read_manifest

# Pixels of a prepared picture's side; MTFL's photographs have no more to show.
_SIZE, _SIZES = 256, MappingProxyType({"mtfl80": 96})
# YouTube Faces' points are machine-made and rounded.
_POINT_WEIGHT = {"w300": 1.0, "ytf68": 0.5}
# Pointing'04 does not label roll; people sit upright, by and large. Each faced the markers in a way
# of their own: renders tell more about yaw (docs/training.md).
_AXES_LABELLED = {"pointing04": (1.0, 0.2, 0.1), "pointing04-folder": (1.0, 0.2, 0.1)}
_MOST_TILT = 75.0  # its next tilt is 90, where pan says nothing
# Which of the 68 points a set with five really labels: nose tip and mouth corners. Its eyes are
# centres.
_OF_FIVE = {2: 30, 3: 48, 4: 54}
_EYES = slice(36, 48)
_NO_HEAD_FITS = "pose only: the fitted head leaves too much over"
# Nobody marked what hides the points of photographs: most of them show.
SHOWN_WEIGHT = 0.1
SHARDS = frozenset({"renders", "renders-before-photographs", "profiled"})


def prepare_source(
    name: str,
    data: Path,
    folder: Path,
    *,
    size: int = _SIZE,
    fit_heads: bool = True,
    limit: int | None = None,
    apart: Container[str] = (),
) -> None:
    """Cuts the faces of the set `name` into `folder` (training.prepared_folder); of
    shards it notes the limit.

    size: pixels of a prepared picture's side. fit_heads: faces with 68 points get the rotation of
    the head fitted to them, in place of their set's. limit: pictures at most. apart: subjects that
    are tested on, in whatever set.
    """
    if name in SHARDS:
        note_limit(folder, read_manifest(data / name), limit)
        return
    samples = some_of(to_learn_from(load(name, data), apart), limit)
    fitter: list[HeadFitter] = []

    def make(some: Sequence[ImageSample], left_out: LeftOut) -> Arrays | None:
        faces, names = _cut_all(some, size, left_out)
        if faces is not None and fit_heads and faces.point_weights.all(axis=1).any():
            fitter.extend([] if fitter else [_head_fitter(data / "facekit")])
            faces = _with_fitted_pose(faces, names, fitter[0], left_out)
        return faces.arrays() if faces is not None else None

    settings: dict[str, str | int] = {"source": name, "size": size, "heads_fitted": int(fit_heads)}
    fill(folder, samples, make, settings, limit)


def load_source(name: str, data: Path, folder: Path) -> LabelledCrops:
    """What `prepare_source` made of the set, or its shards; photographs with the openness of their
    eyes as far as the points on their lids tell, and labelled points as visible.
    """
    if name in SHARDS:
        return from_shards(data / name, limit_of(folder))
    faces = LabelledCrops.of(read(folder))
    shown = (faces.point_weights > 0).astype(np.float32)
    faces = replace(faces, visible=shown, visible_weights=SHOWN_WEIGHT * shown)
    weight = _POINT_WEIGHT.get(name, 0.0) * PHOTOGRAPH_WEIGHT
    return _with_openness_of_lids(faces, weight) if weight else faces


def from_shards(folder: Path, limit: int | None = None) -> LabelledCrops:
    """The faces of a folder of renders, at the size that they were rendered at. Rotations are those
    that the crops show (see as_seen). limit: the first that many, None for all.

    The openness of profiled photographs is that of the fitted head, in every view; it agrees with
    their lid points within 0.02 on average where these tell it.
    """
    manifest = read_manifest(folder)
    faces = prepared_from_shards(folder, "ibug-68", limit)
    rotation, openness, visible = [], [], []
    n = len(faces)
    for start in range(0, n, PER_SHARD):
        with np.load(labels_path(folder, start)) as labels:
            rotation.append(as_seen(labels["pose.rotation"], labels["pose.translation"]))
            openness.append(labels["eyes.openness"])
            visible.append(labels["visible"])
    shown = np.concatenate(visible)[:n]
    weight = PHOTOGRAPH_WEIGHT if manifest["source"] == "profiled" else 1.0
    return LabelledCrops(
        faces.pixels,
        faces.boxes,
        faces.points,
        faces.seen.astype(np.float32),
        np.concatenate(rotation)[:n].astype(np.float32),
        np.ones((n, 3), np.float32),
        np.concatenate(openness)[:n].astype(np.float32),
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
    samples: Sequence[ImageSample], size: int, left_out: LeftOut
) -> tuple[LabelledCrops | None, list[str]]:
    """The faces, None where there are none, and the names of their pictures."""
    rows, names = [], []
    for sample in samples:
        for face in sample.faces:
            if reason := _rejection(face):
                left_out.append((sample.name, reason))
            else:
                rows.append((*_cut(sample, face, size), sample.subject, sample.split))
                names.append(sample.name)
    if not rows:
        return None, names
    pixels, boxes, points, weights, rotation, axes, subjects, splits = zip(*rows, strict=True)
    faces = LabelledCrops.unlabelled(
        np.stack(pixels),
        np.array(boxes, np.float32),
        np.array(subjects),
        np.array(splits),
        points=np.stack(points).astype(np.float32),
        point_weights=np.stack(weights).astype(np.float32),
        rotation=np.stack(rotation).astype(np.float32),
        rotation_weights=np.array(axes, np.float32),
    )
    return faces, names


def _rejection(face: FaceSample) -> str | None:
    if reason := flaw(face):
        return reason
    if face.box is None and face.scheme != "five":
        return "no box"
    if abs(float(face.tags.get("tilt", 0))) > _MOST_TILT:
        return "looks straight up or down: pan says nothing"
    return None


def _cut(sample: ImageSample, face: FaceSample, size: int) -> tuple[Any, ...]:
    """Picture, box, points, their weights, rotation, and the weights of its axes."""
    box = face.box
    if box is None:
        assert face.points_in_image is not None  # _rejection lets only faces with five points pass
        box = box_of_five(face.points_in_image)
    cutting = cut_out(read_rgb(sample.path), box, _SIZES.get(sample.source, size))
    points, weights = np.zeros((POINTS, 2)), np.zeros(POINTS)
    if face.points_in_image is not None:
        placed = cutting.place(face.points_in_image)
        if face.scheme == "five":
            points[list(_OF_FIVE.values())] = placed[list(_OF_FIVE)]
            weights[list(_OF_FIVE.values())] = 1.0
        else:
            points = placed
            weights[:] = _POINT_WEIGHT.get(sample.source, 1.0)
            if face.seen is not None:
                weights[~face.seen] = 0.0
    rotation = np.eye(3) if face.rotation is None else face.rotation
    labelled = _AXES_LABELLED.get(sample.source, (1.0, 1.0, 1.0))
    axes = (0.0, 0.0, 0.0) if face.rotation is None else labelled
    return cutting.pixels, cutting.box, points, weights, rotation, axes


def _head_fitter(facekit: Path) -> HeadFitter:
    kit = load_facekit(facekit)
    contour = JawContour(kit)
    return HeadFitter(kit, contour, habits_of_300w(kit, contour))


def _with_fitted_pose(
    faces: LabelledCrops, names: Sequence[str], fitter: HeadFitter, left_out: LeftOut
) -> LabelledCrops:
    """Rotations of all faces with 68 points whose fit can be believed.

    The fit sees the prepared picture, with the face in its middle: what the network sees, too.
    """
    side = faces.pixels.shape[1]
    for row in range(len(faces)):
        if not faces.point_weights[row].all():
            continue
        found = fitter.fit(faces.points[row], (side, side))
        if found.accepted:
            faces.rotation[row] = found.rotation
            faces.rotation_weights[row] = 1.0
        else:
            left_out.append((names[row], _NO_HEAD_FITS))
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
