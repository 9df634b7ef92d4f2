"""Faces with landmarks cut out once, so that training reads memory and not photographs."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from app.face.landmarks import scheme as scheme_named
from training.cutting import cut_out, flaw
from training.images import read_rgb
from training.prepared_faces import PreparedFaces
from training.prepared_folder import Arrays, LeftOut, fill, read, read_manifest
from training.samples import FaceSample, ImageSample

PREPARED_SIZE = 256


def prepare(
    samples: Iterable[ImageSample],
    scheme: str,
    out: Path,
    size: int = PREPARED_SIZE,
    limit: int | None = None,
) -> dict[str, Any]:
    """Cuts every face that has landmarks of `scheme` and writes the folder `out`; returns the
    manifest (training.prepared_folder).

    size: pixels of a prepared crop's side, twice that of what a network sees of it. limit: the
    samples are that many of each set.
    """
    make = partial(_faces, scheme=scheme, size=size)
    return fill(out, list(samples), make, {"scheme": scheme, "size": size}, limit)


def load_prepared(folder: Path) -> PreparedFaces:
    """Reads what `prepare` wrote; FileNotFoundError says which command that is."""
    return PreparedFaces(scheme=str(read_manifest(folder)["scheme"]), **read(folder))


def _faces(
    samples: Sequence[ImageSample], left_out: LeftOut, scheme: str, size: int
) -> Arrays | None:
    rows = []
    for sample in samples:
        image = None
        for face in sample.faces:
            if reason := _rejection(face, scheme):
                left_out.append((sample.name, reason))
                continue
            image = read_rgb(sample.path) if image is None else image
            assert face.box is not None and face.points_in_image is not None  # noqa: PT018
            cutting = cut_out(image, face.box, size)
            seen = np.ones(len(scheme_named(scheme).names), bool)
            rows.append(
                {
                    "pixels": cutting.pixels,
                    "points": cutting.place(face.points_in_image).astype(np.float32),
                    "seen": seen if face.seen is None else face.seen,
                    "boxes": np.array(cutting.box, np.float32),
                    "rotation": _rotation(face),
                    "source": sample.source,
                    "subject": sample.subject,
                    "split": sample.split,
                }
            )
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]} if rows else None


def _rejection(face: FaceSample, scheme: str) -> str | None:
    if face.points_in_image is None or face.scheme != scheme or face.box is None:
        return flaw(face) if face.ignore else f"no box or no {scheme} points"
    return flaw(face)


def _rotation(face: FaceSample) -> Any:
    """(3, 3) float32, NaN where there is no label."""
    nothing = np.full((3, 3), np.nan, np.float32)
    return nothing if face.rotation is None else face.rotation.astype(np.float32)
