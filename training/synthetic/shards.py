"""Writes samples with labels: files of a thousand, made by several processes, resumable.

The same renderer gives the same samples however many processes work and wherever it was stopped;
what the files hold says `training.synthetic.shard_files`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training.synthetic.columns import columns
from training.synthetic.label_fields import LABEL_FIELDS
from training.synthetic.labels import FaceLabel
from training.synthetic.shard_files import (
    LABEL_VERSION,
    PER_SHARD,
    SCHEMA_VERSION,
    images_path,
    labels_path,
    read_manifest,
)
from training.synthetic.workers import in_order

# What a folder must have in common with the call that goes on with it.
_SAME = ("series", "source", "quality")
_PACKAGES = ("numpy", "numba", "opencv-python-headless", "scipy")


class LabelledPicture(Protocol):
    """What is stored: image (size, size, 3) uint8 RGB, the label of its one face, tags."""

    @property
    def image(self) -> NDArray[np.uint8]: ...

    @property
    def label(self) -> FaceLabel: ...

    @property
    def tags(self) -> Mapping[str, str]: ...


def write_samples(
    open_renderer: Callable[[], Callable[[int], LabelledPicture]],
    series: Mapping[str, Any],
    facts: Mapping[str, Any],
    out: Path,
    count: int,
    workers: int = 1,
) -> Mapping[str, Any]:
    """Writes samples 0 .. count - 1 into `out`; complete shards are kept. Returns the manifest.

    open_renderer is called once in each process and gives sample `index` of the series. series:
    what decides the pictures; facts: what else the manifest says ("source", "edition", "terms");
    its "fields" replace those of LABEL_FIELDS. Raises ValueError when `out` holds another series,
    source or quality, or more than `count` samples; NotADirectoryError when it is a file.
    """
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{out} is a file: give a folder as --out")
    out.mkdir(parents=True, exist_ok=True)
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "count": count,
        "per_shard": PER_SHARD,
        "series": dict(series),
        **facts,
        "label_version": LABEL_VERSION,
        "fields": dict(LABEL_FIELDS) | dict(facts.get("fields", {})),
        "versions": {name: version(name) for name in _PACKAGES},
    }
    _check_same_series(out, manifest)
    _check_none_is_lost(out, count)
    text = json.dumps(manifest, indent=2) + "\n"
    _write(out / "manifest.json", lambda file: file.write(text.encode()))
    shards = [range(start, min(start + PER_SHARD, count)) for start in range(0, count, PER_SHARD)]
    missing = [indices for indices in shards if not _complete(out, indices)]
    wanted = [index for indices in missing for index in indices]
    samples = in_order(open_renderer, wanted, workers)
    with tqdm(total=count, initial=count - len(wanted), desc="render", unit="face") as bar:
        for indices in missing:
            shard = []
            for _ in indices:
                shard.append(next(samples))
                bar.update()
            _write_shard(out, shard, indices)
    return manifest


def _write_shard(out: Path, samples: Sequence[LabelledPicture], indices: range) -> None:
    arrays: dict[str, Any] = {"index": np.array(indices)}
    arrays |= columns([sample.label for sample in samples])
    arrays |= columns([{"tag": sample.tags} for sample in samples])
    pictures = np.stack([sample.image for sample in samples])
    # Pictures first: a shard whose labels are there is complete.
    _write(images_path(out, indices[0]), lambda file: np.save(file, pictures))
    _write(labels_path(out, indices[0]), lambda file: np.savez(file, **arrays))


def _complete(out: Path, indices: range) -> bool:
    """A file is written whole or not at all, but the last one of a smaller count is too short."""
    labels, images = labels_path(out, indices[0]), images_path(out, indices[0])
    if not (labels.is_file() and images.is_file()):
        return False
    pictures = np.load(images, mmap_mode="r")
    return _stored(labels) == len(pictures) == len(indices)


def _stored(labels: Path) -> int:
    with np.load(labels, allow_pickle=False) as arrays:
        return len(arrays["index"])


def _check_same_series(out: Path, manifest: Mapping[str, Any]) -> None:
    if not (out / "manifest.json").is_file():
        return
    found = read_manifest(out)
    wanted = json.loads(json.dumps(manifest))  # tuples are lists there
    for name in _SAME:
        if found.get(name) != wanted.get(name):
            raise ValueError(
                f"{out} holds another series ({name}: {found.get(name)}, not {wanted.get(name)}): "
                "choose an empty folder, or repeat its options to go on with it"
            )


def _check_none_is_lost(out: Path, count: int) -> None:
    """A smaller count would write its last shard anew, shorter, and leave out those after it."""
    starts = [int(path.stem.removeprefix("shard-")) * PER_SHARD for path in out.glob("shard-*.npz")]
    last = max(starts, default=0)
    if starts and count < (stored := last + _stored(labels_path(out, last))):
        raise ValueError(
            f"{out} holds {stored} samples already: choose another --out or a --count of at least "
            f"{stored}"
        )


def _write(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Writes a whole file or none."""
    unfinished = path.with_name(f"{path.name}.partial")
    with unfinished.open("wb") as file:
        write(file)
    unfinished.replace(path)
