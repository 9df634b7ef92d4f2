"""Reads the .obj files of the published ICT-FaceKit repository.

Layout: a folder FaceXModel with generic_neutral_mesh.obj, identity000.obj, identity001.obj ... and
one file per expression, all with the same vertices in the same order; lengths in centimetres.
"""

import json
import re
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEUTRAL = "generic_neutral_mesh.obj"
_IDENTITY = re.compile(r"identity\d+")


def find_repository(folder: Path) -> Path | None:
    """The folder of the .obj files: `folder` or FaceXModel in it; None when it is neither."""
    for candidate in (folder, folder / "FaceXModel"):
        if (candidate / NEUTRAL).is_file():
            return candidate
    return None


def read_repository(folder: Path, modes: int) -> dict[str, NDArray[Any]]:
    """The arrays of facekit.npz: mean, uv, faces, faces_uv, identity, expression and names.

    faces: (n, 4) int32 vertex indices, -1 for the fourth of a triangle; faces_uv likewise.
    Raises ValueError for a file without vertices (a git-lfs pointer, say) or with another number
    of them.
    """
    mean = read_vertices(folder / NEUTRAL)
    uv, faces, faces_uv = _read_polygons(folder / NEUTRAL)
    numbered = (folder / f"identity{number:03d}.obj" for number in count())
    identities = list(takewhile(Path.is_file, numbered))[:modes]
    names = _expression_names(folder)
    return {
        "mean": mean,
        "uv": uv,
        "faces": faces,
        "faces_uv": faces_uv,
        "identity": _deltas(identities, mean),
        "expression": _deltas([folder / f"{name}.obj" for name in names], mean),
        "expression_names": np.array(names),
    }


def read_vertices(path: Path) -> NDArray[np.float32]:
    """(V, 3) vertices of an .obj file, as written."""
    lines = [line[2:] for line in path.read_bytes().splitlines() if line.startswith(b"v ")]
    values = np.array(b" ".join(lines).split(), dtype=np.float32)
    if not lines or len(values) != 3 * len(lines):
        raise ValueError(f"{path} is no .obj file with three coordinates per vertex")
    return values.reshape(-1, 3)


def _deltas(paths: list[Path], mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, V, 3) what each file differs by from the neutral head."""
    shapes = np.zeros((len(paths), *mean.shape), dtype=np.float32)
    for shape, path in zip(shapes, paths, strict=True):
        vertices = read_vertices(path)
        if vertices.shape != mean.shape:
            raise ValueError(f"{path} has {len(vertices)} vertices, {NEUTRAL} has {len(mean)}")
        shape[:] = vertices - mean
    return shapes


def _expression_names(folder: Path) -> list[str]:
    """Every .obj beside the neutral head and the identities; at least those of the index file."""
    found = {path.stem for path in folder.glob("*.obj")} - {Path(NEUTRAL).stem}
    names = sorted(name for name in found if not _IDENTITY.fullmatch(name))
    index = folder / "vertex_indices.json"
    if index.is_file():
        listed = json.loads(index.read_text(encoding="utf-8"))["expressions"]
        if missing := sorted(set(listed) - set(names)):
            raise ValueError(
                f"{folder} lacks {', '.join(missing)} (.obj), which {index.name} lists"
            )
    return names


def _read_polygons(
    path: Path,
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]:
    """Texture coordinates (n, 2), polygons (F, 4) and their texture corners (F, 4)."""
    uv: list[list[float]] = []
    faces: list[list[int]] = []
    faces_uv: list[list[int]] = []
    with path.open(encoding="ascii") as lines:
        for line in lines:
            kind, *values = line.split() or [""]
            if kind == "vt":
                uv.append([float(value) for value in values[:2]])
            elif kind == "f":
                corners = [value.split("/") for value in values]
                if not 3 <= len(corners) <= 4 or not all(len(corner) >= 2 for corner in corners):
                    raise ValueError(f"{path}: {line.strip()!r} is no textured triangle or quad")
                faces.append(_four([int(corner[0]) - 1 for corner in corners]))
                faces_uv.append(_four([int(corner[1]) - 1 for corner in corners]))
    return (
        np.array(uv, dtype=np.float32).reshape(-1, 2),
        np.array(faces, dtype=np.int32).reshape(-1, 4),
        np.array(faces_uv, dtype=np.int32).reshape(-1, 4),
    )


def _four(corners: list[int]) -> list[int]:
    return corners if len(corners) == 4 else [*corners, -1]
