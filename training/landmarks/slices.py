"""Parts of a test set: by how far the face is turned, and by what the data set says about it."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.face.pnp import Camera, solve
from app.face.rotation import to_euler
from training.images import read_rgb
from training.landmarks.measure import LabelledFace

Floats = NDArray[np.float64]
Masks = dict[str, NDArray[np.bool_]]

YAW_EDGES = (0, 15, 30, 45, 60, 90, 180)
_MOST_VALUES = 12
_FEWEST_FACES = 10


def yaws_of(faces: Sequence[LabelledFace]) -> tuple[Floats, bool]:
    """(N,) yaw in degrees, NaN where unknown, and whether any of it was estimated.

    The labelled rotation where there is one. Else, for 68 points, PnP on the LABELLED points with
    an assumed camera: good for sorting faces into wide bins and for nothing finer.
    """
    yaws = np.full(len(faces), np.nan)
    estimated = False
    for index, entry in enumerate(faces):
        rotation = entry.face.rotation
        if rotation is None and entry.face.scheme == "ibug-68" and entry.seen.all():
            height, width = read_rgb(entry.sample.path).shape[:2]
            rotation = solve(entry.truth, Camera.assumed(width, height)).rotation
            estimated = True
        if rotation is not None:
            yaws[index] = float(to_euler(rotation)[0])
    return yaws, estimated


def yaw_slices(yaws: Floats, estimated: bool) -> Masks:
    """Bins by |yaw|; NaN is in none of them, empty bins are left out."""
    size = np.abs(yaws)
    suffix = ", estimated by PnP from the labelled points" if estimated else ""
    bins = {
        f"|yaw| {low}-{high}{suffix}": (size >= low) & (size < high)
        for low, high in pairwise(YAW_EDGES)
    }
    return {name: mask for name, mask in bins.items() if mask.any()}


def tag_slices(faces: Sequence[LabelledFace]) -> Masks:
    """Slices "tag=value"; without tags of one or very many values, and values of few faces."""
    masks: Masks = {}
    for tag in sorted({tag for entry in faces for tag in entry.face.tags}):
        values = np.array([entry.face.tags.get(tag, "") for entry in faces])
        kinds = sorted(set(values.tolist()) - {""})
        if not 2 <= len(kinds) <= _MOST_VALUES:
            continue
        for kind in kinds:
            mask = values == kind
            if mask.sum() >= _FEWEST_FACES:
                masks[f"{tag}={kind}"] = mask
    return masks
