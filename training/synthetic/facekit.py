"""The ICT-FaceKit morphable head, brought into the head frame of this project."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import numpy as np
from numpy.typing import NDArray

from training.synthetic.facekit_files import NEUTRAL, find_repository, read_repository

_NEEDED = frozenset({"mean", "faces", "identity", "expression", "expression_names"})
SOURCE = "ICT-FaceKit (https://github.com/ICT-VGL/ICT-FaceKit), MIT licence"

# The published model is in centimetres with y up and z to the viewer.
_TO_HEAD_FRAME = np.array([10.0, -10.0, -10.0], dtype=np.float32)

# Multi-PIE 68 landmarks, from the model's README.
# fmt: off
LANDMARKS_68 = (
    1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966,
    3661, 4390, 3927, 3924, 2608, 3272, 4088, 3443,
    268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509,
    978, 4527, 4942, 4857, 1140, 2075, 1147, 4269, 3360,
    1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732,
    5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841,
    5702, 5711, 5533, 6216, 6207, 6470, 5517, 5966,
)
# fmt: on


class FaceKitMissingError(FileNotFoundError):
    """The head model is not where it was looked for; the message says where to get it."""


class Part(IntEnum):
    """What a triangle belongs to, so that it is painted as skin, tooth, eye and so on."""

    FACE = 0
    HEAD = 1
    MOUTH = 2
    SOCKET = 3
    GUMS = 4
    TEETH = 5
    EYE_LEFT = 6
    EYE_RIGHT = 7


# First and last polygon of each part that is rendered, from the model's README. The iris,
# the lashes and the helper meshes around the eye are left out: they are painted instead.
_POLYGONS = {
    Part.FACE: (0, 9229),
    Part.HEAD: (9230, 11143),
    Part.MOUTH: (11144, 13225),
    Part.SOCKET: (13226, 14033),
    Part.GUMS: (14034, 17005),
    Part.TEETH: (17006, 21495),
    Part.EYE_LEFT: (21496, 22295),
    Part.EYE_RIGHT: (23094, 23893),
}
EYEBALLS = {Part.EYE_LEFT: slice(21451, 23021), Part.EYE_RIGHT: slice(23021, 24591)}
SKIN_VERTICES = 11248  # face, then back of the head and neck


@dataclass(frozen=True, slots=True)
class FaceKit:
    """A linear head model in the head frame.

    mean: (V, 3) float32, mm.
    identity: (modes, V, 3) float32, mm per standard deviation.
    expression: (shapes, V, 3) float32, mm at full activation, named by `expression_names`.
    triangles: (T, 3) int32 vertex indices, outward facing.
    parts: (T,) uint8, the Part of each triangle.
    landmarks: (68,) int64 vertex indices of the Multi-PIE points.
    texture: (T, 3, 2) float32, texture coordinates (u right, v up, 0..1 per tile) of each
        triangle's corners; None when the files have none.
    """

    mean: NDArray[np.float32]
    identity: NDArray[np.float32]
    expression: NDArray[np.float32]
    expression_names: tuple[str, ...]
    triangles: NDArray[np.int32]
    parts: NDArray[np.uint8]
    landmarks: NDArray[np.int64]
    texture: NDArray[np.float32] | None = None

    def triangles_of(self, *parts: Part) -> NDArray[np.int32]:
        """The (t, 3) triangles of some parts, in the model's order."""
        wanted = [int(part) for part in parts]
        chosen: NDArray[np.int32] = self.triangles[np.isin(self.parts, wanted)]
        return chosen


def load_facekit(folder: Path, modes: int = 60) -> FaceKit:
    """Reads the model from a folder, in either of two layouts; or from the .npz file itself.

    - the published repository (or its FaceXModel folder): generic_neutral_mesh.obj,
      identity000.obj ..., one .obj per expression; takes about ten seconds;
    - facekit.npz: the same as arrays, `mean`, `faces`, `identity`, `expression`,
      `expression_names` and optionally `uv` and `faces_uv`.

    modes: how many identity modes are kept; the later ones move vertices by less than 0.1 mm.
    Raises FaceKitMissingError when the folder holds neither, ValueError for a file that is not what
    its name says.
    """
    archive = folder if folder.suffix == ".npz" else folder / "facekit.npz"
    repository = find_repository(folder)
    if archive.is_file():
        arrays = _read_archive(archive)
    elif repository is not None:
        arrays = read_repository(repository, modes)
    else:
        raise FaceKitMissingError(
            f"{folder} holds no head model: neither facekit.npz nor FaceXModel/{NEUTRAL}. It is "
            f"{SOURCE}. Clone it (the .obj files need git-lfs where it asks for that) and give "
            "that folder as --facekit."
        )
    return _assembled(arrays, modes)


def _read_archive(path: Path) -> Mapping[str, NDArray[Any]]:
    if not is_zipfile(path):
        raise ValueError(
            f"{path} is no .npz file: fetch it again (with git-lfs, if it is a pointer)"
        )
    with np.load(path, allow_pickle=False) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    if missing := sorted(_NEEDED - arrays.keys()):
        raise ValueError(f"{path} lacks {', '.join(missing)}: it is not the head model {SOURCE}")
    return arrays


def _assembled(arrays: Mapping[str, NDArray[Any]], modes: int) -> FaceKit:
    polygons = arrays["faces"]
    chosen, parts = zip(*_triangulated(polygons), strict=True)
    corners = np.concatenate(chosen)
    texture = None
    if "uv" in arrays and "faces_uv" in arrays:
        texture = arrays["uv"][_corners(arrays["faces_uv"], corners)].astype(np.float32)
    return FaceKit(
        mean=_in_head_frame(arrays["mean"]),
        identity=_in_head_frame(arrays["identity"][:modes]),
        expression=_in_head_frame(arrays["expression"]),
        expression_names=tuple(str(name) for name in arrays["expression_names"]),
        triangles=_corners(polygons, corners),
        parts=np.concatenate(parts),
        landmarks=np.array(LANDMARKS_68, dtype=np.int64),
        texture=texture,
    )


def _in_head_frame(model: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(model, dtype=np.float32) * _TO_HEAD_FRAME


def _corners(polygons: NDArray[np.integer], corners: NDArray[np.int64]) -> NDArray[np.int32]:
    return np.ascontiguousarray(polygons.ravel()[corners], dtype=np.int32)


def _triangulated(
    polygons: NDArray[np.integer],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
    """Each part's quads as triangles: (t, 3) places in the flattened polygons, and (t,) parts.

    A fourth index of -1 marks a polygon that is a triangle already.
    """
    for part, (first, last) in _POLYGONS.items():
        numbers = np.arange(first, min(last + 1, len(polygons)), dtype=np.int64)
        quads = numbers[polygons[numbers, 3] >= 0]
        halves = [numbers[:, None] * 4 + (0, 1, 2), quads[:, None] * 4 + (0, 2, 3)]
        triangles = np.concatenate(halves)
        yield triangles, np.full(len(triangles), int(part), dtype=np.uint8)
