"""Faces cut out once, generously, so that training reads memory and not photographs.

A prepared folder holds `pixels.npy` (n, S, S, 3) uint8, S usually 256, `labels.npz` and
`manifest.json` (what was taken, what was rejected and why). A prepared crop covers twice the side
of the crop that networks see: room for turning, scaling and shifting.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from app.face.geometry import CROP_SCALE, Box, crop_transform, invert, transform, warp
from app.face.landmarks import scheme as scheme_named
from training.images import read_rgb
from training.samples import FaceSample, ImageSample, rejected

PREPARED_SIZE = 256
_MARGIN = 2.0
_SMALLEST_FACE = 24.0  # pixels; the labels of smaller faces are mostly rounding


@dataclass(frozen=True, slots=True)
class PreparedFaces:
    """Faces with landmarks of one scheme, in memory.

    pixels (n, S, S, 3) uint8; points (n, K, 2) float32, pixels of the prepared crop; seen (n, K)
    bool; boxes (n, 4) float32, x, y, width, height in the prepared crop; rotation (n, 3, 3)
    float32, head -> camera, NaN where there is no label; source, subject, split: (n,) str.
    """

    pixels: NDArray[np.uint8]
    points: NDArray[np.float32]
    seen: NDArray[np.bool_]
    boxes: NDArray[np.float32]
    rotation: NDArray[np.float32]
    source: NDArray[np.str_]
    subject: NDArray[np.str_]
    split: NDArray[np.str_]
    scheme: str

    def __len__(self) -> int:
        return len(self.points)

    def of_split(self, split: str) -> "PreparedFaces":
        return self.take(np.flatnonzero(self.split == split))

    def of_source(self, source: str) -> "PreparedFaces":
        return self.take(np.flatnonzero(self.source == source))

    def take(self, rows: NDArray[np.intp]) -> "PreparedFaces":
        return replace(
            self,
            pixels=self.pixels[rows],
            points=self.points[rows],
            seen=self.seen[rows],
            boxes=self.boxes[rows],
            rotation=self.rotation[rows],
            source=self.source[rows],
            subject=self.subject[rows],
            split=self.split[rows],
        )

    def mean_points_in_crop(self, split: str | None = None) -> NDArray[np.float32]:
        """(K, 2): the mean face, of all or of one split, in the unit crop that the service would
        cut for these boxes; each point over the faces that show it, and the crop's middle where
        none does.
        """
        rows = slice(None) if split is None else self.split == split
        points = [
            transform(invert(crop_transform(Box(*box))), points)
            for box, points in zip(self.boxes[rows].tolist(), self.points[rows], strict=True)
        ]
        seen = self.seen[rows, :, None]
        count = seen.sum(axis=0)
        total = np.where(seen, points, 0.0).sum(axis=0)
        return np.where(count > 0, total / np.maximum(count, 1), 0.5).astype(np.float32)


def prepare(
    samples: Iterable[ImageSample], scheme: str, out: Path, size: int = PREPARED_SIZE
) -> dict[str, Any]:
    """Cuts every face that has landmarks of `scheme` and writes the folder `out`; returns the
    manifest.

    size: pixels of a prepared crop's side, twice that of what a network sees of it.
    """
    samples = list(samples)
    left_out: Counter[str] = Counter()
    rows = list(tqdm(_faces(samples, scheme, size, left_out), desc="prepare", unit="face"))
    if not rows:
        raise ValueError(f"no face with landmarks of {scheme!r} in these samples: {dict(left_out)}")
    pixels, points, seen, rotation, boxes, source, subject, split = (
        list(column) for column in zip(*rows, strict=True)
    )
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "pixels.npy", np.stack(pixels))
    np.savez(
        out / "labels.npz",
        points=np.stack(points).astype(np.float32),
        seen=np.stack(seen),
        boxes=np.array(boxes, np.float32),
        rotation=np.stack(rotation).astype(np.float32),
        source=np.array(source),
        subject=np.array(subject),
        split=np.array(split),
    )
    counts = Counter(zip(source, split, strict=True))
    manifest = {
        "scheme": scheme,
        "faces": len(rows),
        "counts": {f"{name}/{part}": count for (name, part), count in sorted(counts.items())},
        "rejected": dict(left_out),
        "rejected_by_the_loader": rejected(samples),
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return manifest


def load_prepared(folder: Path) -> PreparedFaces:
    """Reads a prepared folder; FileNotFoundError says which command makes one."""
    if not (folder / "manifest.json").is_file():
        raise FileNotFoundError(f"{folder} is not prepared: run `python -m training prepare` first")
    manifest = json.loads((folder / "manifest.json").read_text())
    with np.load(folder / "labels.npz") as labels:
        arrays = {name: labels[name] for name in labels.files}
    if "rotation" not in arrays:  # prepared before it was kept
        arrays["rotation"] = np.full((len(arrays["points"]), 3, 3), np.nan, np.float32)
    return PreparedFaces(pixels=np.load(folder / "pixels.npy"), scheme=manifest["scheme"], **arrays)


def _faces(
    samples: Iterable[ImageSample], scheme: str, size: int, left_out: Counter[str]
) -> Iterator[tuple[Any, ...]]:
    for sample in samples:
        image = None
        for face in sample.faces:
            reason = _rejection(face, scheme)
            if reason:
                left_out[reason] += 1
                continue
            image = read_rgb(sample.path) if image is None else image
            row = _cut(image, face, len(scheme_named(scheme).names), size)
            yield (*row, sample.source, sample.subject, sample.split)


def _rejection(face: FaceSample, scheme: str) -> str | None:
    if face.ignore:
        return "marked to be ignored"
    if face.points_in_image is None or face.scheme != scheme or face.box is None:
        return f"no box or no {scheme} points"
    if min(face.box.width, face.box.height) < _SMALLEST_FACE:
        return f"smaller than {_SMALLEST_FACE:g} px"
    if not np.isfinite(face.points_in_image).all():
        return "points are not finite"
    return None


def _cut(image: NDArray[np.uint8], face: FaceSample, points: int, size: int) -> tuple[Any, ...]:
    assert face.box is not None and face.points_in_image is not None  # noqa: PT018 - see _rejection
    to_image = crop_transform(face.box, CROP_SCALE * _MARGIN)
    to_prepared = invert(to_image)
    points_in_prepared = transform(to_prepared, face.points_in_image) * size - 0.5
    rotation = np.full((3, 3), np.nan) if face.rotation is None else face.rotation
    seen = np.ones(points, bool) if face.seen is None else face.seen
    x, y, width, height = face.box.x, face.box.y, face.box.width, face.box.height
    scale = size / np.hypot(*to_image[:, 0])
    left, top = transform(to_prepared, [x, y]) * size - 0.5
    box = (left, top, width * scale, height * scale)
    return warp(image, to_image, size), points_in_prepared, seen, rotation, box
