"""A folder of prepared faces: `labels.npz`, `manifest.json` and, where pictures are learnt from,
`pixels.npy` (n, S, S, 3) uint8.

It is made in parts, so that what was interrupted goes on where it stopped; the manifest, written
last, says what is in it: counts, subjects, what was rejected and why, licences and checksums.
"""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training.datasets import SOURCES
from training.samples import ImageSample, rejected

Arrays = dict[str, Any]
"""Arrays with one row for each face, by name."""
Make = Callable[[Sequence[ImageSample], "Counter[str]"], Arrays | None]
"""Some samples -> their faces, with `subject`, `split` and perhaps `pixels`, or None; counts what
it leaves out by the reason why.
"""

_PIXELS, _LABELS, _MANIFEST, _PARTS = "pixels.npy", "labels.npz", "manifest.json", "parts"
_PART = 200  # samples: seconds of work
_LEFT_OUT = "left_out"


def fill(
    folder: Path, samples: Sequence[ImageSample], make: Make, settings: Mapping[str, str | int]
) -> dict[str, Any]:
    """Writes the folder, unless it holds these samples already; returns the manifest.

    settings: what else decides the faces; it stands in the manifest. ValueError when no sample has
    a face.
    """
    key = _key(samples, settings)
    if (folder / _MANIFEST).is_file():
        manifest = dict(read_manifest(folder))
        if manifest.get("made_of") == key:
            print(f"{folder} is prepared already; delete it to prepare it anew")
            return manifest
        (folder / _MANIFEST).unlink()
    parts, left_out = [], Counter[str]()
    with tqdm(total=len(samples), desc=f"prepare {folder.name}", unit="picture") as bar:
        for start in range(0, len(samples), _PART):
            some = samples[start : start + _PART]
            part = _part(folder / _PARTS, some, make, _key(some, settings))
            left_out += part.left_out
            parts += [part] if part.labels else []
            bar.update(len(some))
    if not parts:
        raise ValueError(f"no face can be used: {dict(left_out)}")
    faces: Arrays = {
        name: np.concatenate([part.labels[name] for part in parts]) for name in parts[0].labels
    }
    np.savez(folder / _LABELS, **faces)
    files = [_LABELS]
    if parts[0].has_pixels:
        _join_pixels([part.file for part in parts], folder / _PIXELS, len(faces["split"]))
        files.append(_PIXELS)
    manifest = {
        **settings,
        **_contents(samples, faces["subject"], faces["split"]),
        "rejected": dict(left_out),
        "sha256": {name: _sha256(folder / name) for name in files},
        "made_of": key,
    }
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    shutil.rmtree(folder / _PARTS)
    return manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """FileNotFoundError says which command makes the folder."""
    if not (folder / _MANIFEST).is_file():
        raise FileNotFoundError(f"{folder} is not prepared: run `python -m training prepare` first")
    manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text())
    return manifest


def require_splits(folders: Iterable[Path], *, validated: bool = False) -> None:
    """ValueError when one of these lacks faces to train on, or all of them faces to validate on: a
    training would say so late, and in other words. validated: others have faces to validate on.
    """
    splits = {folder.name: read_manifest(folder)["splits"] for folder in folders}
    lacking = [f"train on in {name}" for name, faces in splits.items() if not faces.get("train")]
    if not validated and not any(faces.get("validation") for faces in splits.values()):
        lacking.append("validate on")
    if lacking:
        raise ValueError(f"there is no face to {', to '.join(lacking)}: prepare more pictures")


def read(folder: Path) -> Arrays:
    """What `fill` wrote, the pixels where they lie: what is changed of them stays in memory.

    FileNotFoundError says which command makes the folder.
    """
    files = read_manifest(folder)["sha256"]
    with np.load(folder / _LABELS) as labels:
        faces: Arrays = {name: labels[name] for name in labels.files}
    if _PIXELS not in files:
        return faces
    return {"pixels": np.load(folder / _PIXELS, mmap_mode="c"), **faces}


@dataclass(frozen=True, slots=True)
class _Part:
    """labels: all arrays but the pixels, which stay in `file`; none where no face was of use."""

    file: Path
    labels: Arrays
    has_pixels: bool
    left_out: Counter[str]


def _part(folder: Path, samples: Sequence[ImageSample], make: Make, key: str) -> _Part:
    """Made, or read where an earlier run left it."""
    file = folder / f"{key}.npz"
    if not file.is_file():
        left_out = Counter[str]()
        arrays = make(samples, left_out) or {}
        folder.mkdir(parents=True, exist_ok=True)
        # Under its name only once it is whole.
        stored: Arrays = {**arrays, _LEFT_OUT: np.array(json.dumps(left_out))}
        np.savez(folder / "unfinished.npz", **stored)
        (folder / "unfinished.npz").rename(file)
    with np.load(file) as saved:
        labels = {name: saved[name] for name in saved.files if name != "pixels"}
        left_out = Counter(json.loads(str(labels.pop(_LEFT_OUT))))
        return _Part(file, labels, "pixels" in saved.files, left_out)


def _join_pixels(parts: Sequence[Path], out: Path, faces: int) -> None:
    """One part after the other: all together may be more than memory holds."""
    joined, row = None, 0
    for file in parts:
        with np.load(file) as part:
            pixels = part["pixels"]
        if joined is None:
            shape = (faces, *pixels.shape[1:])
            joined = np.lib.format.open_memmap(out, mode="w+", dtype=pixels.dtype, shape=shape)
        joined[row : row + len(pixels)] = pixels
        row += len(pixels)


def _contents(
    samples: Sequence[ImageSample], subject: NDArray[np.str_], split: NDArray[np.str_]
) -> dict[str, Any]:
    sources = sorted({sample.source for sample in samples})
    return {
        "faces": len(split),
        "splits": dict(Counter(split.tolist())),
        "subjects": {part: len(np.unique(subject[split == part])) for part in np.unique(split)},
        "licences": {name: SOURCES[name].licence for name in sources if name in SOURCES},
        "rejected_by_the_loader": rejected(samples),
    }


def _key(samples: Sequence[ImageSample], settings: Mapping[str, str | int]) -> str:
    """Changes with every label and setting."""
    digest = hashlib.sha256(json.dumps(dict(settings), sort_keys=True).encode())
    for sample in samples:
        digest.update(f"{sample.path.name} {sample.subject} {sample.split}".encode())
        for face in sample.faces:
            points = b"" if face.points_in_image is None else face.points_in_image.tobytes()
            rotation = b"" if face.rotation is None else face.rotation.tobytes()
            digest.update(f"{face.box} {face.ignore}".encode() + points + rotation)
    return digest.hexdigest()


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
