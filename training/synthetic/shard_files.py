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
LABEL_VERSION = 1
"""Raised whenever a field changes its meaning; a new field does not raise it."""
PER_SHARD = 1000
_NEEDED = frozenset({"schema_version", "label_version", "count", "series", "source"})


def labels_path(folder: Path, index: int) -> Path:
    """The file with the labels of sample `index`."""
    return folder / f"shard-{index // PER_SHARD:05d}.npz"


def images_path(folder: Path, index: int) -> Path:
    """The file with the picture of sample `index`, at row `index % PER_SHARD`."""
    return labels_path(folder, index).with_suffix(".npy")


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """FileNotFoundError says which command makes a folder of renders; ValueError: a manifest of
    something else, or of another version of files or labels.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: run `python -m training render --out {folder}`"
        )
    try:
        manifest: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error}): render into another --out") from error
    if not isinstance(manifest, dict) or not manifest.keys() >= _NEEDED:
        raise ValueError(f"{path} is not of rendered samples: render into another --out")
    for name, known in (("schema_version", SCHEMA_VERSION), ("label_version", LABEL_VERSION)):
        if manifest[name] != known:
            raise ValueError(
                f"{path} has {name} {manifest[name]}, this program {known}: render the samples "
                "again into another --out"
            )
    return manifest


def samples_of(manifest: Mapping[str, Any], limit: int | None) -> int:
    """How many there are, or `limit` at most."""
    return min(manifest["count"], limit or manifest["count"])


def rendered_by(manifest: Mapping[str, Any]) -> str:
    """The options of `python -m training render` that make the same folder."""
    series = manifest["series"]
    names = {"seed": "seed", "size": "size", "margin": "margin", "backgrounds": "backgrounds"}
    names |= {"photographs": "profile"}
    told = {option: series.get(name) for name, option in names.items()}
    options = {"count": manifest["count"], **told}
    return " ".join(f"--{name} {value}" for name, value in options.items() if value is not None)


def read_shards(folder: Path, limit: int | None = None) -> Iterator[Mapping[str, NDArray[Any]]]:
    """The arrays of each shard, pictures as "images", in order of index. limit: the first that many
    samples, which are as good as any others; None for all.

    Raises FileNotFoundError for a missing one, ValueError for one that is not whole.
    """
    manifest = read_manifest(folder)
    wanted = samples_of(manifest, limit)
    for start in range(0, wanted, PER_SHARD):
        paths = labels_path(folder, start), images_path(folder, start)
        for path in paths:
            if not path.is_file():
                raise FileNotFoundError(f"{path} is missing: run the same `render` command again")
        with np.load(paths[0], allow_pickle=False) as arrays:
            labels = {name: arrays[name] for name in arrays.files}
        shard = {"images": np.load(paths[1]), **labels}
        expected = min(PER_SHARD, manifest["count"] - start)
        for path, found in zip(paths, (len(shard["index"]), len(shard["images"])), strict=True):
            if found != expected:
                raise ValueError(
                    f"{path} holds {found} samples, not {expected}: run the same `render` command "
                    "again"
                )
        yield {name: values[: wanted - start] for name, values in shard.items()}
