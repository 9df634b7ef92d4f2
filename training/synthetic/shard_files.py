"""Rendered samples on disk, as `training.synthetic.shards` writes them; reading them needs no
renderer.

A folder holds `manifest.json`, `shard-00000.npy` ... with pictures (n, size, size, 3) uint8 RGB and
`shard-00000.npz` ... with `index` (n,), one array per field of FaceLabel ("eyes.openness") and one
per tag ("tag.glasses").
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCHEMA_VERSION = 1
PER_SHARD = 1000


def labels_path(folder: Path, index: int) -> Path:
    """The file with the labels of sample `index`."""
    return folder / f"shard-{index // PER_SHARD:05d}.npz"


def images_path(folder: Path, index: int) -> Path:
    """The file with the picture of sample `index`, at row `index % PER_SHARD`."""
    return labels_path(folder, index).with_suffix(".npy")


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """FileNotFoundError says which command makes a folder of renders; ValueError: other schema."""
    path = folder / "manifest.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: run `python -m training render --out {folder}`"
        )
    manifest: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if manifest["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"{path} has schema {manifest['schema_version']}, not {SCHEMA_VERSION}")
    return manifest


def read_shards(folder: Path) -> Iterator[Mapping[str, NDArray[Any]]]:
    """The arrays of each shard, pictures as "images", in order of index.

    Raises FileNotFoundError for a missing one.
    """
    manifest = read_manifest(folder)
    for start in range(0, manifest["count"], PER_SHARD):
        path = labels_path(folder, start)
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing: run the same `render` command again")
        with np.load(path, allow_pickle=False) as arrays:
            labels = {name: arrays[name] for name in arrays.files}
        yield {"images": np.load(images_path(folder, start)), **labels}
