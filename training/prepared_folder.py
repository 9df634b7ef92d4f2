"""A folder of prepared faces: `labels.npz`, `manifest.json`, `rejected.csv` and, where pictures are
learnt from, `pixels.npy` (n, S, S, 3) uint8.

It is made in parts, so that what was interrupted goes on where it stopped; the manifest, written
last, says what is in it: counts, subjects, what was rejected and why, licences and checksums.
"""

import csv
import hashlib
import json
import shutil
import sys
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
LeftOut = list[tuple[str, str]]
"""Pictures with a face of no use, and why."""
Make = Callable[[Sequence[ImageSample], LeftOut], Arrays | None]
"""Some samples -> their faces, with `subject`, `split` and perhaps `pixels`, or None; adds what it
leaves out.
"""

_PIXELS, _LABELS, _MANIFEST, _PARTS = "pixels.npy", "labels.npz", "manifest.json", "parts"
_REJECTED = "rejected.csv"
_PART = 200  # samples: seconds of work
_LEFT_OUT = "left_out"


def fill(
    folder: Path,
    samples: Sequence[ImageSample],
    make: Make,
    settings: Mapping[str, str | int],
    limit: int | None = None,
) -> dict[str, Any]:
    """Writes the folder, unless it holds these samples already; returns the manifest.

    settings: what else decides the faces; it stands in the manifest, and so does limit: the samples
    are that many of each set. ValueError when no sample has a face.
    """
    settings = dict(settings) | ({"limit": limit} if limit is not None else {})
    key = _key(samples, settings)
    if (folder / _MANIFEST).is_file():
        manifest = dict(read_manifest(folder))
        if manifest.get("made_of") == key:
            print(f"{folder} is prepared already; delete it to prepare it anew")
            return manifest
        (folder / _MANIFEST).unlink()
    parts, left_out = [], LeftOut()
    with tqdm(total=len(samples), desc=f"prepare {folder.name}", unit="picture") as bar:
        for start in range(0, len(samples), _PART):
            some = samples[start : start + _PART]
            part = _part(folder / _PARTS, some, make, _key(some, settings))
            left_out += part.left_out
            parts += [part] if part.labels else []
            bar.update(len(some))
    if not parts:
        raise ValueError(f"no face can be used: {_by_reason(left_out)}")
    faces: Arrays = {
        name: np.concatenate([part.labels[name] for part in parts]) for name in parts[0].labels
    }
    np.savez(folder / _LABELS, **faces)
    files = [_LABELS]
    if parts[0].has_pixels:
        _join_pixels([part.file for part in parts], folder / _PIXELS, len(faces["split"]))
        files.append(_PIXELS)
    _tell(rejected(samples) + left_out, folder / _REJECTED)
    manifest = {
        **settings,
        **_contents(samples, faces["subject"], faces["split"]),
        "rejected": _by_reason(left_out),
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


def note_limit(folder: Path, shards: Mapping[str, Any], limit: int | None) -> None:
    """Notes in `folder` how many samples of rendered shards are learnt from, where that is not all:
    they lie ready elsewhere. shards: their manifest.
    """
    if limit is None or limit >= shards["count"]:
        (folder / _MANIFEST).unlink(missing_ok=True)
        return
    folder.mkdir(parents=True, exist_ok=True)
    noted = {"source": shards["source"], "limit": limit}
    (folder / _MANIFEST).write_text(json.dumps(noted, indent=2) + "\n")


def limit_of(folder: Path) -> int | None:
    """What `note_limit` noted; None for all."""
    return read_manifest(folder)["limit"] if (folder / _MANIFEST).is_file() else None


def limits_of(prepared: Path) -> list[int]:
    """The limit that the folders below `prepared` were made with, or none."""
    manifests = (json.loads(path.read_text()) for path in prepared.rglob(_MANIFEST))
    return sorted({manifest["limit"] for manifest in manifests if "limit" in manifest})


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
    left_out: LeftOut


def _part(folder: Path, samples: Sequence[ImageSample], make: Make, key: str) -> _Part:
    """Made, or read where an earlier run left it."""
    file = folder / f"{key}.npz"
    if not file.is_file():
        left_out = LeftOut()
        arrays = make(samples, left_out) or {}
        folder.mkdir(parents=True, exist_ok=True)
        # Under its name only once it is whole.
        stored: Arrays = {**arrays, _LEFT_OUT: np.array(json.dumps(left_out))}
        np.savez(folder / "unfinished.npz", **stored)
        (folder / "unfinished.npz").rename(file)
    with np.load(file) as saved:
        labels = {name: saved[name] for name in saved.files if name != "pixels"}
        left_out = [(name, why) for name, why in json.loads(str(labels.pop(_LEFT_OUT)))]
        return _Part(file, labels, "pixels" in saved.files, left_out)


def _join_pixels(parts: Sequence[Path], out: Path, faces: int) -> None:
    """One part after the other: all together may be more than memory holds."""
    # Whoever still reads an older file keeps that one.
    unfinished, joined, row = out.with_stem("unfinished"), None, 0
    for file in parts:
        with np.load(file) as part:
            pixels = part["pixels"]
        if joined is None:
            shape = (faces, *pixels.shape[1:])
            joined = np.lib.format.open_memmap(
                unfinished, mode="w+", dtype=pixels.dtype, shape=shape
            )
        joined[row : row + len(pixels)] = pixels
        row += len(pixels)
    unfinished.replace(out)


def _tell(left_out: LeftOut, file: Path) -> None:
    """Every picture and the reason into the file, how many for each reason to the person."""
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows([("picture", "reason"), *left_out])
    for reason, count in _by_reason(left_out).items():
        print(f"{count} of no use, {reason}: see {file}", file=sys.stderr)


def _by_reason(left_out: LeftOut) -> dict[str, int]:
    return dict(Counter(reason for _, reason in left_out))


def _contents(
    samples: Sequence[ImageSample], subject: NDArray[np.str_], split: NDArray[np.str_]
) -> dict[str, Any]:
    sources = sorted({sample.source for sample in samples})
    return {
        "faces": len(split),
        "splits": dict(Counter(split.tolist())),
        "subjects": {part: len(np.unique(subject[split == part])) for part in np.unique(split)},
        "licences": {name: SOURCES[name].licence for name in sources if name in SOURCES},
        "rejected_by_the_loader": _by_reason(rejected(samples)),
    }


def _key(samples: Sequence[ImageSample], settings: Mapping[str, str | int]) -> str:
    """Changes with every label and setting, and with pictures of another length."""
    digest = hashlib.sha256(json.dumps(dict(settings), sort_keys=True).encode())
    for sample in samples:
        digest.update(f"{sample.path.name} {sample.subject} {sample.split}".encode())
        digest.update(f"{sample.path.stat().st_size if sample.path.is_file() else 0}".encode())
        for face in sample.faces:
            points = b"" if face.points_in_image is None else face.points_in_image.tobytes()
            rotation = b"" if face.rotation is None else face.rotation.tobytes()
            seen = b"" if face.seen is None else face.seen.tobytes()
            told = f"{face.box} {face.ignore} {sorted(face.tags.items())}".encode()
            digest.update(told + points + rotation + seen)
    return digest.hexdigest()


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
