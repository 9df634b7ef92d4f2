"""What a model card has to say about a data set, and which archive it comes in."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True, slots=True)
class Archive:
    """The file that a set is published as. sha256: 64 hexadecimal digits."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Provenance of one data set.

    edition: "free" where weights trained on it may be used for anything, "research" otherwise.
    folder: where it lies below --data, if not in a folder of its own name (two readings of one set
    share one). archive: what it is unpacked from, where a checksum of that is public.
    """

    name: str
    title: str
    licence: str
    edition: Literal["free", "research"]
    citation: str
    folder: str = ""
    archive: Archive | None = None


def verify_archive(root: Path, archive: Archive) -> None:
    """Compares the archive with its checksum if it still lies in `root`; most people delete it.

    ValueError when it is another file than the published one.
    """
    path = root / archive.name
    if not path.is_file():
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != archive.sha256:
        raise ValueError(
            f"{path} is not the published archive (sha256 {found}, expected {archive.sha256}): "
            "fetch it again, unpack it anew"
        )


def read_labels(root: Path) -> Mapping[str, Any]:
    """The arrays of `root/labels.npz`; FileNotFoundError says what is expected where."""
    path = root / "labels.npz"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: {root} must hold images/ and labels.npz")
    with np.load(path, allow_pickle=True) as labels:
        return {name: labels[name] for name in labels.files}
