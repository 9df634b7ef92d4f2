"""The rendered heads of tests/data/golden as tests want them: turned, scaled, several in one
picture.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

GOLDEN = Path(__file__).parent / "data" / "golden"
LABELS: dict[str, dict[str, Any]] = {
    entry["file"]: entry for entry in json.loads((GOLDEN / "labels.json").read_text())["images"]
}

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Head:
    """The only face of a picture, RGB (H, W, 3), with its exact labels.

    box: x, y, width, height of the upright face, turned with it like an ellipse. points: (68, 2).
    five: (5, 2). rotation: (3, 3). camera: the parameters of a request.
    """

    pixels: NDArray[np.uint8]
    box: Array
    points: Array
    five: Array
    rotation: Array
    camera: dict[str, float]


def head(name: str) -> Head:
    (face,) = LABELS[name]["faces"]
    image = cv2.imread(str(GOLDEN / name))
    assert image is not None
    return Head(
        np.ascontiguousarray(image[:, :, ::-1]),
        np.array(face["box"]),
        np.array(face["points_68"]),
        np.array(face["points_5"]),
        np.array(face["rotation"]),
        dict(face["intrinsics"]),
    )


def turned(one: Head, clockwise: float) -> Head:
    """The picture turned about its principal point; the canvas grows and its corners are black."""
    height, width = one.pixels.shape[:2]
    # OpenCV counts anticlockwise.
    affine = cv2.getRotationMatrix2D((one.camera["cx"], one.camera["cy"]), -clockwise, 1.0)
    cosine, sine = np.abs(affine[0, :2])
    size = np.ceil([width * cosine + height * sine, width * sine + height * cosine]).astype(int)
    centre = (size - 1) / 2
    affine = _then_shift(affine, centre - (one.camera["cx"], one.camera["cy"]))
    pixels = cv2.warpAffine(one.pixels, affine, size.tolist(), flags=cv2.INTER_LINEAR)
    around = np.linspace(0, 2 * np.pi, 3600)
    half = one.box[2:] / 2
    oval = one.box[:2] + half + half * np.stack([np.cos(around), np.sin(around)], axis=-1)
    moved = _moved(affine, oval)
    return Head(
        np.asarray(pixels, np.uint8),
        np.concatenate([moved.min(axis=0), np.ptp(moved, axis=0)]),
        _moved(affine, one.points),
        _moved(affine, one.five),
        Rotation.from_euler("z", clockwise, degrees=True).as_matrix() @ one.rotation,
        {**one.camera, "cx": float(centre[0]), "cy": float(centre[1])},
    )


def cut_close(one: Head, share: float) -> Head:
    """Cut so that the face's box fills `share` of each side; black where the picture ends."""
    size = np.round(one.box[2:] / share)
    corner = one.box[:2] + one.box[2:] / 2 - size / 2 + 0.5
    return _shifted(one, 1.0, -corner, (int(size[0]), int(size[1])))


def far_away(one: Head, size: float, canvas: tuple[int, int], place: tuple[int, int]) -> Head:
    """Scaled until the root of the box's area is `size` pixels, its picture laid on grey."""
    scale = size / float(np.sqrt(one.box[2:].prod()))
    return _shifted(one, scale, np.array(place, float), canvas, grey=110)


def together(heads: Sequence[Head]) -> NDArray[np.uint8]:
    """One picture of several heads on canvases of one size: where a head's picture is not grey."""
    result = heads[0].pixels.copy()
    for one in heads[1:]:
        shown = (one.pixels != 110).any(axis=-1)
        result[shown] = one.pixels[shown]
    return result


def _shifted(one: Head, scale: float, offset: Array, size: tuple[int, int], grey: int = 0) -> Head:
    height, width = one.pixels.shape[:2]
    small = one.pixels
    if scale < 1:
        to = (round(width * scale), round(height * scale))
        small = np.asarray(cv2.resize(small, to, interpolation=cv2.INTER_AREA), np.uint8)
    ratio = np.array(small.shape[1::-1]) / (width, height)
    shift = np.column_stack([np.eye(2), offset])
    border = (grey, grey, grey)
    pixels = cv2.warpAffine(small, shift, size, borderValue=border)
    affine = np.column_stack([np.diag(ratio), offset + 0.5 * ratio - 0.5])
    cx, cy = _moved(affine, np.array([one.camera["cx"], one.camera["cy"]])).tolist()
    return replace(
        one,
        pixels=np.asarray(pixels, np.uint8),
        box=np.concatenate([_moved(affine, one.box[:2]), one.box[2:] * ratio]),
        points=_moved(affine, one.points),
        five=_moved(affine, one.five),
        camera={
            "fx": one.camera["fx"] * float(ratio[0]),
            "fy": one.camera["fy"] * float(ratio[1]),
            "cx": cx,
            "cy": cy,
        },
    )


def _then_shift(affine: Any, offset: Array) -> Array:
    return np.asarray(affine, np.float64) + np.column_stack([np.zeros((2, 2)), offset])


def _moved(affine: Any, points: Array) -> Array:
    return np.asarray(points @ affine[:, :2].T + affine[:, 2])
